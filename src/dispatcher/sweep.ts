import type { TaskRef } from '../client/connection.js';
import type { RunStatus } from '../client/task-client.js';
import { forgetStart, hurrySweep, leaseSweep } from '../store/tasks.js';
import type { DispatcherDeps } from './deps.js';

/** How often every open task is looked at; what an operator ended by force is found by asking for it. */
const SWEEP_EVERY_MS = 3_600_000;
const ASK_EVERY_MS = 30_000;
/** How far back is asked: the index that answers is behind the events, and a dispatcher may have been away. */
const ASK_BACK_MS = 600_000;

/** Looks at open tasks again and again, and now and then asks which runs were ended by force. */
export function openSweep(deps: DispatcherDeps, stopping: AbortSignal): () => Promise<number> {
  let askAt = 0;
  return async () => {
    if (performance.now() >= askAt) {
      askAt = performance.now() + ASK_EVERY_MS;
      await noticeEnded(deps);
    }
    return sweepOnce(deps, stopping);
  };
}

/**
 * Closes those of the open tasks whose run ended without doing so itself; answers how many. A run that was lost before it did anything is
 * started again. One that cannot be closed holds up no other: the first failure is thrown at the end.
 */
export async function sweepOnce(deps: DispatcherDeps, stopping?: AbortSignal): Promise<number> {
  const { database } = deps;
  const open = [...(await leaseSweep(database, await database.now(), SWEEP_EVERY_MS))];
  const failures: unknown[] = [];
  let ended = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (stopping?.aborted === true) {
      await hurrySweep(database, [next, ...open]); // else nobody would look at them for an hour
      break;
    }
    try {
      if (await closeIfEnded(deps, next)) ended += 1;
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return ended;
}

/** Whether its run had ended. */
async function closeIfEnded(
  deps: DispatcherDeps,
  { runId, ...task }: TaskRef & { readonly runId: string | null },
): Promise<boolean> {
  const status: RunStatus = await deps.tasks.describe(task);
  if (status.kind !== 'ended' && status.kind !== 'missing') return false;
  if (status.kind === 'ended') await deps.closeEnded(task, status.as);
  else if (runId === null) await forgetStart(deps.database, task.tenant, task.task);
  else await deps.closeEnded(task, 'MISSING');
  return true;
}

/** Has every task looked at of which a run was ended by force a short while ago. */
export async function noticeEnded(deps: Pick<DispatcherDeps, 'database' | 'tasks'>): Promise<void> {
  const since = (await deps.database.now()) - ASK_BACK_MS;
  await hurrySweep(deps.database, await deps.tasks.endedByForce(since));
}
