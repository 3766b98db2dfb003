import { setTimeout as sleep } from 'node:timers/promises';
import { nudgeTasks } from '../client/nudge-tasks.js';
import type { RunStatus, TaskClient } from '../client/task-client.js';
import { leaseUndelivered, refusalEvent, refuseStored, type DecisionRow } from '../store/decisions.js';
import { leaseFanOut, markFannedOut, tasksUnder } from '../store/halts.js';
import { appendJournal } from '../store/journal.js';
import { hurrySweep, leaseCancels, leaseSweep, leaseUnstarted } from '../store/tasks.js';
import { leaseUndeliveredRounds } from '../store/outbox.js';
import { amendNotices } from './amends.js';
import type { DispatcherDeps } from './deps.js';
import { openHookDesk } from './hooks.js';
import { sendNotices } from './notices.js';

const LEASE_MS = 5_000;
/** How often every open task is looked at; what an operator ended by force is found by asking for it. */
const SWEEP_EVERY_MS = 3_600_000;
const ASK_EVERY_MS = 30_000;
/** How often is looked for messages whose question is over. */
const AMEND_EVERY_MS = 2_000;
/** How far back is asked: the index that answers is behind the events, and a dispatcher may have been away. */
const ASK_BACK_MS = 600_000;

/** Drives whatever is stored and has not moved, but notices: any process may die at any time, nothing answered with success depends on it. */
export async function dispatchOnce(deps: DispatcherDeps): Promise<number> {
  const now = await deps.database.now();
  let moved = 0;
  moved += await startTasks(deps, now);
  moved += await sendDecisions(deps, now);
  moved += await cancelTasks(deps, now);
  moved += await fanOutHalts(deps, now);
  moved += await nudgeUndelivered(deps, now);
  moved += await sweep(deps, now);
  moved += await deps.settleAbandoned();
  return moved;
}

async function startTasks(deps: DispatcherDeps, now: number): Promise<number> {
  const waiting = await leaseUnstarted(deps.database, now, LEASE_MS);
  await Promise.all(
    waiting.map(({ tenant, task, agent, readyTool }) =>
      deps.tasks.start({ tenant, task, agent, ready: readyTool === null ? null : { tool: readyTool } }),
    ),
  );
  return waiting.length;
}

async function sendDecisions(deps: DispatcherDeps, now: number): Promise<number> {
  const waiting = await leaseUndelivered(deps.database, now);
  await Promise.all(waiting.map((row) => sendDecision(deps, row, now)));
  return waiting.length;
}

async function sendDecision(deps: DispatcherDeps, row: DecisionRow, now: number): Promise<void> {
  const sent = await deps.tasks.send(row, row.message);
  if (sent.kind !== 'refused') return;
  const { tenant, task } = row;
  await deps.database.transaction(async (tx) => {
    const refused = await refuseStored(tx, { tenant, task, id: row.id, code: 'not-open', now });
    await appendJournal(tx, { tenant, task, now, events: refused.map(refusalEvent) });
  });
}

async function cancelTasks(deps: DispatcherDeps, now: number): Promise<number> {
  const waiting = await leaseCancels(deps.database, now, LEASE_MS);
  await Promise.all(waiting.map((task) => deps.tasks.cancel(task)));
  return waiting.length;
}

async function fanOutHalts(deps: DispatcherDeps, now: number): Promise<number> {
  const halts = await leaseFanOut(deps.database, now, 30_000);
  for (const halt of halts) {
    const message = { halt: halt.id, jws: halt.liftJws ?? halt.jws };
    const reached = await nudgeTasks(deps.tasks, await tasksUnder(deps.database, halt), message);
    if (reached) await markFannedOut(deps.database, halt, now);
  }
  return halts.length;
}

async function nudgeUndelivered(deps: DispatcherDeps, now: number): Promise<number> {
  const tasks = await leaseUndeliveredRounds(deps.database, now, LEASE_MS);
  await nudgeTasks(deps.tasks, tasks, { halt: NO_HALT, jws: '' });
  return tasks.length;
}

/** A nudge that is about no halt: the run looks into the store all the same. */
const NO_HALT = 'none' as Parameters<TaskClient['nudge']>[1]['halt']; // only read by people

async function sweep(deps: DispatcherDeps, now: number): Promise<number> {
  const open = await leaseSweep(deps.database, now, SWEEP_EVERY_MS);
  let ended = 0;
  for (const task of open) {
    const status: RunStatus = await deps.tasks.describe(task);
    if (status.kind !== 'ended' && status.kind !== 'missing') continue;
    ended += 1;
    await deps.closeEnded(task, status.kind === 'ended' ? status.as : 'MISSING');
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
      await Promise.all([driving, pause(graceMs, done.signal)]);
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
