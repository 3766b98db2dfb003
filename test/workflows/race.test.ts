import { describe, expect, it, vi } from 'vitest';
import { decideSignal, decideUpdate } from '../../src/workflows/messages.js';
import { ORDINARY } from '../support/fake-activities.js';
import { devServerEnv } from '../support/environments.js';
import { decideBy, gate, startAsked, type StartedTask, useTasks } from '../support/tasks.js';

// Nothing cached: a next worker need not wait for the queue of the one that went.
const tasks = useTasks(devServerEnv, { maxCachedWorkflows: 0 });

const SHORT_MS = 4_000;

/** A waiting task of one rung whose worker is gone, so that what comes next meets the end of its time in one activation. */
async function withoutWorker(ttlMs = SHORT_MS): Promise<StartedTask> {
  const world = tasks.newWorld();
  world.ladders = { 1: { ...ORDINARY, roles: ['supervisor'], ttlMs } };
  const task = await startAsked(tasks, world);
  expect((await task.view()).state).toBe('PAUSED_PENDING_HUMAN');
  await tasks.stopWorker();
  return task;
}

/** Waits until the server has fired the rung's timer; nobody took notice yet if no worker runs. */
async function timeIsOver({ handle }: StartedTask): Promise<void> {
  const fired = async () =>
    (await handle.fetchHistory()).events?.some((event) => event.timerFiredEventAttributes != null);
  await vi.waitFor(async () => expect(await fired()).toBe(true), { timeout: 30_000, interval: 50 });
}

/** Waits until the server holds an update for the worker that is to come: one that is only on its way can come after the end. */
async function isAdmitted({ handle }: StartedTask, updateId: string): Promise<void> {
  const { connection, namespace = 'default' } = tasks.env();
  const workflowExecution = { workflowId: handle.workflowId };
  await vi.waitFor(
    () =>
      connection.workflowService.pollWorkflowExecutionUpdate({
        namespace,
        updateRef: { workflowExecution, updateId },
      }),
    { timeout: 30_000, interval: 20 },
  );
}

describe('a decision in the same activation as the end of its time', () => {
  it('wins when it was stored in time: by signal', async () => {
    const task = await withoutWorker();
    const decision = await task.world.decision('approve');
    await timeIsOver(task);
    await task.handle.signal(decideSignal, decision);
    await tasks.resumeWorker();
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
    expect(task.world.effects).toEqual(['1.1']);
    expect(task.world.facts()).toEqual(['responded', 'resumed', 'settled']);
  });

  it('wins when it was stored in time: by update, and is told so', async () => {
    const task = await withoutWorker();
    const decision = await task.world.decision('reject');
    await timeIsOver(task);
    const receipt = decideBy(task, decision);
    await isAdmitted(task, decision.id);
    await tasks.resumeWorker();
    expect(await receipt).toMatchObject({ applied: true });
    await task.handle.result();
    expect(await task.view()).toMatchObject({ branches: [{ outcome: { kind: 'rejected' } }] });
  });

  it('loses when it was stored too late, on record', async () => {
    const task = await withoutWorker();
    const late = Date.now() + 60_000;
    const decision = await task.world.decision('approve', { at: late, forge: true });
    await timeIsOver(task);
    await task.handle.signal(decideSignal, decision);
    await tasks.resumeWorker();
    await task.handle.result();
    expect(task.world.effects).toEqual([]);
    expect(task.world.journal.find(({ type }) => type === 'decision-refused')?.body).toMatchObject({
      code: 'too-late',
    });
    expect(task.world.facts()).toContain('timed-out');
  });
});

describe('while the store is asked whether the time is over', () => {
  it('a decision that is delivered meanwhile counts', async () => {
    const world = tasks.newWorld();
    world.ladders = { 1: { ...ORDINARY, roles: ['supervisor'], ttlMs: SHORT_MS } };
    const { passed: held, open: release } = gate();
    const answer = async () => {
      await held;
      return { kind: 'expired' } as const;
    };
    world.next('expire', answer);
    world.next('expire', answer);
    const task = await startAsked(tasks, world);
    const decision = await world.decision('approve');
    await timeIsOver(task);
    await vi.waitFor(() => expect(world.count('expire')).toBe(2), { timeout: 30_000 });
    expect(await task.handle.executeUpdate(decideUpdate, { args: [decision] })).toMatchObject({
      applied: true,
    });
    release();
    await task.handle.result();
    expect(world.effects).toEqual(['1.1']);
    expect(world.facts()).not.toContain('timed-out');
  });
});

describe('two decisions in one activation', () => {
  it('have one winner', async () => {
    const task = await withoutWorker(ORDINARY.ttlMs);
    const [approval, rejection] = [await task.world.decision('approve'), await task.world.decision('reject')];
    await task.handle.signal(decideSignal, approval);
    await task.handle.signal(decideSignal, rejection);
    await tasks.resumeWorker();
    await task.handle.result();
    expect(task.world.effects).toEqual(['1.1']);
    expect(task.world.journal.find(({ type }) => type === 'decision-refused')?.body).toMatchObject({
      decision: rejection.id,
      code: 'already-decided',
    });
  });
});
