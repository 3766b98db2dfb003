import { setTimeout as sleep } from 'node:timers/promises';
import { takeBlock, type Bench } from './block.js';
import { compareIdle, lowestResident, watchIdle, type IdleShare, type Watched } from './idle.js';
import { AT_ONCE, parkSide, untilWaiting, type ParkedTasks, type Resume } from './park-side.js';
import type { Stored } from './report.js';
import type { Side } from './side.js';

/** What the waiting tasks of one side cost. */
export interface ParkedSide {
  /** Resident bytes by process, lowest of the windows: those just before the parking, and those with all waiting. */
  readonly memory: Readonly<Record<string, { readonly none: number; readonly waiting: number }>>;
  /** Bytes of one waiting task, packed. */
  readonly stored: Stored['bare'];
  /** CPU by process, ms per second. */
  readonly idle: Readonly<Record<string, IdleShare>>;
  readonly resumes: readonly Resume[];
}

/** What waiting costs on each side. */
export interface Parked {
  readonly count: number;
  /** Runs that each side had done before its memory was first read. */
  readonly warmUpRuns: number;
  readonly windows: { readonly seconds: number; readonly none: number; readonly waiting: number };
  readonly bare: ParkedSide;
  readonly countersign: ParkedSide;
}

const WARM_UP_RUNS = 40;
/** What is done once a minute shows twice in each phase. */
const WATCHED_SECONDS = 120;
const FEWEST_WINDOWS = 4;
const SETTLE_MS = 10_000;

/**
 * Parks tasks of one side, then of the other; before, between and after nothing waits, and that is watched too. Warmed up by as many
 * runs as will wait, so that what a worker keeps from having worked is not counted as theirs.
 */
export async function park(
  bench: Bench,
  [bare, countersign]: readonly [bare: Side, countersign: Side],
  plan: { readonly count: number; readonly idleSeconds: number; readonly log: (line: string) => void },
): Promise<Parked> {
  const { count, idleSeconds: seconds, log } = plan;
  const windows = Math.max(FEWEST_WINDOWS, Math.ceil(WATCHED_SECONDS / seconds));
  const watch = (what: string) => {
    log(`${what}: ${windows} windows of ${seconds} s`);
    return watchIdle(bench, [bare, countersign], { windows, seconds });
  };
  const watchNone = async () => {
    await untilWaiting(bench.client, 0);
    await sleep(SETTLE_MS);
    return watch('nothing waits');
  };
  const parkTasks = (side: Side) => {
    log(`parking ${count} tasks of ${side.name}`);
    return parkSide(bench, side, count, () => watch(`${count} tasks of ${side.name} wait`));
  };

  const warmUp = Math.max(WARM_UP_RUNS, count);
  log(`warming up: ${warmUp} runs of each side`);
  for (const side of [bare, countersign]) await takeBlock(bench, side, AT_ONCE, warmUp);
  const first = await watchNone();
  const bareTasks = await parkTasks(bare);
  const second = await watchNone();
  const ourTasks = await parkTasks(countersign);
  const none = [first, second, await watchNone()];
  return {
    count,
    warmUpRuns: warmUp,
    windows: { seconds, none: none.length * windows, waiting: windows },
    bare: costOf('bare', { before: first, none, tasks: bareTasks, count }),
    countersign: costOf('countersign', { before: second, none, tasks: ourTasks, count }),
  };
}

function costOf(
  name: Side['name'],
  seen: {
    readonly before: Watched;
    readonly none: readonly Watched[];
    readonly tasks: ParkedTasks;
    readonly count: number;
  },
): ParkedSide {
  const { before, none, tasks, count } = seen;
  const { watched, stored, resumes } = tasks;
  const waiting = lowestResident(watched[name]);
  const memory = Object.entries(lowestResident(before[name])).map(
    ([process, bytes]) => [process, { none: bytes, waiting: waiting[process] ?? 0 }] as const,
  );
  return {
    memory: Object.fromEntries(memory),
    stored: { temporal: stored.temporal / count, countersign: stored.countersign / count },
    idle: compareIdle(
      none.flatMap((phase) => phase[name]),
      watched[name],
    ),
    resumes,
  };
}
