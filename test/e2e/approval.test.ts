import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineTool } from '../../src/contract/tool.js';
import type { TaskId } from '../../src/domain/ids.js';
import { startRunning, type Running } from '../support/running.js';
import { waitFor } from '../support/wait.js';

const effects: { key: string; task: string; cents: number }[] = [];
const pay = defineTool({
  name: 'pay',
  version: '1',
  tier: 4,
  input: z.strictObject({ cents: z.int(), to: z.string() }),
  describe: (a) => `Pay ${a.cents} cents to ${a.to}`,
  impact: (a) => ({ money: { minor: a.cents, currency: 'USD' }, payee: a.to }),
  run: (a, { idempotencyKey, task }) => {
    effects.push({ key: idempotencyKey, task, cents: a.cents });
    return { paid: a.cents };
  },
});

const effectsOf = (task: string) =>
  effects.filter((effect) => effect.task === task).map((effect) => effect.cents);

let running: Running;
beforeAll(async () => {
  running = await startRunning({ tools: [pay] });
});
afterAll(() => running.stop());

describe('a task over HTTP, Temporal and Postgres', () => {
  it('asks the right person, and runs what was approved once', async () => {
    const service = await running.service();
    const amira = await running.as('amira');
    const task = 'e2e-1' as TaskId; // a valid name
    await service.tasks.submit({
      task,
      agent: 'bot',
      goal: 'Pay Bob',
      action: { tool: 'pay', args: { cents: 100, to: 'bob' } },
    });
    const item = await waitFor(async () => (await amira.escalations.list()).escalations[0]);
    const shown = await amira.escalations.get(item.escalation);
    expect(shown.brief.proposal).toBe('Pay 100 cents to bob');
    const receipt = await amira.escalations.decide(item.escalation, {
      decision: 'approve',
      why: 'it is owed',
      version: shown.version,
      digest: shown.digest,
    });
    expect(receipt).toMatchObject({ applied: true, state: 'RESUMING' });
    const result = await service.tasks.result(task, { waitSeconds: 20 });
    expect(result).toMatchObject({ state: 'COMPLETED' });
    expect(effectsOf(task)).toEqual([100]);
  });

  it('waits as halted, and asks anew when the halt is lifted by another role', async () => {
    const service = await running.service();
    const [amira, ruth] = [await running.as('amira'), await running.as('ruth')];
    const task = 'e2e-2' as TaskId; // a valid name
    await service.tasks.submit({
      task,
      agent: 'bot',
      goal: 'Pay Bob',
      action: { tool: 'pay', args: { cents: 200, to: 'bob' } },
    });
    const first = await waitFor(async () =>
      (await amira.escalations.list()).escalations.find((item) => item.task === task),
    );
    const halt = await ruth.halts.set({ scope: 'agent', target: 'bot', why: 'something is off' });
    const before = await amira.escalations.get(first.escalation);
    const decision = {
      decision: 'approve',
      why: 'it is owed',
      version: before.version,
      digest: before.digest,
    } as const;
    await expect(amira.escalations.decide(first.escalation, decision)).rejects.toMatchObject({
      code: 'halted',
    });
    await expect(ruth.halts.lift(halt.halt, { why: 'mine' })).rejects.toMatchObject({ code: 'forbidden' });
    await amira.halts.lift(halt.halt, { why: 'it was a drill' });
    const again = await waitFor(async () => {
      const seen = await amira.escalations.get(first.escalation);
      return seen.version > before.version ? seen : undefined;
    });
    expect(again.brief.reason).toContain('halt');
    const approved = { ...decision, version: again.version, digest: again.digest };
    await amira.escalations.decide(first.escalation, approved);
    expect(await service.tasks.result(task, { waitSeconds: 20 })).toMatchObject({ state: 'COMPLETED' });
    expect(effectsOf(task)).toEqual([200]);
  });

  it('runs as it was edited by somebody else than the approver', async () => {
    const service = await running.service();
    const [amira, joon] = [await running.as('amira'), await running.as('joon')];
    const task = 'e2e-3' as TaskId; // a valid name
    await service.tasks.submit({
      task,
      agent: 'bot',
      goal: 'Pay Bob',
      action: { tool: 'pay', args: { cents: 300, to: 'bob' } },
    });
    const item = await waitFor(async () =>
      (await amira.escalations.list()).escalations.find((each) => each.task === task),
    );
    const { version, digest } = await amira.escalations.get(item.escalation);
    await amira.escalations.decide(item.escalation, {
      decision: 'edit',
      why: 'half',
      version,
      digest,
      edits: { cents: 150, to: 'bob' },
    });
    const again = await waitFor(async () => {
      const seen = await joon.escalations.get(item.escalation);
      return seen.version > version ? seen : undefined;
    });
    const approval = {
      decision: 'approve',
      why: 'half is fair',
      version: again.version,
      digest: again.digest,
    } as const;
    await expect(amira.escalations.decide(item.escalation, approval)).rejects.toMatchObject({
      code: 'forbidden',
    });
    await joon.escalations.decide(item.escalation, approval);
    expect(await service.tasks.result(task, { waitSeconds: 20 })).toMatchObject({ state: 'COMPLETED' });
    expect(effectsOf(task)).toEqual([150]);
  });
});
