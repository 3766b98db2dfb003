import { setTimeout as sleep } from 'node:timers/promises';
import { keepLooking, readCpu, type Bench } from './block.js';
import { difference, mean, sum } from './figures.js';
import { monotonicMs } from './marks.js';
import { residentBytesOf } from './proc.js';
import type { Side } from './side.js';

/** What one side used while nobody asked anything of it. */
export interface IdleWindow {
  /** CPU, ms per second, by process; without the bench itself. */
  readonly cpu: Readonly<Record<string, number>>;
  /** Resident bytes at the end, by process of its own. */
  readonly resident: Readonly<Record<string, number>>;
}

/** The windows of a phase, one after the other, by side. */
export type Watched = Readonly<Record<Side['name'], readonly IdleWindow[]>>;

/** Watches both sides at the same time. */
export async function watchIdle(
  bench: Bench,
  sides: readonly Side[],
  plan: { readonly windows: number; readonly seconds: number },
): Promise<Watched> {
  const watched: Record<Side['name'], IdleWindow[]> = { bare: [], countersign: [] };
  const stopLooking = keepLooking(bench);
  try {
    for (let made = 0; made < plan.windows; made++) {
      const readAll = () => Promise.all(sides.map((side) => readCpu(bench, side)));
      const began = monotonicMs();
      const before = await readAll();
      await sleep(plan.seconds * 1_000);
      const after = await readAll();
      const seconds = (monotonicMs() - began) / 1_000;
      for (const [index, side] of sides.entries()) {
        const { client: _, ...used } = difference(after[index] ?? {}, before[index] ?? {});
        watched[side.name].push({ cpu: each(used, (ms) => ms / seconds), resident: residentOf(side) });
      }
    }
    return watched;
  } finally {
    stopLooking();
  }
}

function residentOf(side: Side): Record<string, number> {
  return each(side.processes(), residentBytesOf);
}

/** A figure of several windows. */
export interface Range {
  readonly mean: number;
  readonly lowest: number;
  readonly highest: number;
}

/** One process with no task waiting and with them. */
export interface IdleShare {
  readonly none: Range;
  readonly waiting: Range;
  /** Where the mean of the windows with waiting tasks lies among the windows without. */
  readonly place: 'within' | 'above' | 'below';
}

/** The sum of all processes of an account. */
export const TOGETHER = 'together';

/** CPU by process, and of all together, in the windows without and with waiting tasks. */
export function compareIdle(
  none: readonly IdleWindow[],
  waiting: readonly IdleWindow[],
): Record<string, IdleShare> {
  const read = ({ cpu }: IdleWindow, name: string) =>
    name === TOGETHER ? sum(Object.values(cpu)) : (cpu[name] ?? 0);
  const names = new Set([...none, ...waiting].flatMap(({ cpu }) => Object.keys(cpu)));
  const shares = [...names, TOGETHER].map((name) => {
    const range = (windows: readonly IdleWindow[]) => rangeOf(windows.map((window) => read(window, name)));
    return [name, shareOf(range(none), range(waiting))] as const;
  });
  return Object.fromEntries(shares);
}

function shareOf(none: Range, waiting: Range): IdleShare {
  if (waiting.mean > none.highest) return { none, waiting, place: 'above' };
  return { none, waiting, place: waiting.mean < none.lowest ? 'below' : 'within' };
}

function rangeOf(values: readonly number[]): Range {
  return { mean: mean(values), lowest: Math.min(...values), highest: Math.max(...values) };
}

/** Resident bytes by process, the lowest of the windows: an idle V8 gives back its garbage late, and in it least is left. */
export function lowestResident(windows: readonly IdleWindow[]): Record<string, number> {
  return each(windows[0]?.resident ?? {}, (_, name) =>
    Math.min(...windows.map(({ resident }) => resident[name] ?? 0)),
  );
}

function each(
  amounts: Readonly<Record<string, number>>,
  change: (amount: number, name: string) => number,
): Record<string, number> {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, change(amount, name)]));
}
