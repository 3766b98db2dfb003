import { nudgeTasks } from '../client/nudge-tasks.js';
import { holdFanOut, leaseFanOut, markFannedOut, tasksUnder, type HaltRow } from '../store/halts.js';
import type { TaskRef } from '../client/connection.js';
import type { HaltId } from '../domain/ids.js';
import type { DispatcherDeps } from './deps.js';

const LEASE_MS = 30_000;
/** Told between two renewals of the lease, 16 at once: each may take a second. */
const PAGE_TASKS = 300;

/** A halt whose tasks are being told, and up to which one they were. */
interface Telling {
  readonly halt: HaltRow;
  readonly after: TaskRef | undefined;
  /** Undefined = every task under the halt; else those that were not reached the last time. */
  readonly only: readonly TaskRef[] | undefined;
  readonly missed: readonly TaskRef[];
}

/**
 * Tells, at each call, the tasks of every halt and lift that is due, a page of each in turn: a wide halt holds up no narrow one. The leases
 * last as long as the work does, and end with it when it is stopped. Those that could not be reached are told again when the lease is over,
 * they alone: of many, one is always missed. Answers how many were leased.
 */
export function openFanOut(
  deps: Pick<DispatcherDeps, 'database' | 'tasks'>,
  stopping?: AbortSignal,
  pageTasks = PAGE_TASKS,
): () => Promise<number> {
  const { database } = deps;
  const unreached = new Map<HaltId, Telling>();
  const begin = (halt: HaltRow): Telling => {
    const before = unreached.get(halt.id);
    unreached.delete(halt.id);
    const only = before && isSame(before.halt, halt) ? before.missed : undefined;
    return { halt, after: undefined, only, missed: [] };
  };
  const end = async (told: Telling) => {
    if (told.missed.length > 0) unreached.set(told.halt.id, told);
    else await markFannedOut(database, told.halt, await database.now());
  };
  return async () => {
    let leased = 0;
    let open: Telling[] = [];
    while (stopping?.aborted !== true) {
      const due = await leaseFanOut(database, await database.now(), LEASE_MS);
      leased += due.length;
      const fresh = due.filter((halt) => !open.some((old) => isSame(old.halt, halt)));
      open.push(...fresh.map(begin));
      const [next, ...others] = open;
      if (next === undefined) return leased;
      const { telling, over } = await tellPage(deps, next, pageTasks, stopping);
      if (over) await end(telling);
      open = await stillHeld(deps, over ? others : [...others, telling], LEASE_MS);
    }
    await stillHeld(deps, open, 0);
    return leased;
  };
}

/** One that took longer than its lease is leased again by itself: it goes on where it was. */
function isSame(one: HaltRow, other: HaltRow): boolean {
  return one.id === other.id && one.liftedAt === other.liftedAt;
}

/** Tells one page; whether that was the last. */
async function tellPage(
  { database, tasks }: Pick<DispatcherDeps, 'database' | 'tasks'>,
  { halt, after, only, missed }: Telling,
  pageTasks: number,
  stopping: AbortSignal | undefined,
): Promise<{ readonly telling: Telling; readonly over: boolean }> {
  const page = only?.slice(0, pageTasks) ?? (await tasksUnder(database, halt, { after, limit: pageTasks }));
  const message = { halt: halt.id, jws: halt.liftJws ?? halt.jws };
  const left = await nudgeTasks(tasks, page, message, stopping);
  const telling = { halt, after: page.at(-1), only: only?.slice(pageTasks), missed: [...missed, ...left] };
  return { telling, over: page.length < pageTasks && stopping?.aborted !== true };
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
