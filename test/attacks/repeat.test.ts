import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActivityDeps } from '../../src/activities/ports.js';
import { GRACE_MS } from '../../src/contract/repeat.js';
import { defineTool, ToolFailure, type Tool } from '../../src/contract/tool.js';
import type { DecisionId, TaskId } from '../../src/domain/ids.js';
import { callsOf } from '../../src/store/ledger.js';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';
import { waitFor } from '../support/wait.js';
import { approved, executeWith } from './scene.js';

/** A bank that honours keys; what it did shows in its fingerprint. */
const bank = { transfers: new Map<string, unknown>(), calls: 0 };
const schema = z.strictObject({ cents: z.int(), to: z.string() });
const transfer = defineTool({
  name: 'transfer',
  version: '1',
  tier: 4,
  input: schema,
  describe: (a) => `Transfer ${a.cents} to ${a.to}`,
  fingerprint: () => `${bank.transfers.size} transfers`,
  idempotency: { keyLifetime: '24h' },
  timeout: '1s',
  run: (a, { idempotencyKey }) => {
    bank.calls += 1;
    if (!bank.transfers.has(idempotencyKey)) bank.transfers.set(idempotencyKey, a);
    return { ok: true };
  },
});
const TRANSFER = { tool: 'transfer', args: { cents: 5, to: 'bob' } };

let gate: Gate;
beforeAll(async () => {
  gate = await openGate({
    policy: POLICY.replace('[pay, note, look]', '[pay, note, look, transfer]'),
    tools: [transfer],
  });
});
afterAll(() => gate.close());

class Crash extends Error {}

/** A worker that dies at a point: nothing after it is done. */
const dyingAt = (point: 'claimed' | 'called'): ActivityDeps => ({
  ...gate.deps,
  point: (name) => (name === point ? Promise.reject(new Crash()) : Promise.resolve()),
});

/** A first attempt that died, and the moment when it must be over. */
async function dead(name: string, point: 'claimed' | 'called'): Promise<{ task: TaskId; id: DecisionId }> {
  const { task, id } = await approved(gate, name, TRANSFER);
  await expect(executeWith(dyingAt(point), task, { decisions: [id] })).rejects.toBeInstanceOf(Crash);
  await expect(gate.execute(task, [id])).rejects.toMatchObject({ type: 'in-flight' });
  const [call] = await callsOf(gate.database, TENANT, task);
  await waitFor(async () =>
    (await gate.database.now()) > (call?.callBy ?? 0) + GRACE_MS ? true : undefined,
  );
  return { task, id };
}

const rowOf = async (task: TaskId) => (await callsOf(gate.database, TENANT, task))[0];

describe('a second attempt at a call whose first one died (defects 13 and 16)', () => {
  // Seen to fail: a repeat that is given back for drift: the ledger says `open`, and the transfer has happened.
  it('calls again with the same key, although the first attempt changed the world', async () => {
    const before = bank.calls;
    const { task, id } = await dead('again', 'called');
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'executed' });
    expect(bank.calls).toBe(before + 2);
    expect([...bank.transfers.values()].filter((made) => (made as { to: string }).to === 'bob')).toHaveLength(
      bank.transfers.size,
    );
    expect(await rowOf(task)).toMatchObject({ status: 'done', attempt: 2 });
  });

  // Seen to fail: a repeat that keeps the grant of the first attempt without comparing what was granted.
  it.each([
    ['with other arguments in the ledger (case 28)', `args = '{"cents":5,"to":"mallory"}'`, undefined],
    ['with another version of the tool (case 29)', undefined, { version: '2' }],
  ])('calls nothing %s: nobody knows what became of the first', async (name, columns, change) => {
    const { task, id } = await dead(`changed-${columns === undefined ? 'tool' : 'arguments'}`, 'claimed');
    if (columns)
      await gate.database.query(`update ledger set ${columns} where tenant = $1 and task = $2`, [
        TENANT,
        task,
      ]);
    const tools = new Map([...gate.deps.tools, ['transfer', { ...transfer, ...change } as Tool]]);
    const before = bank.calls;
    const result = await executeWith({ ...gate.deps, tools }, task, { decisions: [id] });
    expect(bank.calls, name).toBe(before);
    expect(result).toMatchObject({ kind: 'refused', reason: 'unknown' });
    expect(await rowOf(task)).toMatchObject({ status: 'unknown' });
  });

  // Seen to fail: a failure of the repeat taken for the call's (the first attempt has transferred).
  it('that says it failed proves nothing about the first: unknown, never failed', async () => {
    const { task, id } = await dead('refusing', 'called');
    const refusing: Tool = {
      ...transfer,
      run: () => Promise.reject(new ToolFailure('closed', 'come again')),
    };
    const tools = new Map([...gate.deps.tools, ['transfer', refusing]]);
    await expect(executeWith({ ...gate.deps, tools }, task, { decisions: [id] })).rejects.toMatchObject({
      type: 'in-flight',
    });
    await gate.database.query('update ledger set attempt = 5, call_by = 0 where task = $1', [task]);
    expect(await executeWith({ ...gate.deps, tools }, task, { decisions: [id] })).toMatchObject({
      kind: 'refused',
      reason: 'unknown',
    });
    expect(await rowOf(task)).toMatchObject({ status: 'unknown' });
  });

  it('calls nothing under a halt: unknown (case 63)', async () => {
    const { task, id } = await dead('halted', 'claimed');
    await gate.halt('task', task);
    const before = bank.calls;
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'refused', reason: 'unknown' });
    expect(bank.calls).toBe(before);
    expect(await rowOf(task)).toMatchObject({ status: 'unknown' });
  });
});

/** Seen to fail: `isGenuine` of the resolution answering true. */
describe('what became of an unknown call is for a person to say', () => {
  async function unknown(name: string): Promise<TaskId> {
    const { task, id } = await dead(name, 'claimed');
    await gate.database.query('update ledger set first_called_at = 0 where tenant = $1 and task = $2', [
      TENANT,
      task,
    ]); // the key's lifetime is over
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'refused', reason: 'unknown' });
    expect(await gate.ask(task, { round: 2, reason: 'unknown' })).toMatchObject({
      kind: 'asked',
      question: { kind: 'resolution' },
    });
    return task;
  }
  const resolution = (task: TaskId, decision: DecisionId, as: 'happened' | 'not-happened' | 'leave') =>
    executeWith(gate.deps, task, { round: 2, resolution: { decision, as } });

  // Seen to fail: a finding settled before the halt is looked at; an open call that runs on whatever was found out.
  it('under a halt that it may run changes nothing, and later words do not make it run', async () => {
    const task = await unknown('found-under-a-halt');
    const id = await gate.decide(task, 'joon', { decision: 'resolve', resolution: 'not-happened' });
    const before = bank.calls;
    await gate.halt('task', task, 'halt-of-a-finding');
    expect(await resolution(task, id, 'not-happened')).toMatchObject({ kind: 'halted' });
    expect(await rowOf(task)).toMatchObject({ status: 'unknown' });
    await gate.database.query("update ledger set status = 'open' where task = $1", [task]);
    await gate.database.query("update halts set lifted_at = 1 where id = 'halt-of-a-finding'");
    for (const as of ['happened', 'leave'] as const)
      expect(await resolution(task, id, as)).toMatchObject({ kind: 'refused', reason: 'unverified' });
    expect(bank.calls).toBe(before);
  });

  it('a forged one settles nothing', async () => {
    const task = await unknown('forged');
    const id = await gate.decide(task, 'joon', { decision: 'resolve', resolution: 'happened' });
    await gate.database.query("update decisions set jws = 'forged' where id = $1", [id]);
    expect(await resolution(task, id, 'happened')).toMatchObject({ kind: 'refused', reason: 'unknown' });
    expect(await resolution(task, 'made-up' as DecisionId, 'leave')).toMatchObject({
      kind: 'refused',
      reason: 'unknown',
    });
    expect(await rowOf(task)).toMatchObject({ status: 'unknown' });
  });

  it('a genuine one settles as it says, and as nothing else', async () => {
    const task = await unknown('other');
    const id = await gate.decide(task, 'joon', { decision: 'resolve', resolution: 'leave' });
    expect(await resolution(task, id, 'not-happened')).toMatchObject({ kind: 'refused', reason: 'unknown' });
    const before = bank.calls;
    expect(await resolution(task, id, 'leave')).toMatchObject({ kind: 'left', decision: id });
    // A run that was reset goes by what let the call run, and hears whose word it was.
    expect(await gate.execute(task, [])).toMatchObject({ kind: 'left', decision: id });
    expect(bank.calls).toBe(before);
  });

  it('one about another task settles nothing (defect 9)', async () => {
    const [one, two] = [await unknown('one'), await unknown('two')];
    const id = await gate.decide(one, 'joon', { decision: 'resolve', resolution: 'happened' });
    expect(await resolution(two, id, 'happened')).toMatchObject({ kind: 'refused', reason: 'unknown' });
    expect(await rowOf(two)).toMatchObject({ status: 'unknown' });
  });
});
