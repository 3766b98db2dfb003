import type { HaltId } from '../../src/domain/ids.js';
import { questionOf } from '../../src/domain/task.js';
import { decideSignal, haltSignal } from '../../src/workflows/messages.js';
import { DAY, digestOf, ORDINARY, type FakeWorld } from './fake-activities.js';
import { decideBy, startAsked, type StartedTask, type TaskStarter } from './task-runner.js';

const HALT = 'h1' as HaltId; // test data
/** As many decisions wait for a verification under way. */
export const MAX_WAITING = 50;

/** A task whose run has no room for a genuine rejection: as many forgeries as may wait do, until the verification of one more is released. */
export async function crowdedOut(tasks: TaskStarter) {
  const world = tasks.newWorld();
  const { verifying, release } = heldVerification(world, false);
  const task = await startAsked(tasks, world);
  const forged = await world.decision('reject', { forge: true });
  for (let turn = 0; turn <= MAX_WAITING; turn += 1)
    await task.handle.signal('decide', { ...forged, id: `forged-${turn}` });
  await verifying;
  const genuine = await world.decision('reject');
  const refused = world.answered('record', ({ events }) =>
    events.some(({ body }) => body['decision'] === genuine.id),
  );
  await task.handle.signal(decideSignal, genuine);
  await refused;
  return { task, genuine, release };
}

/** A task halted in the moment in which its history, longer by so many events, makes its run hand over: one call can still be undone. */
export async function haltedWhileLeaving(tasks: TaskStarter, events: number): Promise<StartedTask> {
  const world = Object.assign(tasks.newWorld(), {
    steps: [['draft_reply', 'issue_refund']],
    windows: { 1: 3_600_000 },
    ladders: { 2: { ...ORDINARY, ttlMs: 300, roles: ['supervisor'], fallback: 'hold' as const } },
  });
  const ran = world.answered('execute');
  const withOwner = world.answered('ask', (input) => input.forOwner === true);
  const task = await tasks.start(world);
  await Promise.all([ran, withOwner]);
  const nudge = () => task.handle.signal(haltSignal, { halt: HALT, jws: '' });
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const looking = new Promise<void>((begun) =>
    world.next('inspect', async () => {
      begun();
      await held;
      return { halts: [], undelivered: [] };
    }),
  );
  await nudge();
  await looking;
  // The run hears them all at once, when the look is over.
  await Promise.all(Array.from({ length: events }, nudge));
  world.halts = [{ halt: HALT, scope: 'task' }];
  release();
  return task;
}

/** A verification that takes longer than the quick attempt: `verifying` when the ordinary one has begun. */
export function heldVerification(
  world: FakeWorld,
  genuine = true,
): { verifying: Promise<void>; release: () => void } {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const verifying = new Promise<void>((begun) => {
    for (const attempt of ['quick', 'ordinary'])
      world.next('verify', async () => {
        if (attempt === 'ordinary') begun();
        await held;
        return { genuine };
      });
  });
  return { verifying, release: () => release() };
}

/** A task whose rung ends under a halt that its run has not heard of; by then it is lifted, and the question is asked anew. */
export async function unheardHalt(tasks: TaskStarter): Promise<StartedTask> {
  const world = tasks.newWorld();
  world.ladders = { 1: { ...ORDINARY, ttlMs: 300 } };
  world.next('expire', () => ({ kind: 'halted' }));
  world.next('inspect', () => {
    world.ladders = {};
    return { halts: [], outlived: [{ operation: 1, round: 1, halt: HALT }], undelivered: [] };
  });
  const again = world.answered('ask', ({ round }) => round === 2);
  const task = await startAsked(tasks, world);
  await again;
  return task;
}

/** A task that a worker asked anew and died: its run hears so when the time of the round before is over. */
export async function askedAnew(tasks: TaskStarter): Promise<StartedTask> {
  const world = Object.assign(tasks.newWorld(), { ladders: { 1: { ...ORDINARY, ttlMs: 300 } } });
  world.next('expire', () => {
    askAnew(world);
    return { kind: 'asked-anew' };
  });
  const task = await startAsked(tasks, world);
  for (;;) {
    const [branch] = (await task.view()).branches;
    if (branch !== undefined && questionOf(branch)?.round === 2) return task;
  }
}

/** The same, and somebody decides about that round long before. */
export async function overtaken(tasks: TaskStarter): Promise<StartedTask> {
  const task = await startAsked(tasks);
  askAnew(task.world);
  await task.handle.signal(decideSignal, await task.world.decision('reject'));
  return task;
}

/** Asks a second round, of which the run hears when it asks next. */
function askAnew(world: FakeWorld): void {
  const [first] = world.questions.values();
  if (first === undefined) throw new Error('nothing was asked');
  const answerBy = (first.answerBy ?? 0) + DAY;
  const question = { ...first, round: 2, briefDigest: digestOf('brief 1.2'), answerBy };
  world.questions.set('1.1.2.0', question);
  world.next('ask', () => ({ kind: 'asked', tier: 4, question, decisions: world.decisions }));
}

/** A task that is asked anew: a halt came and went before the run looked, which it did while a decision was being verified. */
export async function outlivedWhileVerifying(tasks: TaskStarter): Promise<StartedTask> {
  const world = tasks.newWorld();
  const { verifying, release } = heldVerification(world);
  const task = await startAsked(tasks, world);
  await decideBy(task, await world.decision('hold'));
  await verifying;
  world.next('inspect', () => ({
    halts: [],
    outlived: [{ operation: 1, round: 1, halt: HALT }],
    undelivered: [],
  }));
  const looked = world.answered('inspect');
  await task.handle.signal(haltSignal, { halt: HALT, jws: '' });
  await looked;
  const again = world.answered('ask', ({ round }) => round === 2);
  release();
  await again;
  return task;
}

/** A task that reached nobody on its first rung, and is let run when it asks the next. */
export function unreachableAndPermitted(tasks: TaskStarter): Promise<StartedTask> {
  const world = tasks.newWorld();
  world.next('ask', (input) => ({ kind: 'undeliverable', tier: 4, question: fromAsk(input) }));
  world.next('ask', () => ({ kind: 'permitted', tier: 1 }));
  return tasks.start(world);
}

/** The question of an asking that reached nobody. */
export function fromAsk(input: {
  readonly round: number;
  readonly generation: number;
  readonly rung: number;
}) {
  const { round, generation, rung } = input;
  const ladder = {
    rungs: 2,
    fallback: 'deny',
    role: 'supervisor',
    answerBy: null,
    extendableUntil: null,
  } as const;
  return { round, generation, rung, digest: null, briefDigest: null, kind: 'approval', ...ladder } as const;
}
