import { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { fatal, ORDINARY } from '../support/fake-activities.js';
import { devServerEnv } from '../support/environments.js';
import {
  closing,
  decideBy,
  eventually,
  gate,
  startAsked,
  type StartedTask,
  useTasks,
} from '../support/tasks.js';

const tasks = useTasks(devServerEnv);

async function cancelled(task: StartedTask): Promise<void> {
  const error = await task.handle.result().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
}

describe('cancelling', () => {
  it('closes a waiting task as cancelled, in the store first', async () => {
    const task = await startAsked(tasks);
    await task.handle.cancel();
    await cancelled(task);
    expect(closing(task)).toEqual({ state: 'FAILED', reason: 'cancelled', detail: 'requested' });
    expect(task.world.facts()).toEqual(['failed']);
    expect((await task.view()).state).toBe('FAILED');
  });

  it('waits for a call under way, which ends as what it became', async () => {
    const world = tasks.newWorld();
    const { passed, open } = gate();
    world.next('execute', async () => {
      await passed;
      world.effects.push('1.1');
      return { kind: 'executed' };
    });
    const task = await startAsked(tasks, world);
    await decideBy(task, await world.decision('approve'));
    await eventually(() => expect(world.count('execute')).toBe(1));
    await task.handle.cancel();
    await eventually(async () => expect((await task.handle.describe()).historyLength).toBeGreaterThan(16));
    expect(world.count('conclude')).toBe(0);
    open();
    await cancelled(task);
    expect(await task.view()).toMatchObject({
      state: 'FAILED',
      branches: [{ outcome: { kind: 'executed' } }],
    });
    expect(world.count('conclude')).toBe(1);
  });

  it('does not wait for a planner', async () => {
    const world = tasks.newWorld();
    world.steps = [['issue_refund']];
    const { passed, open } = gate();
    world.next('plan', async () => {
      await passed;
      return { done: false, operations: [] };
    });
    const task = await tasks.start(world);
    await eventually(() => expect(world.count('plan')).toBe(1));
    await task.handle.cancel();
    await cancelled(task);
    open();
    expect(closing(task)).toMatchObject({ reason: 'cancelled' });
  });
});

/** Seen to fail: a run that concludes all the same, one that believes a cancel more than the store. */
describe('the call that completes a task', () => {
  it('closes it in the store itself: nothing is left to conclude or to tell', async () => {
    const world = tasks.newWorld();
    world.next('execute', ({ completes }) => {
      expect(completes).toBe(true);
      return { kind: 'executed', closed: true };
    });
    const task = await startAsked(tasks, world);
    await decideBy(task, await world.decision('approve'));
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
    expect([world.count('conclude'), world.count('record')]).toEqual([0, 0]);
    expect(world.facts()).toEqual(['responded', 'resumed']);
    expect(await task.view()).toMatchObject({
      state: 'COMPLETED',
      branches: [{ outcome: { kind: 'executed' } }],
    });
    const [history] = await tasks.runsOf(task);
    const events = history?.events ?? [];
    expect(events.filter((event) => event.workflowTaskStartedEventAttributes != null)).toHaveLength(3);
    expect(events.length).toBeLessThanOrEqual(21);
  });

  it('comes before a cancel that nobody told the store', async () => {
    const world = tasks.newWorld();
    const { passed, open } = gate();
    world.next('execute', async () => {
      await passed;
      return { kind: 'executed', closed: true };
    });
    const task = await startAsked(tasks, world);
    await decideBy(task, await world.decision('approve'));
    await eventually(() => expect(world.count('execute')).toBe(1));
    await task.handle.cancel();
    await eventually(async () => expect((await task.handle.describe()).historyLength).toBeGreaterThan(16));
    open();
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
    expect((await task.view()).state).toBe('COMPLETED');
  });

  it('is the last one of those under way, once the planner is done', async () => {
    const world = tasks.newWorld();
    world.steps = [['get_order', 'get_order']];
    world.ladders = { 1: null, 2: null };
    const task = await tasks.start(world);
    await task.handle.result();
    const told = world.calls
      .filter(({ name }) => name === 'execute')
      .map(({ input }) => 'completes' in input);
    expect(told).toEqual([false, false]); // the planner had yet to say that it is done
    expect(world.count('conclude')).toBe(1);
  });
});

describe('a fault', () => {
  it.each(['plan', 'ask', 'execute'] as const)(
    'of %s fails the task as error, and closes it',
    async (name) => {
      const world = tasks.newWorld();
      world.steps = [['get_order']];
      world.ladders = { 1: null };
      world.next(name, () => {
        throw fatal('config');
      });
      const task = await tasks.start(world);
      expect(await task.handle.result()).toEqual({ state: 'FAILED', reason: 'error' });
      expect(closing(task)).toEqual({ state: 'FAILED', reason: 'error', detail: 'config' });
    },
  );

  it('of ours is only waited for', async () => {
    const world = tasks.newWorld();
    for (let turn = 0; turn < 5; turn += 1) {
      world.next('ask', () => {
        throw new Error('no database');
      });
    }
    const task = await startAsked(tasks, world);
    await decideBy(task, await world.decision('approve'));
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
    expect(world.count('ask')).toBe(6);
  });

  it('of an answer that does not fit ends the task instead of turning round for ever', async () => {
    const world = tasks.newWorld();
    world.next('ask', () => ({ kind: 'permitted', tier: 1 }));
    world.next('execute', () => ({ kind: 'refused', reason: 'drift' }));
    world.next('ask', () => ({ kind: 'permitted', tier: 1 }));
    const task = await tasks.start(world);
    expect(await task.handle.result()).toEqual({ state: 'FAILED', reason: 'error' });
    expect(closing(task)).toMatchObject({ detail: 'internal' });
  });

  it('of a voided operation is said by its name', async () => {
    const world = tasks.newWorld();
    world.ladders = { 1: null };
    world.next('execute', () => ({ kind: 'voided' }));
    const task = await tasks.start(world);
    expect(await task.handle.result()).toEqual({ state: 'FAILED', reason: 'error' });
    expect(closing(task)).toMatchObject({ detail: 'voided' });
  });
});

describe('a branch that fails', () => {
  it('takes the waiting ones with it and lets a call under way end', async () => {
    const world = tasks.newWorld();
    world.steps = [['issue_refund', 'issue_refund', 'get_order']];
    world.ladders = { 2: { ...ORDINARY, roles: ['supervisor'], ttlMs: 1_500, fallback: 'fail' }, 3: null };
    const { passed, open } = gate();
    world.next('execute', async () => {
      await passed;
      return { kind: 'executed' };
    });
    const task = await tasks.start(world);
    await eventually(() => expect(world.facts(1)).toEqual([]));
    await eventually(async () => expect((await task.view()).branches[0]?.status).toBe('FAILED'));
    expect((await task.view()).branches[2]?.status).toBe('RESUMING');
    expect(world.count('conclude')).toBe(0);
    open();
    expect(await task.handle.result()).toEqual({ state: 'FAILED', reason: 'fallback' });
    expect((await task.view()).branches.map((branch) => branch.status)).toEqual([
      'FAILED',
      'FAILED',
      'SETTLED',
    ]);
  });
});
