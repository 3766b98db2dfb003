import type { Comparison, SideSummary, Spread, Target } from './summary.js';

/** Bytes that one run leaves behind, packed. */
export interface Stored {
  readonly bare: { readonly temporal: number; readonly countersign: number };
  readonly countersign: { readonly temporal: number; readonly countersign: number };
}

type Row = readonly [name: string, bare: string, ours: string, ratio: string];

/** The comparison of one concurrency as lines of text. */
export function comparisonTable({ concurrency, bare, countersign }: Comparison): string[] {
  const spread = (name: string, pick: (side: SideSummary) => Spread): Row[] => [
    amount(`${name} p50`, pick(bare).p50, pick(countersign).p50, 'ms'),
    amount(`${name} p99`, pick(bare).p99, pick(countersign).p99, 'ms'),
  ];
  const names = [...new Set([...Object.keys(bare.cpuMs), ...Object.keys(countersign.cpuMs)])];
  const rows: Row[] = [
    amount('runs/s', bare.runsPerSecond, countersign.runsPerSecond, ''),
    ...spread('submit -> asked', (side) => side.submitToAskedMs),
    ...spread('decision -> acknowledged', (side) => side.decisionToAcknowledgedMs),
    ...spread('decision -> executed', (side) => side.decisionToExecutedMs),
    ...spread('decision -> done', (side) => side.decisionToDoneMs),
    ...spread('decision -> result at client', (side) => side.decisionToResultMs),
    amount('history events', bare.events, countersign.events, ''),
    amount('workflow tasks', bare.workflowTasks, countersign.workflowTasks, ''),
    ...names.map((name) => amount(`CPU ${name}`, bare.cpuMs[name] ?? 0, countersign.cpuMs[name] ?? 0, 'ms')),
    amount('CPU without client', bare.totalCpuMs, countersign.totalCpuMs, 'ms'),
    amount('written ahead', bare.walBytes / 1_024, countersign.walBytes / 1_024, 'KB'),
  ];
  return table(
    [`C = ${concurrency}`, `bare (${bare.runs})`, `countersign (${countersign.runs})`, 'ratio'],
    rows,
  );
}

/** What a run of each side leaves in the databases. */
export function storedTable({ bare, countersign }: Stored): string[] {
  const row = (name: string, of: (side: Stored['bare']) => number) =>
    amount(name, of(bare) / 1_024, of(countersign) / 1_024, 'KB');
  return table(
    ['stored per run', 'bare', 'countersign', 'ratio'],
    [
      row("Temporal's databases", (side) => side.temporal),
      row('our database', (side) => side.countersign),
      row('together', (side) => side.temporal + side.countersign),
    ],
  );
}

/** Each target and whether it held. */
export function targetTable(targets: readonly Target[]): string[] {
  const rows = targets.map(({ name, concurrency, limit, ratio, held }): Row => [
    `${name}, C = ${concurrency}`,
    `<= ${limit.toFixed(2)} x`,
    `${ratio.toFixed(2)} x`,
    held ? 'held' : 'MISSED',
  ]);
  return table(['target', 'at most', 'measured', ''], rows);
}

/** One line of figures with their ratio, where that says something. */
export function amount(name: string, bare: number, ours: number, unit: string): Row {
  const ratio = bare > 0 && ours >= 0 ? (ours / bare).toFixed(2) : '';
  return [name, figure(bare, unit), figure(ours, unit), ratio];
}

function figure(value: number, unit: string): string {
  if (Number.isNaN(value)) return '-';
  const digits = Math.abs(value) < 10 ? 2 : 1;
  return unit === '' ? value.toFixed(digits) : `${value.toFixed(digits)} ${unit}`;
}

/** Lines of columns: the first flush left, and texts that begin with two spaces; figures flush right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((text, column) =>
        column === 0 || text.startsWith('  ')
          ? text.padEnd(widths[column] ?? 0)
          : text.padStart(widths[column] ?? 0),
      )
      .join('  ');
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].map((text) =>
    text.trimEnd(),
  );
}
