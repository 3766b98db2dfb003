import { describe, expect, it } from 'vitest';
import type { HaltId } from '../../src/domain/ids.js';
import { haltSignal, haltUpdate } from '../../src/workflows/messages.js';
import { devServerEnv } from '../support/environments.js';
import { closing, decideBy, eventually, gate, refusalOf, startAsked, useTasks } from '../support/tasks.js';

const tasks = useTasks(devServerEnv);
const H1 = 'h1' as HaltId; // test data
const H2 = 'h2' as HaltId; // test data
const NUDGE = { halt: H1, jws: '' };

describe('a halt on the task', () => {
  it('fails every open branch, once the store says so', async () => {
    const world = tasks.newWorld();
    world.steps = [['issue_refund', 'issue_refund']];
    const both = world.answered('ask', (input) => input.operation === 2);
    const task = await tasks.start(world);
    await both;
    world.halts = [{ halt: H1, scope: 'task' }];
    expect(await task.handle.executeUpdate(haltUpdate, { args: [NUDGE] })).toEqual({ noted: true });
    expect(await task.handle.result()).toEqual({ state: 'FAILED', reason: 'halted' });
    expect(closing(task)).toEqual({ state: 'FAILED', reason: 'halted', detail: H1 });
    expect(world.facts().filter((fact) => fact === 'failed')).toHaveLength(2);
  });

  it('is met by the claim, too', async () => {
    const task = await startAsked(tasks);
    const decision = await task.world.decision('approve');
    task.world.halts = [{ halt: H1, scope: 'task' }];
    await decideBy(task, decision);
    expect(await task.handle.result()).toEqual({ state: 'FAILED', reason: 'halted' });
    expect(task.world.effects).toEqual([]);
  });

  it('is met by the asking, too', async () => {
    const world = tasks.newWorld();
    world.halts = [{ halt: H1, scope: 'task' }];
    const task = await tasks.start(world);
    expect(await task.handle.result()).toEqual({ state: 'FAILED', reason: 'halted' });
  });

  it('ends a task whose planner is at work', async () => {
    const world = tasks.newWorld();
    world.steps = [['issue_refund']];
    const { passed, open } = gate();
    world.next('plan', async () => {
      await passed;
      return { done: false, operations: [] };
    });
    const task = await tasks.start(world);
    await eventually(() => expect(world.count('plan')).toBe(1));
    world.halts = [{ halt: H1, scope: 'task' }];
    await task.handle.signal(haltSignal, NUDGE);
    expect(await task.handle.result()).toEqual({ state: 'FAILED', reason: 'halted' });
    open();
  });

  it('changes nothing when it is forged', async () => {
    const task = await startAsked(tasks);
    const before = await task.view();
    await task.handle.signal(haltSignal, NUDGE);
    await task.handle.executeUpdate('halt', { args: [{ halt: null, anything: [] }] });
    await task.handle.signal('halt', null);
    await eventually(() => expect(task.world.count('inspect')).toBeGreaterThan(0));
    expect((await task.view()).branches).toEqual(before.branches);
    await decideBy(task, await task.world.decision('approve'));
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
  });
});

describe('a wider halt', () => {
  it('stops the waiting until it is lifted, and then asks anew', async () => {
    const task = await startAsked(tasks);
    const { world } = task;
    const old = await world.decision('approve', { forge: true });
    world.halts = [{ halt: H1, scope: 'wider' }];
    await task.handle.signal(haltSignal, NUDGE);
    await eventually(async () =>
      expect(await task.view()).toMatchObject({ state: 'PAUSED_PENDING_HUMAN', branches: [{ halt: H1 }] }),
    );
    expect(await refusalOf(decideBy(task, old))).toBe('halted');
    expect(world.facts()).toEqual(['halted']);
    const again = world.answered('ask', (input) => input.round === 2);
    world.halts = [];
    await task.handle.signal(haltSignal, NUDGE);
    await again;
    expect(world.calls.findLast(({ name }) => name === 'ask')?.input).toMatchObject({
      round: 2,
      reason: 'halt-lifted',
    });
    expect(await refusalOf(decideBy(task, { ...old, id: 'later' as typeof old.id }))).toBe('stale');
    await decideBy(task, await world.decision('approve'));
    await task.handle.result();
    expect(world.effects).toEqual(['1.1']);
  });

  it('stays while another one is still in force', async () => {
    const task = await startAsked(tasks);
    const { world } = task;
    world.halts = [{ halt: H1, scope: 'wider' }];
    await task.handle.signal(haltSignal, NUDGE);
    await eventually(() => expect(world.facts()).toEqual(['halted']));
    world.halts = [{ halt: H2, scope: 'wider' }];
    await task.handle.signal(haltSignal, NUDGE);
    await eventually(async () =>
      expect(await task.view()).toMatchObject({ branches: [{ halt: H2, question: { round: 1 } }] }),
    );
    world.halts = [];
    await task.handle.signal(haltSignal, NUDGE);
    await eventually(async () =>
      expect(await task.view()).toMatchObject({
        branches: [{ halt: null, delivered: true, question: { round: 2 } }],
      }),
    );
    await decideBy(task, await world.decision('reject'));
    await task.handle.result();
  });

  it('is met by the claim: an approval is void, and asked for again after the lift', async () => {
    const task = await startAsked(tasks);
    const { world } = task;
    const decision = await world.decision('approve');
    world.halts = [{ halt: H1, scope: 'wider' }];
    await decideBy(task, decision);
    await eventually(async () =>
      expect(await task.view()).toMatchObject({ branches: [{ status: 'PAUSED_PENDING_HUMAN', halt: H1 }] }),
    );
    world.halts = [];
    const again = world.answered('ask', (input) => input.round === 2);
    await task.handle.signal(haltSignal, NUDGE);
    await again;
    expect(world.effects).toEqual([]);
    await decideBy(task, await world.decision('approve'));
    await task.handle.result();
    expect(world.effects).toEqual(['1.1']);
  });

  it('that was lifted before its claim came back does not leave the task waiting', async () => {
    const world = tasks.newWorld();
    world.next('execute', () => ({ kind: 'halted', halt: H1, scope: 'wider' }));
    const task = await startAsked(tasks, world);
    const again = world.answered('ask', (input) => input.round === 2);
    await decideBy(task, await world.decision('approve'));
    await again;
    await decideBy(task, await world.decision('approve'));
    await task.handle.result();
    expect(world.facts()).toContain('lifted');
  });

  it('is met by the asking: nobody is asked until it is lifted', async () => {
    const world = tasks.newWorld();
    world.halts = [{ halt: H1, scope: 'wider' }];
    world.ladders = { 1: null };
    const task = await tasks.start(world);
    await eventually(async () => expect(await task.view()).toMatchObject({ branches: [{ halt: H1 }] }));
    expect(world.questions.size).toBe(0);
    world.halts = [];
    const again = world.answered('ask', (input) => input.round === 2);
    await task.handle.signal(haltSignal, NUDGE);
    await again;
    await decideBy(task, await world.decision('reject'));
    await task.handle.result();
  });

  it('voids a decision that was being verified', async () => {
    const world = tasks.newWorld();
    const { passed, open } = gate();
    const verdict = async () => {
      await passed;
      return { genuine: true };
    };
    world.next('verify', verdict);
    world.next('verify', verdict);
    const task = await startAsked(tasks, world);
    await decideBy(task, await world.decision('reject'));
    await eventually(() => expect(world.count('verify')).toBe(2));
    world.halts = [{ halt: H1, scope: 'wider' }];
    await task.handle.signal(haltSignal, NUDGE);
    await eventually(async () =>
      expect(await task.view()).toMatchObject({ branches: [{ status: 'HUMAN_RESPONDED', halt: H1 }] }),
    );
    open();
    await eventually(() => expect(world.facts()).toEqual(['responded', 'halted', 'voided']));
    world.halts = [];
    const again = world.answered('ask', (input) => input.round === 2);
    await task.handle.signal(haltSignal, NUDGE);
    await again;
    await decideBy(task, await world.decision('reject'));
    await task.handle.result();
  });
});
