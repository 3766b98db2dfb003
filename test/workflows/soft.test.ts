import { describe, expect, it } from 'vitest';
import { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import type { HaltId } from '../../src/domain/ids.js';
import { haltUpdate } from '../../src/workflows/messages.js';
import { fatal, type FakeWorld } from '../support/fake-activities.js';
import { devServerEnv } from '../support/environments.js';
import {
  closing,
  decideBy,
  eventually,
  gate,
  refusalOf,
  useTasks,
  type StartedTask,
} from '../support/tasks.js';

const tasks = useTasks(devServerEnv);
const HOUR = 3_600_000;
const H1 = 'h1' as HaltId; // test data

/** A task whose one call ran and can be confirmed for so long. */
async function acted(windowMs = HOUR, world: FakeWorld = tasks.newWorld()): Promise<StartedTask> {
  world.windows = { ...world.windows, 1: windowMs };
  const ran = world.answered('execute', ({ operation }) => operation === 1);
  const task = await tasks.start(world);
  await ran;
  await eventually(async () => {
    const { branches } = await task.view();
    expect(branches[0]).toMatchObject({ question: { kind: 'confirmation' } });
  });
  return task;
}

describe('a soft call', () => {
  it('has run when people are asked, and stays when one confirms it', async () => {
    const task = await acted();
    expect(task.world.effects).toEqual(['1.1']);
    expect(await task.view()).toMatchObject({ state: 'PAUSED_PENDING_HUMAN' });
    const decision = await task.world.decision('approve');
    expect(await decideBy(task, decision)).toMatchObject({ state: 'HUMAN_RESPONDED' });
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
    expect(task.world.effects).toEqual(['1.1']);
    expect(await task.view()).toMatchObject({
      branches: [{ outcome: { kind: 'confirmed', decision: decision.id } }],
    });
  });

  it('is undone at once when a person rejects it', async () => {
    const task = await acted();
    await decideBy(task, await task.world.decision('reject'));
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
    expect(task.world.effects).toEqual(['1.1', 'undo 1.1']);
    expect(await task.view()).toMatchObject({ branches: [{ outcome: { kind: 'undone' } }] });
  });

  it("is undone by silence, at the window's end and not before", async () => {
    const task = await acted(1_500);
    expect(task.world.effects).toEqual(['1.1']);
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
    expect(task.world.effects).toEqual(['1.1', 'undo 1.1']);
    expect(task.world.facts()).toEqual(['timed-out', 'resumed', 'settled']);
    expect(task.world.count('expire')).toBeGreaterThan(0);
  });

  it('does not stay on a forged confirmation', async () => {
    const task = await acted(1_500);
    await decideBy(task, await task.world.decision('approve', { forge: true }));
    await task.handle.result();
    expect(task.world.effects).toEqual(['1.1', 'undo 1.1']);
  });

  it('takes no edit, no answer and no taking over', async () => {
    const task = await acted();
    for (const verb of ['edit', 'respond', 'take-over', 'resolve'] as const)
      expect(await refusalOf(decideBy(task, await task.world.decision(verb)))).toBe('conflict');
    await decideBy(task, await task.world.decision('approve'));
    await task.handle.result();
  });

  it('keeps what depends on it waiting: nothing is planned in the window, and what runs beside it goes on', async () => {
    const world = tasks.newWorld();
    world.steps = [['draft', 'note'], ['reply']];
    world.ladders = { 2: null, 3: null };
    const beside = world.answered('execute', ({ operation }) => operation === 2);
    const task = await acted(HOUR, world);
    await beside;
    expect(world.count('plan')).toBe(1);
    expect(world.effects.toSorted()).toEqual(['1.1', '2.1']);
    await decideBy(task, await world.decision('approve'));
    await task.handle.result();
    expect(world.effects.toSorted()).toEqual(['1.1', '2.1', '3.1']);
  });
});

it('hears a confirmation that is faster than the news that the call ran', async () => {
  const world = tasks.newWorld();
  world.windows = { 1: HOUR };
  const { passed, open } = gate();
  const ran = new Promise<void>((recorded) =>
    world.next('execute', async (input) => {
      const answer = await world.act(input);
      recorded();
      await passed;
      return answer;
    }),
  );
  const task = await tasks.start(world);
  await ran;
  const early = await world.decision('approve');
  expect(await decideBy(task, early)).toEqual({ applied: false, pending: true });
  open();
  expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
  expect(world.effects).toEqual(['1.1']);
});

describe('an undo that fails', () => {
  const failing = async () => {
    const world = tasks.newWorld();
    world.next('undo', () => ({ kind: 'failed' }));
    const task = await acted(HOUR, world);
    const asked = world.answered('ask', ({ reason }) => reason === 'undo-failed');
    await decideBy(task, await world.decision('reject'));
    await asked;
    return task;
  };

  it('is a question of its own: undo again', async () => {
    const task = await failing();
    await decideBy(task, await task.world.decision('resolve', { resolution: 'not-happened' }));
    await task.handle.result();
    expect(task.world.effects).toEqual(['1.1', 'undo 1.1']);
    expect(await task.view()).toMatchObject({ branches: [{ outcome: { kind: 'undone' } }] });
  });

  it('is settled by hand', async () => {
    const task = await failing();
    await decideBy(task, await task.world.decision('resolve', { resolution: 'happened' }));
    await task.handle.result();
    expect(task.world.effects).toEqual(['1.1']);
    expect(await task.view()).toMatchObject({ branches: [{ outcome: { kind: 'undone' } }] });
  });

  it('stands when a person leaves it so', async () => {
    const task = await failing();
    await decideBy(task, await task.world.decision('resolve', { resolution: 'leave' }));
    await task.handle.result();
    expect(await task.view()).toMatchObject({ branches: [{ outcome: { kind: 'confirmed' } }] });
  });
});

describe('a task that ends in the window', () => {
  it('undoes first when it is cancelled', async () => {
    const task = await acted();
    await task.handle.cancel();
    const ended = await task.handle.result().catch((error: unknown) => error);
    expect(ended).toBeInstanceOf(WorkflowFailedError);
    expect(ended).toHaveProperty('cause', expect.any(CancelledFailure));
    // Seen to fail: without the scope that a cancellation does not reach, the call stayed.
    expect(task.world.effects).toEqual(['1.1', 'undo 1.1']);
    expect(closing(task)).toMatchObject({ state: 'FAILED', reason: 'cancelled' });
    expect(await task.view()).toMatchObject({ branches: [{ outcome: { kind: 'undone' } }] });
  });

  it('undoes first when it is halted', async () => {
    const task = await acted();
    task.world.halts = [{ halt: H1, scope: 'task' }];
    await task.handle.executeUpdate(haltUpdate, { args: [{ halt: H1, jws: '' }] });
    expect(await task.handle.result()).toEqual({ state: 'FAILED', reason: 'halted' });
    expect(task.world.effects).toEqual(['1.1', 'undo 1.1']);
  });

  it('undoes first when another branch fails it', async () => {
    const world = tasks.newWorld();
    world.steps = [['draft', 'break']];
    const task = await acted(HOUR, world);
    world.next('verify', () => {
      throw fatal('internal');
    });
    await decideBy(task, await world.decision('reject', { operation: 2 }));
    expect(await task.handle.result()).toEqual({ state: 'FAILED', reason: 'error' });
    expect(world.effects).toEqual(['1.1', 'undo 1.1']);
  });

  it('ends all the same when the undo fails, and says so', async () => {
    const task = await acted();
    task.world.next('undo', () => ({ kind: 'failed' }));
    await task.handle.cancel();
    await task.handle.result().catch(() => undefined);
    expect(task.world.effects).toEqual(['1.1']);
    expect(task.world.facts()).toContain('reasked');
    expect(await task.view()).toMatchObject({ branches: [{ status: 'FAILED', reason: 'cancelled' }] });
  });
});

describe('an activity that fails for good in the window', () => {
  it.each([
    ['expire', 1_000, false],
    ['verify', HOUR, true],
  ] as const)('%s: it is undone before the task ends', async (name, windowMs, decides) => {
    const world = tasks.newWorld();
    world.next(name, () => {
      throw fatal('internal');
    });
    const task = await acted(windowMs, world);
    if (decides) await decideBy(task, await world.decision('reject'));
    expect(await task.handle.result()).toEqual({ state: 'FAILED', reason: 'error' });
    expect(world.effects).toEqual(['1.1', 'undo 1.1']);
  });
});

describe('a wider halt in the window', () => {
  it('keeps nobody from confirming, and no silence from undoing', async () => {
    const task = await acted(2_500);
    task.world.halts = [{ halt: H1, scope: 'wider' }];
    await task.handle.executeUpdate(haltUpdate, { args: [{ halt: H1, jws: '' }] });
    await task.handle.result();
    expect(task.world.effects).toEqual(['1.1', 'undo 1.1']);
  });
});
