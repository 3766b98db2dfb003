import { describe, expect, it } from 'vitest';
import type { HaltId } from '../../src/domain/ids.js';
import { haltUpdate } from '../../src/workflows/messages.js';
import { ORDINARY } from '../support/fake-activities.js';
import { devServerEnv } from '../support/environments.js';
import { closing, decideBy, eventually, gate, refusalOf, startAsked, useTasks } from '../support/tasks.js';

const tasks = useTasks(devServerEnv);
const H1 = 'h1' as HaltId; // test data

describe('an answer in place of the call', () => {
  it('goes back to the agent, and nothing runs', async () => {
    const world = tasks.newWorld();
    world.steps = [['issue_refund'], ['issue_refund']];
    world.ladders = { 2: null };
    const task = await startAsked(tasks, world);
    const answer = await world.decision('respond');
    expect(await decideBy(task, answer)).toMatchObject({ applied: true, state: 'HUMAN_RESPONDED' });
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
    // Seen to fail: with `answer` settled before it was verified, the next test is the one that fails.
    expect(world.effects).toEqual(['2.1']);
    expect(await task.view()).toMatchObject({
      branches: [{ outcome: { kind: 'answered', decision: answer.id } }, { outcome: { kind: 'executed' } }],
    });
  });

  it('steers nothing when it is forged', async () => {
    const task = await startAsked(tasks);
    const { world } = task;
    await decideBy(task, await world.decision('respond', { forge: true }));
    await decideBy(task, await world.decision('approve'));
    await task.handle.result();
    expect(world.effects).toEqual(['1.1']);
    expect(world.facts()).toContain('forged');
  });
});

describe('taking a task over', () => {
  it("ends it with the person's result: what is open beside it closes, and nothing is planned any more", async () => {
    const world = tasks.newWorld();
    world.steps = [['issue_refund', 'issue_refund'], ['issue_refund']];
    const both = world.answered('ask', (input) => input.operation === 2);
    const task = await tasks.start(world);
    await both;
    const taken = await world.decision('take-over', { operation: 1 });
    await decideBy(task, taken);
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: 'taken-over' });
    expect(closing(task)).toEqual({ state: 'COMPLETED', reason: 'taken-over', detail: taken.id });
    expect(world.effects).toEqual([]);
    expect(world.count('plan')).toBe(1);
    expect(await task.view()).toMatchObject({
      state: 'COMPLETED',
      branches: [
        { status: 'SETTLED', outcome: { kind: 'taken-over' } },
        { status: 'FAILED', reason: 'taken-over' },
      ],
    });
  });

  it('does not end anything when it is forged', async () => {
    const task = await startAsked(tasks);
    await decideBy(task, await task.world.decision('take-over', { forge: true }));
    await decideBy(task, await task.world.decision('approve'));
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
    expect(task.world.effects).toEqual(['1.1']);
  });

  it('waits for a call that is under way beside it', async () => {
    const world = tasks.newWorld();
    world.steps = [['issue_refund', 'issue_refund']];
    world.ladders = { 2: null };
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const calling = new Promise<void>((called) =>
      world.next('execute', async () => {
        called();
        await held;
        return { kind: 'executed' };
      }),
    );
    const task = await tasks.start(world);
    await calling;
    await decideBy(task, await world.decision('take-over', { operation: 1 }));
    release();
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: 'taken-over' });
    expect(await task.view()).toMatchObject({
      branches: [{ outcome: { kind: 'taken-over' } }, { outcome: { kind: 'executed' } }],
    });
  });
});

describe('a call that is stopped', () => {
  const stopped = () => {
    const world = tasks.newWorld();
    world.ladders = { 1: { ...ORDINARY, kind: 'stop' } };
    return startAsked(tasks, world);
  };

  it('cannot be approved or edited, only taken over, answered or sent back', async () => {
    const task = await stopped();
    for (const verb of ['approve', 'edit'] as const)
      expect(await refusalOf(decideBy(task, await task.world.decision(verb)))).toBe('conflict');
    await decideBy(task, await task.world.decision('take-over'));
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: 'taken-over' });
    expect(task.world.count('execute')).toBe(0);
  });

  it('goes back to the agent when a person rejects it', async () => {
    const task = await stopped();
    await decideBy(task, await task.world.decision('reject'));
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
    expect(task.world.effects).toEqual([]);
  });
});

describe('a safe action', () => {
  it('takes the place of a call that nobody answered, and is judged as any other', async () => {
    const world = tasks.newWorld();
    world.ladders = { 1: { roles: ['supervisor'], ttlMs: 300, fallback: 'safe' }, 2: null };
    const task = await startAsked(tasks, world);
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
    expect(world.effects).toEqual(['2.1']);
    expect(await task.view()).toMatchObject({
      branches: [
        { tool: 'issue_refund', outcome: { kind: 'denied', because: 'unanswered' } },
        { tool: 'hold_order', outcome: { kind: 'executed' } },
      ],
    });
  });

  it('has a number that no later proposal gets', async () => {
    const world = tasks.newWorld();
    world.steps = [['issue_refund'], ['issue_refund']];
    world.ladders = { 1: { roles: ['supervisor'], ttlMs: 300, fallback: 'safe' }, 2: null, 3: null };
    const task = await startAsked(tasks, world);
    await task.handle.result();
    expect(world.effects).toEqual(['2.1', '3.1']);
  });

  // Seen to fail: opened whatever became of the question, which a person then approved as well.
  it('does not run beside a call that is asked anew because a halt came meanwhile', async () => {
    const world = tasks.newWorld();
    world.ladders = { 1: { roles: ['supervisor'], ttlMs: 300, fallback: 'safe' }, 2: null };
    const { passed, open } = gate();
    const slow = new Promise<void>((begun) => {
      for (const attempt of [1, 2, 3, 4])
        world.next('safeguard', async ({ as }) => {
          if (attempt < 4) throw new Error('no database');
          begun();
          await passed;
          return { operation: as, tool: 'hold_order' };
        });
    });
    const task = await tasks.start(world);
    await slow;
    world.halts = [{ halt: H1, scope: 'wider' }];
    await task.handle.executeUpdate(haltUpdate, { args: [{ halt: H1, jws: '' }] });
    await eventually(async () => expect((await task.view()).branches).toMatchObject([{ halt: H1 }]));
    const recorded = world.answered('safeguard');
    open();
    await recorded;
    world.halts = [];
    world.ladders = { 1: ORDINARY };
    const asked = world.answered('ask', ({ round }) => round === 2);
    await task.handle.executeUpdate(haltUpdate, { args: [{ halt: H1, jws: '' }] });
    await asked;
    await decideBy(task, await world.decision('approve'));
    await task.handle.result();
    expect(world.effects).toEqual(['1.1']);
  });
});
