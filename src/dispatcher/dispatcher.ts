import { setTimeout as sleep } from 'node:timers/promises';
import { isThere } from '../client/start.js';
import { nudgeTasks } from '../client/nudge-tasks.js';
import type { TaskClient } from '../client/task-client.js';
import {
  leaseUndelivered,
  markDelivered,
  refusalEvent,
  refuseStored,
  type DecisionRow,
} from '../store/decisions.js';
import { appendJournal } from '../store/journal.js';
import { hurrySweep, leaseCancels, leaseUnstarted, markStarted, type TaskRow } from '../store/tasks.js';
import { leaseUndeliveredRounds } from '../store/outbox.js';
import { analyzeNewTables } from '../store/statistics.js';
import { amendNotices } from './amends.js';
import type { DispatcherDeps } from './deps.js';
import { openFanOut } from './fan-out.js';
import { openHookDesk } from './hooks.js';
import { sendNotices } from './notices.js';
import { openSweep, sweepOnce } from './sweep.js';
import { faultName } from '../domain/failure-facts.js';

const LEASE_MS = 5_000;
/** How often is looked for open tasks that are due to be looked at; each is once an hour, or when its run was ended by force. */
const SWEEP_LOOK_EVERY_MS = 2_000;
/** How often is looked for messages whose question is over. */
const AMEND_EVERY_MS = 2_000;
/** How often is looked for tables without statistics: there are some in a deployment's first minute. */
const ANALYZE_EVERY_MS = 2_000;

/** Everything that the dispatcher's loops drive, once, but notices: any process may die at any time, nothing answered with success depends on it. */
export async function dispatchOnce(deps: DispatcherDeps): Promise<number> {
  const works = [driveOnce(deps), openFanOut(deps)(), sweepOnce(deps)];
  await everyOne(works);
  return (await Promise.all(works)).reduce((sum, moved) => sum + moved, 0);
}

/** What is stored and has not moved: starts, decisions, cancels, what nobody heard of. Each is short, so that none waits long for the others. */
async function driveOnce(deps: DispatcherDeps): Promise<number> {
  const now = await deps.database.now();
  const [unstarted, decisions, cancelled, undelivered] = await leaseAll(deps, now);
  const settling = deps.settleAbandoned();
  await everyOne([
    startRuns(deps, unstarted, now),
    ...decisions.map((row) => sendDecision(deps, row, now)),
    ...cancelled.map((task) => deps.tasks.cancel(task)),
    nudgeTasks(deps.tasks, undelivered, { halt: NO_HALT, jws: '' }),
    settling,
  ]);
  return [unstarted, decisions, cancelled, undelivered].flat().length + (await settling);
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
      leaseUndeliveredRounds(queries, now, LEASE_MS),
    ]),
  );
}

async function startRuns(deps: DispatcherDeps, rows: readonly TaskRow[], now: number): Promise<void> {
  const seen = await Promise.all(
    rows.map(async ({ tenant, task, agent, readyTool }) => {
      const ready = readyTool === null ? null : { tool: readyTool };
      const { kind } = await deps.tasks.start({ tenant, task, agent, ready });
      return { tenant, task, kind };
    }),
  );
  await markStarted(deps.database, seen.filter(isThere), now);
  // A run that had the name before may have ended.
  await hurrySweep(
    deps.database,
    seen.filter(({ kind }) => kind === 'exists'),
  );
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

/** A nudge that is about no halt: the run looks into the store all the same. */
const NO_HALT = 'none' as Parameters<TaskClient['nudge']>[1]['halt']; // only read by people

/**
 * Drives and notifies until stopped: at once again while there is work, else after `idleMs`. Errors are logged and tried again. Telling the
 * tasks of halts, looking at open tasks, each channel and the web hooks have loops of their own: neither many tasks nor a slow server of
 * somebody else hold up anything else. `graceMs` is what messages under way have at the end.
 */
export function startDispatcher(
  deps: DispatcherDeps,
  { idleMs = 500, graceMs = 5_000 } = {},
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const repeat = async (work: () => Promise<number>, pauseMs = idleMs) => {
    while (!stopping.signal.aborted) {
      const moved = await work().catch((error: unknown) => {
        deps.log('warn', 'dispatcher-failed', { error: faultName(error) });
        return 0;
      });
      if (moved === 0) await pause(pauseMs, stopping.signal);
    }
  };
  const sweep = openSweep(deps, stopping.signal);
  const driving = [
    repeat(() => driveOnce(deps)),
    repeat(openFanOut(deps, stopping.signal)),
    repeat(sweep, SWEEP_LOOK_EVERY_MS),
  ];
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
      await Promise.all([...driving, analyzing, pause(graceMs, done.signal)]);
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
