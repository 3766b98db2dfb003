import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TaskId } from '../../src/domain/ids.js';
import { callsOf } from '../../src/store/ledger.js';
import { heldByDatabase, heldByTemporal } from '../attacks/held.js';
import { openLive, type Live } from '../attacks/live.js';
import { enterableFolder } from '../support/folder.js';
import { POLICY, TENANT } from '../support/gate.js';
import { calls, done, raw, startModelServer, type ModelServer } from '../support/model-server.js';

const KEY = 'sk-planted-key-4721';
const folder = enterableFolder('countersign-model-');
const keyFile = join(folder, 'key');
const logged: unknown[] = [];

let live: Live;
let server: ModelServer;
beforeAll(async () => {
  writeFileSync(keyFile, `${KEY}\n`);
  server = await startModelServer();
  const model = { url: server.url, name: 'tiny', keyFile };
  live = await openLive({ worker: false, model, policy: POLICY });
  await live.running.startWorker({ log: (...line) => void logged.push(line) });
});
afterAll(async () => {
  await live.stop();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const submit = (task: string) => live.submit(task, { planner: { name: 'model' } });
const BOB = { cents: 100, to: 'bob' };

/** What the model was told last of the call before, with that call's arguments. */
function lastTold(): { readonly args: unknown; readonly became: unknown } {
  const [call, answer] = server.requests.at(-1)?.body.messages.slice(-2) ?? [];
  const args = call?.tool_calls?.[0]?.function.arguments ?? 'null';
  return { args: JSON.parse(args), became: JSON.parse(answer?.content ?? 'null') };
}

/** The key is in one header of each request and in nothing that anybody keeps. */
async function expectNoKey(task: string): Promise<void> {
  const service = await live.running.service();
  const places = {
    database: await heldByDatabase(live),
    temporal: await heldByTemporal(live, task),
    journal: JSON.stringify(await live.journal(task)),
    answers: JSON.stringify([await service.tasks.get(task), await service.tasks.result(task)]),
    logs: JSON.stringify(logged),
    requests: JSON.stringify(server.requests.map(({ body, path }) => [body, path])),
  };
  for (const [place, text] of Object.entries(places)) expect(text.includes(KEY), place).toBe(false);
  expect(places.temporal).toContain(task);
  expect(places.database).toContain(task);
  for (const { headers } of server.requests) expect(headers.authorization).toBe(`Bearer ${KEY}`);
}

/** Seen to fail, each: the key in an error's message; no `edited` in what a planner is told; no nextRetryDelay (asked again at once). */
describe('a task whose planner is a model', () => {
  it('hears why a person rejected its call, plans anew, and what was approved runs once', async () => {
    server.say(calls(['pay', BOB]), calls(['pay', { ...BOB, cents: 50 }]), done());
    await submit('model-replans');
    expect((await live.asked('model-replans')).brief.agentText).toBe('so be it');
    await live.decide('model-replans', { decision: 'reject', why: 'half of it is owed' });
    expect((await live.asked('model-replans', 1, 2)).brief.proposal).toBe('Pay 50 cents to bob');
    expect(lastTold()).toEqual({ args: BOB, became: { rejected: 'half of it is owed' } });
    await live.decide('model-replans', {}, { operation: 2 });
    expect(await live.end('model-replans')).toMatchObject({
      state: 'COMPLETED',
      results: [{ outcome: 'rejected' }, { outcome: 'executed' }],
    });
    expect(lastTold()).toMatchObject({ became: { result: { ok: true } } });
    expect(live.paidIn('model-replans').map((paid) => paid.cents)).toEqual([50]);
    const [call] = await callsOf(live.running.database, TENANT, 'model-replans' as TaskId); // a valid name
    expect(call?.readings).toEqual({ tokens: 120 });
    await expectNoKey('model-replans');
  });

  it('is shown the arguments that ran, when a person changed them', async () => {
    server.say(calls(['pay', BOB]), done());
    await submit('model-edited');
    await live.decide('model-edited', { decision: 'edit', edits: { cents: 60, to: 'bob' } });
    await live.decide('model-edited', {}, { subject: 'joon', round: 2 });
    await live.end('model-edited');
    expect(lastTold()).toMatchObject({
      args: { cents: 60, to: 'bob' },
      became: { result: { ok: true }, note: expect.stringContaining('a person changed') as string },
    });
  });

  it('waits as long as the endpoint asks for, and goes on', async () => {
    const at: number[] = [];
    const noting =
      (reply: ReturnType<typeof done>): ReturnType<typeof done> =>
      (response, request) => {
        at.push(performance.now());
        reply(response, request);
      };
    server.say(noting(raw(429, `{"error":{"message":"${KEY}"}}`, { 'retry-after': '3' })), noting(done()));
    await submit('model-busy');
    expect(await live.end('model-busy')).toMatchObject({ state: 'COMPLETED' });
    expect(at).toHaveLength(2);
    expect(at[1]! - at[0]!).toBeGreaterThan(2_900);
    await expectNoKey('model-busy');
  });

  it('asks a person when the model writes nothing but malformed calls, and goes on with the answer', async () => {
    const task = 'model-malformed';
    server.say(
      calls(['pay', '{"cents":']),
      calls(['pay', '{"cents":']),
      calls(['pay', '{}']),
      calls(['pay', '[]']),
      done(),
    );
    const before = server.requests.length;
    await submit(task);
    const question = await live.asked(task);
    expect(question.brief).toMatchObject({
      agentQuestion: expect.stringContaining('I could not write a call') as string,
      flags: expect.arrayContaining(['uninspectable']) as string[],
    });
    await live.decide(task, { decision: 'respond', answer: 'Leave it: nothing is owed.' });
    expect(await live.end(task)).toMatchObject({ state: 'COMPLETED', results: [{ outcome: 'answered' }] });
    expect(server.requests.length - before).toBe(5);
    const told = server.requests.at(-1)?.body.messages.at(-1);
    expect(JSON.parse(told?.content ?? '')).toEqual({ answer: 'Leave it: nothing is owed.' });
    expect(live.paidIn(task)).toEqual([]);
    await expectNoKey(task);
  });

  it('fails for good with a wrong key, and lies on the desk of the agent’s owner', async () => {
    const task = 'model-wrong-key';
    server.say(raw(401, `{"error":{"message":"${KEY} is wrong"}}`));
    const before = server.requests.length;
    await submit(task);
    expect(await live.end(task)).toMatchObject({ state: 'FAILED', reason: 'error', detail: 'config' });
    expect(server.requests.length - before).toBe(1);
    expect((await live.journal(task)).map((entry) => entry.type)).toContain('hand-over-opened');
    expect(live.paidIn(task)).toEqual([]);
    expect(JSON.stringify(logged)).toContain('activity-failed');
    expect(await heldByTemporal(live, task)).toMatch(/answered 401: check the key/);
    await expectNoKey(task);
  });
});
