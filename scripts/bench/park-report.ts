import { percentile } from './figures.js';
import { TOGETHER, type Range } from './idle.js';
import type { Resume } from './park-side.js';
import type { Parked, ParkedSide } from './park.js';
import { amount, table } from './report.js';
import type { Side } from './side.js';

/** What waiting costs, as lines of text: one table of costs, then the idle CPU of each side. */
export function parkTables(parked: Parked): string[] {
  const { count, warmUpRuns, windows, bare, countersign } = parked;
  return [
    `${count} waiting tasks of one side, then of the other. Memory is the lowest of ${windows.waiting} windows, its baseline the same worker after ${warmUpRuns} ended runs with nothing waiting.`,
    '',
    ...costTable(parked),
    '',
    `CPU in ms per second: mean of the windows (lowest - highest), ${windows.none} of ${windows.seconds} s with nothing waiting and ${windows.waiting} with ${count} tasks.`,
    '',
    ...idleTable('bare', bare),
    '',
    ...idleTable('countersign', countersign),
  ];
}

function costTable({ count, bare, countersign }: Parked): string[] {
  const row = (name: string, unit: string, of: (side: ParkedSide) => number) =>
    amount(name, of(bare), of(countersign), unit);
  const memory = (process: string, side: ParkedSide) =>
    side.memory[process] ?? { none: Number.NaN, waiting: Number.NaN };
  const processes = [...new Set([bare, countersign].flatMap((side) => Object.keys(side.memory)))];
  const resume = (name: string, time: keyof Resume, of: (times: readonly number[]) => number) =>
    row(name, 'ms', ({ resumes }) => of(resumes.map((each) => each[time])));
  return table(
    [`${count} waiting`, 'bare', 'countersign', 'ratio'],
    [
      ...processes.flatMap((process) => [
        row(`${process}, nothing waiting`, 'MB', (side) => memory(process, side).none / 1_048_576),
        row(`${process}, all waiting`, 'MB', (side) => memory(process, side).waiting / 1_048_576),
        row(`${process}, per waiting task`, 'KB', (side) => {
          const { none, waiting } = memory(process, side);
          return (waiting - none) / count / 1_024;
        }),
      ]),
      row("stored per task, Temporal's databases", 'KB', ({ stored }) => stored.temporal / 1_024),
      row('stored per task, our database', 'KB', ({ stored }) => stored.countersign / 1_024),
      resume('kill -9 -> new worker ready, middle', 'readyMs', (times) => percentile(times, 50)),
      resume('ready -> first call, middle', 'resumeMs', (times) => percentile(times, 50)),
      resume('ready -> first call, slowest', 'resumeMs', (times) => Math.max(...times)),
    ],
  );
}

function idleTable(name: Side['name'], { idle }: ParkedSide): string[] {
  const text = ({ mean: middle, lowest, highest }: Range) =>
    `${middle.toFixed(2)} (${lowest.toFixed(2)} - ${highest.toFixed(2)})`;
  const rows = Object.entries(idle).map(([process, { none, waiting, place }]) => [
    process === TOGETHER ? 'all of these' : process,
    text(none),
    text(waiting),
    `${waiting.mean < none.mean ? '' : '+'}${(waiting.mean - none.mean).toFixed(2)}`,
    place === 'above' ? 'ABOVE none' : `${place} none`,
  ]);
  return table([`idle, ${name}`, 'nothing waiting', 'all waiting', 'more', ''], rows);
}
