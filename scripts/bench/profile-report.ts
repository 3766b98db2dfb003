import type { ProfileShares } from './cpu-profile.js';
import { PROFILED, type Profile } from './profile.js';
import { table } from './report.js';

const LINES = 25;
const WIDTH = 90;

type Shares = ProfileShares['groups'];

/** Both profiles side by side, as lines of text. */
export function profileTables(bare: Profile, ours: Profile): string[] {
  const lines = [
    `ms per run, of ${PROFILED.runs} runs of each side at C = ${PROFILED.concurrency}, under V8's profiler.`,
    '',
  ];
  for (const [name, threads] of Object.entries(ours.threads)) {
    const shares = (of: Readonly<Record<string, number>> | undefined): Shares =>
      Object.entries(of ?? {}).filter(([thread]) => !thread.startsWith('v8:Prof'));
    lines.push(...beside(`${name}: CPU by thread`, shares(bare.threads[name]), shares(threads)), '');
  }
  for (const [name, shares] of Object.entries(ours.code)) {
    const other = bare.code[name];
    lines.push(...beside(`${name}: code that ran`, other?.groups ?? [], shares.groups), '');
    lines.push(...beside(`${name}: functions`, other?.self ?? [], shares.self), '');
    if (shares.functions.length > 0) lines.push(...beside(`${name}: on behalf of`, [], shares.functions), '');
  }
  return [...lines, ...statementTable(ours)];
}

function beside(title: string, bare: Shares, ours: Shares): string[] {
  const others = new Map(bare);
  const rows = ours
    .slice(0, LINES)
    .map(([what, ms]) => [figure(others.get(what)), figure(ms), what.slice(0, WIDTH)]);
  const total = (shares: Shares) => shares.reduce((sum, [, ms]) => sum + ms, 0);
  return right(['bare', 'ours', title], [...rows, [figure(total(bare)), figure(total(ours)), '(all)']]);
}

function statementTable({ statements }: Profile): string[] {
  const rows = statements
    .filter(({ calls }) => calls >= 0.05)
    .map(({ statement, calls, ms }) => [figure(calls), figure(ms), statement.slice(0, WIDTH)]);
  const total = statements.reduce((sum, { calls }) => sum + calls, 0);
  return right(['per run', 'ms each run', `statements to our database: ${total.toFixed(1)} a run`], rows);
}

/** Figures first, the text last and flush left. */
function right(head: readonly [string, string, string], rows: readonly (readonly string[])[]): string[] {
  const turn = ([first = '', second = '', text = '']: readonly string[]) => [
    first.padStart(8),
    second,
    `  ${text}`,
  ];
  return table(turn(head), rows.map(turn)).map((line) => line.trimEnd());
}

function figure(value: number | undefined): string {
  return value === undefined ? '' : value.toFixed(2);
}
