import { nudgeTasks } from '../client/nudge-tasks.js';
import { holdFanOut, leaseFanOut, markFannedOut, tasksUnder, type HaltRow } from '../store/halts.js';
import type { TaskRef } from '../client/connection.js';
import type { DispatcherDeps } from './deps.js';

const LEASE_MS = 30_000;
/** Told between two renewals of the lease, 16 at once: each may take a second. */
const PAGE_TASKS = 300;

/** A halt whose tasks are being told, and up to which one they were. */
interface Telling {
  readonly halt: HaltRow;
  readonly after: TaskRef | undefined;
  readonly reached: boolean;
}

/**
 * Tells the tasks of every halt and lift that is due, a page of each in turn: a wide halt holds up no narrow one. The leases last as long as
 * the work does, and end with it when it is stopped. Answers how many were leased.
 */
export async function fanOutHalts(
  deps: Pick<DispatcherDeps, 'database' | 'tasks'>,
  stopping?: AbortSignal,
  pageTasks = PAGE_TASKS,
): Promise<number> {
  const { database } = deps;
  let leased = 0;
  let open: Telling[] = [];
  while (stopping?.aborted !== true) {
    const due = await leaseFanOut(database, await database.now(), LEASE_MS);
    leased += due.length;
    const fresh = due.filter((halt) => !open.some((old) => isSame(old.halt, halt)));
    open.push(...fresh.map((halt) => ({ halt, after: undefined, reached: true })));
    const [next, ...others] = open;
    if (next === undefined) return leased;
    const rest = await tellPage(deps, next, pageTasks, stopping);
    open = await stillHeld(deps, [...others, ...rest], LEASE_MS);
  }
  await stillHeld(deps, open, 0);
  return leased;
}

/** One that took longer than its lease is leased again by itself: it goes on where it was. */
function isSame(one: HaltRow, other: HaltRow): boolean {
  return one.id === other.id && one.liftedAt === other.liftedAt;
}

/** Tells one page; what is left of the halt, or nothing when that was the last. */
async function tellPage(
  { database, tasks }: Pick<DispatcherDeps, 'database' | 'tasks'>,
  { halt, after, reached }: Telling,
  pageTasks: number,
  stopping: AbortSignal | undefined,
): Promise<readonly Telling[]> {
  const page = await tasksUnder(database, halt, { after, limit: pageTasks });
  const message = { halt: halt.id, jws: halt.liftJws ?? halt.jws };
  const all = (await nudgeTasks(tasks, page, message, stopping)) && reached;
  if (page.length === pageTasks || stopping?.aborted === true)
    return [{ halt, after: page.at(-1), reached: all }];
  if (all) await markFannedOut(database, halt, await database.now());
  return [];
}

/** Holds these for `leaseMs` more; without those that were lifted since, whose lift is leased anew. */
async function stillHeld(
  { database }: Pick<DispatcherDeps, 'database'>,
  open: readonly Telling[],
  leaseMs: number,
): Promise<Telling[]> {
  if (open.length === 0) return [];
  const until = (await database.now()) + leaseMs;
  const halts = open.map(({ halt }) => halt);
  const held = new Set(await holdFanOut(database, halts, until));
  return open.filter(({ halt }) => held.has(halt.id));
}
