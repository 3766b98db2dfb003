import type { DecisionMessage, Verb } from '../../src/domain/decision.js';
import type { ReaskReason } from '../../src/domain/escalation.js';
import type { DecisionId, HaltId } from '../../src/domain/ids.js';
import { decideSignal } from '../../src/workflows/messages.js';
import { DAY, digestOf, fatal, ORDINARY, type FakeLadder, type FakeWorld } from './fake-activities.js';
import {
  askedAnew,
  crowdedOut,
  haltedWhileLeaving,
  heldVerification,
  MAX_WAITING,
  outlivedWhileVerifying,
  overtaken,
  unheardHalt,
  unreachableAndPermitted,
} from './moments.js';
import { decideBy, startAsked, type StartedTask, type TaskStarter } from './task-runner.js';

const HALT = 'h1' as HaltId; // test data
const SHORT: FakeLadder = { ...ORDINARY, ttlMs: 300 };

type Path = (tasks: TaskStarter) => Promise<StartedTask>;

/** Every way a task can go, each as a short run on a real server; what is recorded of them is replayed by every later release. */
export const PATHS: Readonly<Record<string, Path>> = {
  auto: async (tasks) => tasks.start(worldWith(tasks, { ladders: { 1: null } })),
  approved: async (tasks) => decided(await startAsked(tasks), 'approve'),
  /** The store closes the task with its last call. */
  'completed-by-call': async (tasks) => {
    const world = worldWith(tasks, {});
    world.next('execute', () => (world.effects.push('1.1'), { kind: 'executed', closed: true }));
    return decided(await startAsked(tasks, world), 'approve');
  },
  rejected: async (tasks) => decided(await startAsked(tasks), 'reject'),
  edited: async (tasks) => decided(await startAsked(tasks), 'edit'),
  held: async (tasks) => decided(await decided(await startAsked(tasks), 'hold'), 'approve'),
  extended: async (tasks) => decided(await decided(await startAsked(tasks), 'extend'), 'approve'),
  escalated: async (tasks) => {
    const task = await startAsked(tasks);
    const climbed = task.world.answered('ask', (input) => input.rung === 1);
    await decided(task, 'escalate');
    await climbed;
    return decided(task, 'approve');
  },
  signalled: async (tasks) => {
    const task = await startAsked(tasks);
    await task.handle.signal('decide', null);
    await task.handle.signal(decideSignal, await task.world.decision('approve'));
    return task;
  },
  denied: async (tasks) => tasks.start(worldWith(tasks, { ladders: { 1: SHORT } })),
  'held-for-owner': async (tasks) => {
    const world = worldWith(tasks, { ladders: { 1: { ...SHORT, fallback: 'hold' } } });
    const withOwner = world.answered('ask', (input) => input.forOwner === true);
    const task = await tasks.start(world);
    await withOwner;
    return decided(task, 'approve');
  },
  'fallback-fail': async (tasks) =>
    tasks.start(worldWith(tasks, { ladders: { 1: { ...SHORT, fallback: 'fail' } } })),
  'fallback-halt': async (tasks) =>
    tasks.start(worldWith(tasks, { ladders: { 1: { ...SHORT, fallback: 'halt' } } })),
  undelivered: async (tasks) => {
    const task = await startAsked(tasks);
    task.world.undelivered = [{ operation: 1, round: 1, rung: 0 }];
    const climbed = task.world.answered('ask', (input) => input.rung === 1);
    await task.handle.signal('halt', { halt: HALT, jws: '' });
    await climbed;
    return decided(task, 'approve');
  },
  'permitted-while-waiting': unreachableAndPermitted,
  /** Takes the minute after which the desk is asked again. */
  'desk-full': async (tasks) => {
    const world = worldWith(tasks, {});
    world.next('ask', () => ({ kind: 'full', tier: 4, askBy: Date.now() + DAY }));
    const task = await startAsked(tasks, world);
    await world.answered('ask');
    return decided(task, 'approve');
  },
  /** A decision about a round that the run has still to hear of: a worker died when it had just asked. */
  'heard-again': async (tasks) => {
    const world = tasks.newWorld();
    world.next('execute', () => ({ kind: 'refused', reason: 'drift' }));
    const task = await startAsked(tasks, world);
    const early = await world.decision('reject', { round: 2, briefDigest: digestOf('brief 1.2') });
    await task.handle.signal(decideSignal, early);
    return decided(task, 'approve');
  },
  /** The next role is asked once, however many escalate. */
  'escalated-twice': async (tasks) => {
    const task = await startAsked(tasks);
    const again = await task.world.decision('escalate', { rung: 0 });
    const climbed = task.world.answered('ask', (input) => input.rung === 1);
    await decideBy(task, await task.world.decision('escalate', { rung: 0 }));
    await task.handle.signal(decideSignal, again);
    await climbed;
    return decided(task, 'approve');
  },
  'safe-at-once': async (tasks) => {
    const world = worldWith(tasks, {
      steps: [['issue_refund', 'issue_refund']],
      ladders: { 1: { ...SHORT, fallback: 'safe' }, 3: null },
    });
    const asked = world.answered('ask', (input) => input.operation === 2);
    const done = world.answered('execute', (input) => input.operation === 3);
    const task = await tasks.start(world);
    await asked;
    await done;
    return decided(task, 'approve', { operation: 2 });
  },
  'denied-before-planning': async (tasks) => tasks.start(worldWith(tasks, { ladders: { 1: SHORT } })),
  /** What a reset hands out anew names the run before. */
  'called-again': async (tasks) => {
    const world = worldWith(tasks, {});
    world.next('execute', () => {
      throw fatal('forbidden');
    });
    return decided(await startAsked(tasks, world), 'approve');
  },
  drift: async (tasks) => decided(await reasked(tasks, 'drift'), 'approve'),
  'policy-stricter': async (tasks) => decided(await reasked(tasks, 'policy-stricter'), 'approve'),
  withdrawn: async (tasks) => decided(await reasked(tasks, 'withdrawn'), 'reject'),
  unknown: async (tasks) => decided(await reasked(tasks, 'unknown'), 'resolve'),
  'not-happened': async (tasks) =>
    decided(await reasked(tasks, 'unknown'), 'resolve', { resolution: 'not-happened' }),
  left: async (tasks) => decided(await reasked(tasks, 'unknown'), 'resolve', { resolution: 'leave' }),
  /** A run that was reset comes to what people left as unknown since. */
  'left-unasked': async (tasks) => {
    const world = worldWith(tasks, { ladders: { 1: null } });
    world.next('execute', () => ({ kind: 'left', decision: 'left-before' as DecisionId })); // test data
    return tasks.start(world);
  },
  'forged-approval': async (tasks) => {
    const task = await startAsked(tasks);
    const again = task.world.answered('ask');
    await decideBy(task, await task.world.decision('approve', { forge: true }));
    await again;
    return decided(task, 'approve');
  },
  'forged-rejection': async (tasks) => {
    const task = await startAsked(tasks);
    await decideBy(task, await task.world.decision('reject', { forge: true }));
    return decided(task, 'approve');
  },
  several: async (tasks) => {
    const world = worldWith(tasks, {
      steps: [['issue_refund', 'issue_refund', 'get_order'], ['draft_reply']],
      ladders: { 3: null, 4: null },
    });
    const both = world.answered('ask', (input) => input.operation === 3);
    const task = await tasks.start(world);
    await both;
    await decided(task, 'reject', { operation: 2 });
    return decided(task, 'approve');
  },
  'halted-and-lifted': async (tasks) => {
    const task = await startAsked(tasks);
    await halt(task, 'wider');
    const again = task.world.answered('ask', (input) => input.round === 2);
    task.world.halts = [];
    await task.handle.signal('halt', { halt: HALT, jws: '' });
    await again;
    return decided(task, 'approve');
  },
  'halted-while-verifying': async (tasks) => {
    const world = worldWith(tasks, {});
    const { verifying, release } = heldVerification(world);
    const task = await decided(await startAsked(tasks, world), 'reject');
    await verifying;
    await halt(task, 'wider');
    const voided = world.answered('record', (input) => input.events.some(({ type }) => type === 'voided'));
    release();
    await voided;
    const again = world.answered('ask', (input) => input.round === 2);
    world.halts = [];
    await task.handle.signal('halt', { halt: HALT, jws: '' });
    await again;
    return decided(task, 'approve');
  },
  'outlived-while-verifying': async (tasks) => decided(await outlivedWhileVerifying(tasks), 'approve'),
  'unheard-halt': async (tasks) => decided(await unheardHalt(tasks), 'approve'),
  'asked-anew': async (tasks) => decided(await askedAnew(tasks), 'approve'),
  overtaken,
  'claim-halted': async (tasks) => {
    const world = worldWith(tasks, {});
    world.next('execute', () => ({ kind: 'halted', halt: HALT, scope: 'wider' }));
    const again = world.answered('ask', (input) => input.round === 2);
    const task = await startAsked(tasks, world);
    await decided(task, 'approve');
    await again;
    return decided(task, 'approve');
  },
  'task-halted': async (tasks) => halt(await startAsked(tasks), 'task'),
  'no-room': async (tasks) => {
    const { task, release } = await crowdedOut(tasks);
    const last = task.world.answered('verify', ({ decision }) => decision.id === `forged-${MAX_WAITING}`);
    release();
    await last;
    return decided(task, 'escalate');
  },
  answered: async (tasks) => decided(await startAsked(tasks), 'respond'),
  'taken-over': async (tasks) => {
    const world = worldWith(tasks, { steps: [['issue_refund', 'issue_refund']] });
    const both = world.answered('ask', ({ operation }) => operation === 2);
    const task = await tasks.start(world);
    await both;
    return decided(task, 'take-over', { operation: 1 });
  },
  stopped: async (tasks) => {
    const ladders = { 1: { ...ORDINARY, kind: 'stop' as const } };
    return decided(await startAsked(tasks, worldWith(tasks, { ladders })), 'take-over');
  },
  'safe-action': (tasks) => {
    const ladders = { 1: { roles: ['supervisor'], ttlMs: 300, fallback: 'safe' as const }, 2: null };
    return startAsked(tasks, worldWith(tasks, { ladders }));
  },
  confirmed: async (tasks) => decided(await acted(tasks), 'approve'),
  'undone-by-word': async (tasks) => decided(await acted(tasks), 'reject'),
  'undone-by-silence': (tasks) => acted(tasks, 500),
  'undo-failed': async (tasks) => {
    const task = await acted(tasks);
    const { world } = task;
    world.next('undo', () => ({ kind: 'failed' }));
    const asked = world.answered('ask', ({ reason }) => reason === 'undo-failed');
    await decided(task, 'reject');
    await asked;
    return decided(task, 'resolve', { resolution: 'not-happened' });
  },
  'cancelled-in-window': async (tasks) => {
    const task = await acted(tasks);
    await task.handle.cancel();
    return task;
  },
  'halted-while-leaving': (tasks) => haltedWhileLeaving(tasks, 80),
  cancelled: async (tasks) => {
    const task = await startAsked(tasks);
    await task.handle.cancel();
    return task;
  },
  'planner-failed': async (tasks) => {
    const world = worldWith(tasks, { steps: [['get_order']] });
    world.next('plan', () => {
      throw fatal('config');
    });
    return tasks.start(world);
  },
  /** Long enough for the recorder's server to suggest a next run. */
  continued: async (tasks) => {
    const task = await startAsked(tasks);
    const [question] = [...task.world.questions.values()];
    for (let turn = 1; turn <= 10; turn += 1) {
      const noted = task.world.answered('record');
      await decideBy(task, await task.world.decision('hold', { until: (question?.answerBy ?? 0) + turn }));
      await noted;
    }
    return decided(task, 'approve');
  },
  'slow-ask': async (tasks) => {
    const world = worldWith(tasks, {});
    for (let turn = 0; turn < 3; turn += 1) {
      world.next('ask', () => {
        throw new Error('no database');
      });
    }
    return decided(await startAsked(tasks, world), 'approve');
  },
};

function worldWith(
  tasks: TaskStarter,
  settings: Partial<Pick<FakeWorld, 'steps' | 'ladders' | 'windows'>>,
): FakeWorld {
  return Object.assign(tasks.newWorld(), settings);
}

/** A task whose one call ran softly and can be confirmed for so long. */
async function acted(tasks: TaskStarter, windowMs = 3_600_000): Promise<StartedTask> {
  const world = worldWith(tasks, { windows: { 1: windowMs } });
  const task = await tasks.start(world);
  for (;;) {
    const [branch] = (await task.view()).branches;
    if (branch?.status === 'PAUSED_PENDING_HUMAN' || branch?.status === 'SETTLED') return task;
  }
}

async function decided(
  task: StartedTask,
  verb: Exclude<Verb, 'withdraw'>,
  rest: Pick<Partial<DecisionMessage>, 'operation' | 'resolution'> = {},
): Promise<StartedTask> {
  await decideBy(task, await task.world.decision(verb, rest));
  return task;
}

/** A task whose first approval the claim refused, asked anew. */
async function reasked(tasks: TaskStarter, reason: ReaskReason): Promise<StartedTask> {
  const world = tasks.newWorld();
  world.next('execute', () => ({ kind: 'refused', reason }));
  const again = world.answered('ask', (input) => input.round === 2);
  const task = await decided(await startAsked(tasks, world), 'approve');
  await again;
  return task;
}

async function halt(task: StartedTask, scope: 'task' | 'wider'): Promise<StartedTask> {
  const seen = task.world.answered('inspect');
  task.world.halts = [{ halt: HALT, scope }];
  await task.handle.signal('halt', { halt: HALT, jws: '' });
  await seen;
  return task;
}
