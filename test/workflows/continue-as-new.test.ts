import { describe, expect, it, vi } from 'vitest';
import { decideSignal, decideUpdate } from '../../src/workflows/messages.js';
import { continuingEnv } from '../support/own-server.js';
import { haltedWhileLeaving } from '../support/moments.js';
import { decideBy, gate, refusalOf, startAsked, type StartedTask, useTasks } from '../support/tasks.js';

/** After so many events the server suggests a next run. */
const SUGGESTED_AT = 40;
const WAIT = { timeout: 30_000 };

const tasks = useTasks(() => continuingEnv(SUGGESTED_AT));

async function runCount(task: StartedTask): Promise<number> {
  return (await tasks.runsOf(task)).length;
}

/** Holds a question again and again, a minute more each time; answers the receipts. */
async function holdTimes(task: StartedTask, times: number) {
  const [question] = [...task.world.questions.values()];
  const decisions = [];
  for (let turn = 1; turn <= times; turn += 1) {
    const decision = await task.world.decision('hold', { until: (question?.answerBy ?? 0) + turn * 60_000 });
    decisions.push({ decision, receipt: await decideBy(task, decision) });
    await vi.waitFor(() => expect(task.world.facts().filter((fact) => fact === 'held')).toHaveLength(turn), {
      timeout: 30_000,
      interval: 10,
    });
  }
  return decisions;
}

describe('continue-as-new', () => {
  it('keeps a waiting question, its deadline and every answered decision', async () => {
    const task = await startAsked(tasks);
    const held = await holdTimes(task, 12);
    await vi.waitFor(async () => expect(await runCount(task)).toBeGreaterThan(1), WAIT);
    const { branches, path, head } = await task.view();
    expect(branches).toMatchObject([
      {
        status: 'PAUSED_PENDING_HUMAN',
        delivered: true,
        question: { answerBy: held.at(-1)?.decision.until, round: 1, rung: 0 },
      },
    ]);
    expect(path[0]?.state).toBe('RUNNING');
    expect(head?.seq).toBe(task.world.journal.length);
    expect(task.world.count('ask')).toBe(1);
    const first = held[0];
    expect(
      await task.handle.executeUpdate(decideUpdate, {
        args: first === undefined ? ([] as never) : [first.decision],
      }),
    ).toEqual(first?.receipt);
    await decideBy(task, await task.world.decision('approve'));
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
    expect(task.world.effects).toEqual(['1.1']);
    expect(new Set(task.world.journal.map((event) => event.id)).size).toBe(task.world.journal.length);
  });

  it('goes on planning where it was, and calls nothing twice', async () => {
    const world = tasks.newWorld();
    world.steps = Array.from({ length: 15 }, () => ['get_order', 'get_order']);
    world.ladders = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [index + 1, null]));
    const task = await tasks.start(world);
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
    expect(await runCount(task)).toBeGreaterThan(2);
    expect(world.effects.toSorted()).toEqual(
      Array.from({ length: 30 }, (_, index) => `${index + 1}.1`).toSorted(),
    );
    expect(
      world.calls.filter(({ name }) => name === 'plan').map(({ input }) => (input as { step?: number }).step),
    ).toEqual(Array.from({ length: 16 }, (_, index) => index + 1));
  });

  it('loses no decision that arrives around it, and applies none twice', async () => {
    const task = await startAsked(tasks);
    const forged = await task.world.decision('reject', { forge: true });
    const genuine = await task.world.decision('approve');
    for (let turn = 0; turn < 45; turn += 1) {
      await task.handle.signal('decide', { ...forged, id: `forged-${turn}` });
    }
    await Promise.all([
      task.handle.signal(decideSignal, genuine),
      task.handle.signal('decide', { ...forged, id: 'forged-last' }),
    ]);
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
    expect(task.world.effects).toEqual(['1.1']);
    expect(await task.view()).toMatchObject({ branches: [{ winner: { decision: genuine.id } }] });
  });

  it('answers updates that are sent all the while', async () => {
    const task = await startAsked(tasks);
    const [question] = [...task.world.questions.values()];
    const answers = [];
    for (let turn = 1; turn <= 30; turn += 1) {
      const decision = await task.world.decision('extend', {
        until: (question?.answerBy ?? 0) + turn * 60_000,
      });
      const { applied } = await decideBy(task, decision);
      answers.push({ id: decision.id, applied });
    }
    await vi.waitFor(
      () => expect(task.world.facts().filter((fact) => fact === 'extended')).toHaveLength(30),
      WAIT,
    );
    expect(await runCount(task)).toBeGreaterThan(1);
    expect(answers).toHaveLength(30);
    await decideBy(task, await task.world.decision('approve'));
    await task.handle.result();
    expect(task.world.effects).toEqual(['1.1']);
  });

  it('does not happen while a call is under way', async () => {
    const world = tasks.newWorld();
    const { passed: held, open: release } = gate();
    world.steps = [['issue_refund', 'get_order']];
    world.ladders = { 2: null };
    world.next('execute', async () => {
      await held;
      return { kind: 'executed' };
    });
    const task = await tasks.start(world);
    await vi.waitFor(
      async () =>
        expect((await task.view()).branches.map((branch) => branch.status)).toEqual([
          'PAUSED_PENDING_HUMAN',
          'RESUMING',
        ]),
      WAIT,
    );
    await holdTimes(task, 8);
    expect((await task.handle.describe()).historyLength).toBeGreaterThan(SUGGESTED_AT);
    expect(await runCount(task)).toBe(1);
    release();
    await vi.waitFor(async () => expect(await runCount(task)).toBe(2), WAIT);
    expect(world.count('execute')).toBe(1);
    await decideBy(task, await world.decision('reject', { operation: 1 }));
    await task.handle.result();
  });

  // Seen to fail: a run that looks at its history alone.
  it('does not happen once the call completed the task', async () => {
    const world = tasks.newWorld();
    const { passed: held, open: release } = gate();
    world.next('execute', async () => {
      await held;
      return { kind: 'executed', closed: true };
    });
    const task = await startAsked(tasks, world);
    await decideBy(task, await world.decision('approve'));
    const forged = await world.decision('reject', { forge: true });
    for (let turn = 0; turn < SUGGESTED_AT; turn += 1)
      await task.handle.signal('decide', { ...forged, id: `forged-${turn}` });
    await vi.waitFor(() => expect(world.count('record')).toBeGreaterThan(0), WAIT);
    release();
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
    expect([await runCount(task), world.count('conclude')]).toEqual([1, 0]);
  });

  // Seen to fail: a run that was about to hand over closed without driving what the halt had begun.
  it('gives way to a halt of the task, and what ran unconfirmed is undone first', async () => {
    const task = await haltedWhileLeaving(tasks, SUGGESTED_AT);
    expect(await task.handle.result()).toEqual({ state: 'FAILED', reason: 'halted' });
    expect(task.world.effects).toEqual(['1.1', 'undo 1.1']);
  });

  it('keeps the question under a halt, too', async () => {
    const task = await startAsked(tasks);
    const held = await holdTimes(task, 5);
    task.world.halts = [{ halt: 'h1' as never, scope: 'wider' }];
    for (let turn = 0; turn < 10; turn += 1) {
      const seen = task.world.answered('inspect');
      await task.handle.signal('halt', { halt: 'h1' as never, jws: '' });
      await seen;
    }
    await vi.waitFor(async () => expect(await runCount(task)).toBeGreaterThan(1), WAIT);
    expect(await task.view()).toMatchObject({ branches: [{ halt: 'h1', question: { round: 1 } }] });
    expect(
      await refusalOf(
        task.handle.executeUpdate(decideUpdate, {
          args: [await task.world.decision('approve', { forge: true })],
        }),
      ),
    ).toBe('halted');
    expect(held).toHaveLength(5);
    task.world.halts = [];
    const again = task.world.answered('ask', (input) => input.round === 2);
    await task.handle.signal('halt', { halt: 'h1' as never, jws: '' });
    await again;
    await decideBy(task, await task.world.decision('reject'));
    await task.handle.result();
  });
});
