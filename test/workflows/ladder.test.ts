import { describe, expect, it } from 'vitest';
import { DAY, ORDINARY, type FakeLadder } from '../support/fake-activities.js';
import { HOUR } from '../support/escalations.js';
import { timeSkippingEnv } from '../support/environments.js';
import { fromAsk, unreachableAndPermitted } from '../support/moments.js';
import { decideBy, refusalOf, startAsked, useTasks, type StartedTask } from '../support/tasks.js';

const tasks = useTasks(timeSkippingEnv);
const TTLS = [
  ['ordinary, 7 days', 7 * DAY],
  ['sensitive, 24 hours', DAY],
  ['urgent, 30 minutes', HOUR / 2],
] as const;

async function asked(ladder: Partial<FakeLadder>): Promise<StartedTask> {
  const world = tasks.newWorld();
  world.ladders = { 1: { ...ORDINARY, ...ladder } };
  return startAsked(tasks, world);
}

/** Milliseconds from the start of a task to its end, on the server's clock. */
async function lasted({ handle }: StartedTask): Promise<number> {
  const { startTime, closeTime } = await handle.describe();
  return (closeTime?.getTime() ?? 0) - startTime.getTime();
}

describe.each(TTLS)('silence on a ladder: %s', (_, ttlMs) => {
  it('asks every role in turn, each for its whole time, then denies', async () => {
    const task = await asked({ ttlMs, roles: ['supervisor', 'director', 'board'] });
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
    const { world } = task;
    expect([...world.questions.values()].map((question) => question.role)).toEqual([
      'supervisor',
      'director',
      'board',
    ]);
    expect(world.facts()).toEqual([
      'timed-out',
      'climbed',
      'timed-out',
      'climbed',
      'timed-out',
      'resumed',
      'settled',
    ]);
    expect(world.journal.at(-1)?.body).toEqual({ outcome: 'denied' });
    expect(world.count('execute')).toBe(0);
    expect(await lasted(task)).toBeGreaterThanOrEqual(3 * ttlMs);
    expect(await lasted(task)).toBeLessThan(3 * ttlMs + 60_000);
  });

  it('sets one timer per role, and none besides', async () => {
    const task = await asked({ ttlMs });
    await task.handle.result();
    const [history] = await tasks.runsOf(task);
    expect(history?.events?.filter((event) => event.timerStartedEventAttributes != null)).toHaveLength(2);
  });

  it('holds for the owner, without a deadline, when the policy says so', async () => {
    const task = await asked({ ttlMs, fallback: 'hold' });
    const withOwner = task.world.answered('ask', (input) => input.forOwner === true);
    await tasks.env().sleep(2 * ttlMs + 1_000);
    await withOwner;
    await tasks.env().sleep(365 * DAY);
    expect(await task.view()).toMatchObject({
      state: 'PAUSED_PENDING_HUMAN',
      branches: [{ question: { role: 'owner', answerBy: null } }],
    });
    await decideBy(task, await task.world.decision('approve'));
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
    expect(task.world.effects).toEqual(['1.1']);
    expect(task.world.facts()).toEqual([
      'timed-out',
      'climbed',
      'timed-out',
      'held-for-owner',
      'responded',
      'resumed',
      'settled',
    ]);
  });

  it('fails the task when the policy says so', async () => {
    const task = await asked({ ttlMs, fallback: 'fail' });
    expect(await task.handle.result()).toEqual({ state: 'FAILED', reason: 'fallback' });
    expect(task.world.haltedAgents).toEqual([]);
    expect(task.world.calls.at(-1)).toMatchObject({
      name: 'conclude',
      input: { state: 'FAILED', reason: 'fallback', detail: 'fail' },
    });
  });

  it('fails the task and halts the agent when the policy says so', async () => {
    const task = await asked({ ttlMs, fallback: 'halt' });
    expect(await task.handle.result()).toEqual({ state: 'FAILED', reason: 'fallback' });
    expect(task.world.haltedAgents).toEqual([1]);
    expect(task.world.count('execute')).toBe(0);
  });
});

describe('an earlier role', () => {
  it('may decide until the time of the current one is over', async () => {
    const task = await asked({});
    const early = await task.world.decision('approve');
    task.world.decisions.pop();
    const climbed = task.world.answered('ask', (input) => input.rung === 1);
    await tasks.env().sleep(8 * DAY);
    await climbed;
    const late = { ...early, at: await tasks.env().currentTimeMs() };
    task.world.decisions.push(late);
    expect(await decideBy(task, late)).toMatchObject({ applied: true });
    await task.handle.result();
    expect(task.world.effects).toEqual(['1.1']);
  });

  it('is too late when its decision was stored after that', async () => {
    const task = await asked({});
    const late = await task.world.decision('approve', {
      at: (await tasks.env().currentTimeMs()) + 8 * DAY,
      forge: true,
    });
    expect(await refusalOf(decideBy(task, late))).toBe('too-late');
    await decideBy(task, await task.world.decision('reject'));
    await task.handle.result();
  });
});

describe('when the time is over, the store has the last word', () => {
  it('applies a decision that was stored in time and never delivered', async () => {
    const task = await asked({});
    await task.world.decision('approve');
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
    expect(task.world.effects).toEqual(['1.1']);
    expect(task.world.facts()).not.toContain('timed-out');
  });

  it("waits for the rest when the database's clock is behind", async () => {
    const world = tasks.newWorld();
    world.next('expire', () => ({ kind: 'early', remainingMs: HOUR }));
    world.ladders = { 1: { ...ORDINARY, roles: ['supervisor'] } };
    const task = await startAsked(tasks, world);
    await task.handle.result();
    expect(world.count('expire')).toBe(2);
    expect(await lasted(task)).toBeGreaterThanOrEqual(7 * DAY + HOUR);
  });

  it('is not held up by a decision that the state refuses again and again', async () => {
    const task = await asked({ roles: ['supervisor'] });
    const useless = await task.world.decision('escalate');
    task.world.next('expire', () => ({ kind: 'decided', decisions: [useless] }));
    task.world.next('expire', () => ({ kind: 'decided', decisions: [useless] }));
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
    expect(task.world.facts()).toEqual(['decision-refused', 'timed-out', 'resumed', 'settled']);
  });
});

describe('a question that reaches nobody', () => {
  it('goes to the next role at once, recorded as undelivered', async () => {
    const world = tasks.newWorld();
    world.next('ask', (input) => ({ kind: 'undeliverable', tier: 4, question: fromAsk(input) }));
    const climbed = world.answered('ask', (input) => input.rung === 1);
    const task = await tasks.start(world);
    await climbed;
    await decideBy(task, await world.decision('reject'));
    await task.handle.result();
    expect(world.journal[0]).toMatchObject({ type: 'timed-out', body: { because: 'undelivered' } });
    expect(await lasted(task)).toBeLessThan(HOUR);
  });

  it('ends its rung when every notification failed, told by a nudge', async () => {
    const task = await startAsked(tasks);
    task.world.undelivered = [{ operation: 1, round: 1, rung: 0 }];
    const climbed = task.world.answered('ask', (input) => input.rung === 1);
    await task.handle.signal('halt', { halt: 'none', jws: '' });
    await climbed;
    await decideBy(task, await task.world.decision('reject'));
    await task.handle.result();
    expect(task.world.facts().slice(0, 2)).toEqual(['timed-out', 'climbed']);
  });

  // Seen to fail, both: the task failed as a defect of ours.
  it('is let run by the next asking, when the policy has come to need nobody', async () => {
    const task = await unreachableAndPermitted(tasks);
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
    expect(task.world.effects).toEqual(['1.1']);
    expect(await task.view()).toMatchObject({ branches: [{ asked: false, winner: null }] });
  });

  it('is let run while it waits for the owner, too', async () => {
    const world = tasks.newWorld();
    const ladder = { rungs: 1, fallback: 'hold' } as const;
    for (let turn = 0; turn < 3; turn += 1)
      world.next('ask', (input) => ({
        kind: 'undeliverable',
        tier: 4,
        question: { ...fromAsk(input), ...ladder },
      }));
    world.next('ask', () => ({ kind: 'permitted', tier: 1 }));
    const task = await tasks.start(world);
    expect(await task.handle.result()).toEqual({ state: 'COMPLETED', reason: null });
    expect(world.effects).toEqual(['1.1']);
    expect(world.facts()).toEqual(['timed-out', 'held-for-owner', 'settled']);
  });

  it('waits outside a full desk and asks again', async () => {
    const world = tasks.newWorld();
    const askBy = (await tasks.env().currentTimeMs()) + DAY;
    for (let turn = 0; turn < 3; turn += 1) world.next('ask', () => ({ kind: 'full', tier: 4, askBy }));
    world.ladders = { 1: { ...ORDINARY, roles: ['supervisor'] } };
    const task = await tasks.start(world);
    await task.handle.result();
    expect(world.count('ask')).toBe(4);
    expect(world.facts()).toEqual(['timed-out', 'resumed', 'settled']);
  });

  it('keeps asking for the owner', async () => {
    const world = tasks.newWorld();
    world.ladders = { 1: { ...ORDINARY, roles: ['supervisor'], fallback: 'hold' } };
    const task = await startAsked(tasks, world);
    world.next('ask', (input) => ({ kind: 'undeliverable', tier: 4, question: fromAsk(input) }));
    const withOwner = world.answered(
      'ask',
      (input) =>
        input.forOwner === true &&
        [...world.questions.values()].some((question) => question.role === 'owner'),
    );
    await tasks.env().sleep(7 * DAY + HOUR);
    await withOwner;
    await decideBy(task, await world.decision('reject'));
    await task.handle.result();
    expect(world.facts(1).filter((fact) => fact === 'timed-out')).toHaveLength(1);
  });
});

describe('an unknown outcome', () => {
  it('is asked about, and never denied by silence', async () => {
    const world = tasks.newWorld();
    world.next('execute', () => ({ kind: 'refused', reason: 'unknown' }));
    const task = await startAsked(tasks, world);
    const resolving = world.answered('ask', (input) => input.round === 2);
    await decideBy(task, await world.decision('approve'));
    await resolving;
    const withOwner = world.answered('ask', (input) => input.forOwner === true);
    await tasks.env().sleep(15 * DAY);
    await withOwner;
    expect(await task.view()).toMatchObject({
      branches: [{ question: { kind: 'resolution', role: 'owner' }, reason: 'unknown' }],
    });
    expect(await refusalOf(decideBy(task, await world.decision('approve')))).toBe('conflict');
    await decideBy(task, await world.decision('resolve', { resolution: 'leave' }));
    await task.handle.result();
    expect(await task.view()).toMatchObject({ branches: [{ outcome: { kind: 'left-unknown' } }] });
    expect(world.effects).toEqual([]);
  });
});
