import type { TaskView } from '../../src/contract/http.js';
import type { Tier } from '../../src/domain/action.js';
import { countInput, type InputCount, type RecordedRun } from './recorded-runs.js';

/** One line of the effects file: something that the airline really did. */
export interface Effect {
  readonly key: string;
  readonly tool: string;
  readonly task: string;
  readonly operation: number;
}

interface Writes {
  readonly proposed: number;
  readonly executed: number;
  readonly stopped: number;
}

/** What a replay came to. Writes are calls of tier 3 and 4; right are those that the run's expected actions hold. */
export interface ReplayReport {
  readonly runs: number;
  readonly calls: InputCount['calls'];
  readonly escalations: number;
  readonly wrongWrites: Writes;
  readonly rightWrites: Writes;
  readonly handedToPeople: number;
  /** Effects that happened more than once. */
  readonly doubled: number;
  readonly journalsVerified: number;
  readonly wallSeconds: number;
}

/** All that a report is made of. */
export interface Replayed {
  readonly runs: readonly RecordedRun[];
  readonly views: ReadonlyMap<string, TaskView>;
  readonly effects: readonly Effect[];
  readonly journals: { readonly verified: number; readonly fault: string | null };
  readonly wallSeconds: number;
  readonly tierOf: (tool: string) => Tier;
}

const HAND_OVER = 'transfer_to_human_agents';

interface Told {
  readonly tool: string;
  readonly right: boolean;
  readonly write: boolean;
  readonly asked: boolean;
  /** What Countersign says became of it. */
  readonly outcome: string | null;
  /** How often it happened, by the tool's own count. */
  readonly times: number;
  readonly where: string;
}

/** Compares what Countersign says with what the tools counted; whatever differs, or should not be, is named. */
export function reportOf(replayed: Replayed): { report: ReplayReport; deviations: readonly string[] } {
  const input = countInput(replayed.runs, replayed.tierOf);
  const calls = toldOf(replayed);
  const of = (right: boolean): Writes => {
    const writes = calls.filter((call) => call.write && call.right === right);
    const executed = writes.filter((call) => call.times > 0).length;
    return {
      proposed: writes.length,
      executed,
      stopped: writes.filter((call) => call.outcome === 'rejected').length,
    };
  };
  const report: ReplayReport = {
    runs: replayed.views.size,
    calls: input.calls,
    escalations: calls.filter((call) => call.asked).length,
    wrongWrites: of(false),
    rightWrites: of(true),
    handedToPeople: calls.filter((call) => call.tool === HAND_OVER && call.times > 0).length,
    doubled: calls.filter((call) => call.times > 1).length,
    journalsVerified: replayed.journals.verified,
    wallSeconds: replayed.wallSeconds,
  };
  return {
    report,
    deviations: [
      ...unfinished(replayed),
      ...calls.flatMap(deviationOf),
      ...wrongFigures(report, input, replayed.journals.fault),
    ],
  };
}

function toldOf({ runs, views, effects, tierOf }: Replayed): readonly Told[] {
  const times = new Map<string, number>();
  for (const { task, operation } of effects)
    times.set(`${task}:${operation}`, (times.get(`${task}:${operation}`) ?? 0) + 1);
  return runs.flatMap(({ task, calls }) =>
    calls.map(({ tool, right }, index): Told => {
      const where = `${task}:${index + 1}`;
      const said = views.get(task)?.operations.find((operation) => operation.operation === index + 1);
      return {
        tool,
        right,
        where,
        write: tierOf(tool) >= 3,
        times: times.get(where) ?? 0,
        asked: said?.escalation != null,
        outcome: said?.tool === tool ? said.outcome : null,
      };
    }),
  );
}

function unfinished({ runs, views }: Replayed): string[] {
  return runs.flatMap(({ task, calls }) => {
    const view = views.get(task);
    if (view === undefined) return [`${task} was never seen`];
    const state =
      view.state === 'COMPLETED'
        ? []
        : [`${task} is ${view.state} (${view.reason ?? ''} ${view.detail ?? ''})`];
    const count =
      view.operations.length === calls.length
        ? []
        : [`${task} has ${view.operations.length} operations of ${calls.length}`];
    return [...state, ...count];
  });
}

function deviationOf({ tool, right, write, asked, outcome, times, where }: Told): string[] {
  const wanted = write && !right ? 'rejected' : 'executed';
  const faults = [
    ...(write && !asked ? ['nobody was asked'] : []),
    ...(outcome === wanted || (!write && outcome !== null)
      ? []
      : [`it should be ${wanted} and is ${outcome ?? 'not told'}`]),
    ...(times === (outcome === 'executed' ? 1 : 0)
      ? []
      : [`it happened ${times} times and is told as ${outcome ?? 'nothing'}`]),
  ];
  return faults.map((fault) => `${where} ${tool}: ${fault}`);
}

function wrongFigures(report: ReplayReport, input: InputCount, fault: string | null): string[] {
  return [
    ...(report.wrongWrites.proposed === input.wrongWrites && report.rightWrites.proposed === input.rightWrites
      ? []
      : ['the writes proposed are not those of the file']),
    ...(fault === null ? [] : [fault]),
    ...(report.journalsVerified === report.runs
      ? []
      : [`${report.journalsVerified} journals of ${report.runs} verified`]),
  ];
}

/** The report as a table for people. */
export function reportLines(report: ReplayReport): readonly string[] {
  const { calls, wrongWrites, rightWrites } = report;
  const row = (name: string, ...cells: readonly (string | number)[]) =>
    `${name.padEnd(28)}${cells.map((cell) => String(cell).padStart(10)).join('')}`;
  const writes = (name: string, { proposed, executed, stopped }: Writes) =>
    row(name, proposed, executed, stopped);
  return [
    row('', 'tier 1', 'tier 2', 'tier 3', 'tier 4'),
    row(`calls of ${report.runs} runs`, calls.tier1, calls.tier2, calls.tier3, calls.tier4),
    '',
    row('writes (tier 3 and 4)', 'proposed', 'executed', 'stopped'),
    writes('  wrong', wrongWrites),
    writes('  right', rightWrites),
    '',
    row('questions asked', report.escalations),
    row('handed to people', report.handedToPeople),
    row('effects that happened twice', report.doubled),
    row('journals verified', report.journalsVerified),
    row('seconds', report.wallSeconds),
    '',
    'The scripted reviewer knows the right answers beforehand. This proves the plumbing (each write',
    "asked about, each decision obeyed, nothing done twice), not a reviewer's skill.",
  ];
}
