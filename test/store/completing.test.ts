import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conclude } from '../../src/activities/conclude.js';
import type { TaskId } from '../../src/domain/ids.js';
import { readJournal } from '../../src/store/journal.js';
import { findQuestion } from '../../src/store/questions.js';
import { findTask, requestCancel } from '../../src/store/tasks.js';
import { approved } from '../attacks/scene.js';
import { openGate, TENANT, type Gate } from '../support/gate.js';

let gate: Gate;
beforeAll(async () => {
  gate = await openGate();
});
afterAll(() => gate.close());

const PAY = { tool: 'pay', args: { cents: 100, to: 'bob' } };
const taskOf = (task: TaskId) => findTask(gate.database, TENANT, task);
const typesOf = async (task: TaskId) =>
  (await readJournal(gate.database, { tenant: TENANT, task, limit: 100 })).map(({ type }) => type);
const cancel = (task: TaskId) =>
  requestCancel(gate.database, { tenant: TENANT, task, by: 'rita', why: 'no' });
const concluded = (task: TaskId) =>
  conclude(gate.deps, {
    tenant: TENANT,
    task,
    runId: `run-${task}`,
    events: [],
    state: 'COMPLETED',
    reason: null,
    detail: '',
  });

/** Lets a call begin, does something meanwhile, and lets it end. */
async function during(task: TaskId, ids: Parameters<Gate['execute']>[1], work: () => Promise<unknown>) {
  const release = gate.hold();
  try {
    const running = gate.execute(task, ids, { completes: true });
    await expect.poll(() => gate.effects.some((effect) => effect.task === task)).toBe(true);
    await work();
    release();
    return await running;
  } finally {
    release();
  }
}

/** Seen to fail: a closing that looks at neither cancel nor halt, and one that closes whatever the call became. */
describe('a call that completes its task', () => {
  it('closes it in the transaction that records the result; concluding again changes nothing', async () => {
    const { task, id } = await approved(gate, 'completes', PAY);
    expect(await gate.execute(task, [id], { completes: true })).toMatchObject({
      kind: 'executed',
      closed: true,
    });
    // Seen to fail: closed as `permitted`, as if nobody had been asked.
    const asked = { tenant: TENANT, task, operation: 1, generation: 1, round: 1 };
    expect(await findQuestion(gate.database, asked)).toMatchObject({ closedAs: 'approve' });
    const closed = await taskOf(task);
    expect(closed).toMatchObject({ state: 'COMPLETED', reason: null });
    expect((await typesOf(task)).slice(-3)).toEqual(['call-claimed', 'call-executed', 'task-completed']);
    await concluded(task);
    expect(await taskOf(task)).toEqual(closed);
    expect((await typesOf(task)).filter((type) => type === 'task-completed')).toHaveLength(1);
    expect(await cancel(task)).toBe(false);
  });

  it('does not close what has other work left', async () => {
    const { task, id } = await approved(gate, 'goes-on', PAY);
    expect(await gate.execute(task, [id])).toEqual({ kind: 'executed', head: expect.anything() });
    expect(await taskOf(task)).toMatchObject({ closedAt: null });
  });

  it('comes after a cancel that was noted while it ran: the run ends the task', async () => {
    const { task, id } = await approved(gate, 'cancelled', PAY);
    const result = await during(task, [id], () => cancel(task));
    expect(result).toEqual({ kind: 'executed', head: expect.anything() });
    expect(await taskOf(task)).toMatchObject({ closedAt: null });
  });

  it('comes after a halt on the task that was set while it ran', async () => {
    const { task, id } = await approved(gate, 'halted', PAY);
    const result = await during(task, [id], () => gate.halt('task', task));
    expect(result).toEqual({ kind: 'executed', head: expect.anything() });
    expect(await taskOf(task)).toMatchObject({ closedAt: null });
  });
});
