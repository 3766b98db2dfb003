import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/contract/tool.js';
import { enterableFolder } from '../support/folder.js';
import { TENANT } from '../support/gate.js';
import { aSecret, startTarget, type TargetServer } from '../support/hook-target.js';
import { startRunning, type Running } from '../support/running.js';
import { waitFor } from '../support/wait.js';

const pay = defineTool({
  name: 'pay',
  version: '1',
  tier: 4,
  input: z.strictObject({ cents: z.int(), to: z.string() }),
  describe: (a) => `Pay ${a.cents} cents to ${a.to}`,
  impact: (a) => ({ money: { minor: a.cents, currency: 'USD' }, payee: a.to }),
  run: (a) => ({ paid: a.cents }),
});

let folder: string;
let desk: TargetServer;
let shop: TargetServer;
let running: Running;
beforeAll(async () => {
  [desk, shop] = [await startTarget(), await startTarget(aSecret(2))];
  folder = enterableFolder('countersign-hooks-');
  mkdirSync(folder, { recursive: true });
  for (const n of [1, 2, 3]) writeFileSync(join(folder, `secret-${n}`), aSecret(n));
  const here = { tenant: TENANT, allow_private: ['127.0.0.1'] };
  const hooks = {
    out: [
      {
        id: 'desk',
        url: desk.url,
        secret_files: ['secret-1'],
        events: ['asked', 'decided', 'executed'],
        ...here,
      },
      { id: 'shop', url: shop.url, secret_files: ['secret-2'], ...here },
    ],
    in: [{ id: 'chat', tenant: TENANT, secret_files: ['secret-3'], reviewers: { 'amira@chat': 'amira' } }],
  };
  writeFileSync(join(folder, 'hooks.json'), JSON.stringify(hooks));
  running = await startRunning({ tools: [pay], hooksFile: join(folder, 'hooks.json') });
});
afterAll(async () => {
  await running.stop();
  await Promise.all([desk.close(), shop.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const told = (server: TargetServer, task: string) =>
  server.received.map(({ event }) => event).filter(({ subject }) => subject.split(':')[0] === task);

/** What a chat bridge does: signs what one of its people said. */
async function send(body: object): Promise<Response> {
  const text = JSON.stringify(body);
  const [id, at] = ['msg_from_the_chat', new Date()];
  return fetch(`${running.url}/hooks/decisions`, {
    method: 'POST',
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(aSecret(3)).sign(id, at, text),
    },
    body: text,
  });
}

describe('web hooks of a whole installation', () => {
  it('tell of a question, take the decision, and call back once the task is closed', async () => {
    const service = await running.service();
    const task = 'called-back';
    const action = { tool: 'pay', args: { cents: 100, to: 'bob' } };
    await service.tasks.submit({ task, agent: 'bot', goal: 'Pay Bob', action, callback: 'shop' });
    const [asked] = await waitFor(() => (told(desk, task).length > 0 ? told(desk, task) : undefined));
    expect(asked).toMatchObject({ type: 'com.countersign.escalation.asked', data: { tier: 4, version: 1 } });
    const { version, digest } = await service.escalations.get(asked.data.escalation);
    const answer = await send({
      integration: 'chat',
      subject: 'amira@chat',
      escalation: asked.data.escalation,
      decision: 'approve',
      why: 'it is owed',
      version,
      digest,
    });
    expect([answer.status, await answer.json()]).toMatchObject([200, { applied: true }]);
    const [closed] = await waitFor(() => (told(shop, task).length > 0 ? told(shop, task) : undefined));
    expect(closed).toMatchObject({
      type: 'com.countersign.task.closed',
      subject: task,
      data: { task, state: 'COMPLETED', outcome: 'completed' },
    });
    expect(await service.tasks.result(task)).toMatchObject({
      state: 'COMPLETED',
      results: [{ result: { paid: 100 } }],
    });
    await waitFor(() => (told(desk, task).length === 3 ? true : undefined));
    expect(new Set(told(desk, task).map(({ type }) => type))).toEqual(
      new Set([
        'com.countersign.call.executed',
        'com.countersign.escalation.asked',
        'com.countersign.escalation.decided',
      ]),
    );
    expect(told(shop, task)).toHaveLength(1);
  });

  it('tell who has to be called back of a task that failed, and nobody of one without call-back', async () => {
    const service = await running.service();
    const action = { tool: 'pay', args: { cents: 100, to: 'bob' } };
    await service.tasks.submit({ task: 'quiet', agent: 'bot', action });
    await service.tasks.submit({ task: 'loud', agent: 'bot', action, callback: 'shop' });
    for (const task of ['quiet', 'loud']) await service.tasks.cancel(task, { why: 'not needed' });
    const [closed] = await waitFor(() => (told(shop, 'loud').length > 0 ? told(shop, 'loud') : undefined));
    expect(closed.data).toEqual({ task: 'loud', state: 'FAILED', outcome: 'cancelled' });
    await service.tasks.result('quiet', { waitSeconds: 20 });
    expect(await running.database.query("select 1 from hook_deliveries where target = 'shop'")).toEqual([]);
    expect(told(shop, 'quiet')).toEqual([]);
  });
});
