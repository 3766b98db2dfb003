import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskRef } from '../client/connection.js';
import { isThere } from '../client/start.js';
import { nudgeTasks } from '../client/nudge-tasks.js';
import type { RunStatus, TaskClient } from '../client/task-client.js';
import {
  leaseUndelivered,
  markDelivered,
  refusalEvent,
  refuseStored,
  type DecisionRow,
} from '../store/decisions.js';
import { leaseFanOut, markFannedOut, tasksUnder, type HaltRow } from '../store/halts.js';
import { appendJournal } from '../store/journal.js';
import {
  forgetStart,
  hurrySweep,
  leaseCancels,
  leaseSweep,
  leaseUnstarted,
  markStarted,
  type TaskRow,
} from '../store/tasks.js';
import { leaseUndeliveredRounds } from '../store/outbox.js';
import { analyzeNewTables } from '../store/statistics.js';
import { amendNotices } from './amends.js';
import type { DispatcherDeps } from './deps.js';
import { openHookDesk } from './hooks.js';
import { sendNotices } from './notices.js';

const LEASE_MS = 5_000;
const FAN_OUT_LEASE_MS = 30_000;
/** How often every open task is looked at; what an operator ended by force is found by asking for it. */
const SWEEP_EVERY_MS = 3_600_000;
const ASK_EVERY_MS = 30_000;
/** How often is looked for messages whose question is over. */
const AMEND_EVERY_MS = 2_000;
/** How often is looked for tables without statistics: there are some in a deployment's first minute. */
const ANALYZE_EVERY_MS = 2_000;
/** How far back is asked: the index that answers is behind the events, and a dispatcher may have been away. */
const ASK_BACK_MS = 600_000;

/** Drives whatever is stored and has not moved, but notices: any process may die at any time, nothing answered with success depends on it. */
export async function dispatchOnce(deps: DispatcherDeps): Promise<number> {
  const now = await deps.database.now();
  const [unstarted, decisions, cancelled, halts, undelivered, open] = await leaseAll(deps, now);
  const leased = [unstarted, decisions, cancelled, halts, undelivered].flat().length;
  const closing = Promise.all([closeEnded(deps, open), deps.settleAbandoned()]);
  await everyOne([
    startRuns(deps, unstarted, now),
    ...decisions.map((row) => sendDecision(deps, row, now)),
    ...cancelled.map((task) => deps.tasks.cancel(task)),
    fanOutHalts(deps, halts, now),
    nudgeTasks(deps.tasks, undelivered, { halt: NO_HALT, jws: '' }),
    closing,
  ]);
  const [ended, abandoned] = await closing;
  return leased + ended + abandoned;
}

/** Waits for all of it, then throws the first failure: what was leased with it must not lie until its lease ends. */
async function everyOne(work: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Looks for everything that is due, in one round trip: mostly there is nothing. */
function leaseAll({ database }: DispatcherDeps, now: number) {
  return database.reads((queries) =>
    Promise.all([
      leaseUnstarted(queries, now, LEASE_MS),
      leaseUndelivered(queries, now),
      leaseCancels(queries, now, LEASE_MS),
      leaseFanOut(queries, now, FAN_OUT_LEASE_MS),
      leaseUndeliveredRounds(queries, now, LEASE_MS),
      leaseSweep(queries, now, SWEEP_EVERY_MS),
    ]),
  );
}

async function startRuns(deps: DispatcherDeps, rows: readonly TaskRow[], now: number): Promise<void> {
  const seen = await Promise.all(
    rows.map(async ({ tenant, task, agent, readyTool }) => {
      const ready = readyTool === null ? null : { tool: readyTool };
      return isThere(await deps.tasks.start({ tenant, task, agent, ready })) ? [{ tenant, task }] : [];
    }),
  );
  await markStarted(deps.database, seen.flat(), now);
}

async function sendDecision(deps: DispatcherDeps, row: DecisionRow, now: number): Promise<void> {
  const sent = await deps.tasks.send(row, row.message);
  const has = sent.kind === 'refused' || (sent.kind === 'pending' && sent.sent);
  // What took effect is told for a run that lost it, and once is enough; one that ended needs it no more.
  if (row.outcome !== null && has) return markDelivered(deps.database, [row], now);
  if (sent.kind !== 'refused') return;
  const { tenant, task } = row;
  await deps.database.transaction(async (tx) => {
    const refused = await refuseStored(tx, { tenant, task, id: row.id, code: 'not-open', now });
    await appendJournal(tx, { tenant, task, now, events: refused.map(refusalEvent) });
  });
}

async function fanOutHalts(deps: DispatcherDeps, halts: readonly HaltRow[], now: number): Promise<void> {
  for (const halt of halts) {
    const message = { halt: halt.id, jws: halt.liftJws ?? halt.jws };
    const reached = await nudgeTasks(deps.tasks, await tasksUnder(deps.database, halt), message);
    if (reached) await markFannedOut(deps.database, halt, now);
  }
}

/** A nudge that is about no halt: the run looks into the store all the same. */
const NO_HALT = 'none' as Parameters<TaskClient['nudge']>[1]['halt']; // only read by people

/** Closes those of the open tasks whose run ended without doing so itself; answers how many. A run that was lost before it did anything is started again. */
async function closeEnded(
  deps: DispatcherDeps,
  open: readonly (TaskRef & { readonly runId: string | null })[],
): Promise<number> {
  let ended = 0;
  for (const { runId, ...task } of open) {
    const status: RunStatus = await deps.tasks.describe(task);
    if (status.kind !== 'ended' && status.kind !== 'missing') continue;
    ended += 1;
    if (status.kind === 'ended') await deps.closeEnded(task, status.as);
    else if (runId === null) await forgetStart(deps.database, task.tenant, task.task);
    else await deps.closeEnded(task, 'MISSING');
  }
  return ended;
}

/** Has every task looked at of which a run was ended by force a short while ago. */
export async function noticeEnded(deps: Pick<DispatcherDeps, 'database' | 'tasks'>): Promise<void> {
  const since = (await deps.database.now()) - ASK_BACK_MS;
  await hurrySweep(deps.database, await deps.tasks.endedByForce(since));
}

/**
 * Drives and notifies until stopped: at once again while there is work, else after `idleMs`. Errors are logged and tried again. Each channel
 * and the web hooks have loops of their own: a slow server of somebody else holds up nothing else. `graceMs` is what those under way have at
 * the end.
 */
export function startDispatcher(
  deps: DispatcherDeps,
  { idleMs = 500, graceMs = 5_000 } = {},
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const repeat = async (work: () => Promise<number>, pauseMs = idleMs) => {
    while (!stopping.signal.aborted) {
      const moved = await work().catch((error: unknown) => {
        deps.log('warn', 'dispatcher-failed', { error: error instanceof Error ? error.name : 'unknown' });
        return 0;
      });
      if (moved === 0) await pause(pauseMs, stopping.signal);
    }
  };
  let askAt = 0;
  const driving = repeat(async () => {
    if (performance.now() >= askAt) {
      askAt = performance.now() + ASK_EVERY_MS;
      await noticeEnded(deps);
    }
    return dispatchOnce(deps);
  });
  const done = new AbortController();
  const analyzing = repeat(async () => {
    await analyzeNewTables(deps.database);
    return 0;
  }, ANALYZE_EVERY_MS);
  const loops = deps.notifiers.flatMap((notifier) => [
    repeat(async () => sendNotices(deps, notifier, await deps.database.now())),
    ...(notifier.amend
      ? [repeat(async () => amendNotices(deps, notifier, await deps.database.now()), AMEND_EVERY_MS)]
      : []),
  ]);
  const desk = deps.hooks && openHookDesk({ ...deps, hooks: deps.hooks });
  const telling = desk && repeat(() => desk.begin()).then(() => desk.finish());
  const ending = Promise.all([...loops, telling]).then(() => {
    done.abort();
  });
  return {
    async stop() {
      stopping.abort();
      await Promise.all([driving, analyzing, pause(graceMs, done.signal)]);
      for (const notifier of deps.notifiers) notifier.close();
      desk?.giveUp();
      await ending;
    },
  };
}

/** Leaves nothing behind: a listener for each pause would pile up over a worker's life. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined); // stopped: there is nothing more to wait for
}
