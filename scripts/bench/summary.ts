import type { Block } from './block.js';
import { addUp, mean, percentile, sum } from './figures.js';

/** A middle and a bad case, ms. */
export interface Spread {
  readonly p50: number;
  readonly p99: number;
}

/** What one side came to at one concurrency, over all its turns. */
export interface SideSummary {
  readonly runs: number;
  readonly runsPerSecond: number;
  readonly submitToAskedMs: Spread;
  readonly decisionToAcknowledgedMs: Spread;
  readonly decisionToExecutedMs: Spread;
  /** Until the history was closed. */
  readonly decisionToDoneMs: Spread;
  /** Until the client had the result. */
  readonly decisionToResultMs: Spread;
  readonly events: number;
  readonly workflowTasks: number;
  /** Per run, by process. */
  readonly cpuMs: Readonly<Record<string, number>>;
  /** Per run, all processes but the client. */
  readonly totalCpuMs: number;
  readonly walBytes: number;
}

/** Puts the turns of one side at one concurrency together. */
export function summarise(blocks: readonly Block[]): SideSummary {
  const runs = blocks.flatMap((block) => block.runs);
  const spread = (times: readonly number[]): Spread => ({
    p50: percentile(times, 50),
    p99: percentile(times, 99),
  });
  const perRun = (amount: number) => amount / runs.length;
  const cpu = addUp(blocks.map((block) => block.cpu));
  const cpuMs = Object.fromEntries(Object.entries(cpu).map(([name, ms]) => [name, perRun(ms)]));
  return {
    runs: runs.length,
    runsPerSecond: runs.length / (sum(blocks.map((block) => block.loadMs)) / 1_000),
    submitToAskedMs: spread(runs.map((run) => run.asked - run.submitted)),
    decisionToAcknowledgedMs: spread(runs.map((run) => run.acknowledged - run.decided)),
    decisionToExecutedMs: spread(runs.map((run) => run.executed - run.decided)),
    decisionToDoneMs: spread(runs.map((run) => run.closedAtWall - run.decidedAtWall)),
    decisionToResultMs: spread(runs.map((run) => run.answered - run.decided)),
    events: mean(runs.map((run) => run.events)),
    workflowTasks: mean(runs.map((run) => run.workflowTasks)),
    cpuMs,
    totalCpuMs: sum(Object.entries(cpuMs).map(([name, ms]) => (name === 'client' ? 0 : ms))),
    walBytes: perRun(sum(blocks.map((block) => block.walBytes))),
  };
}

/** Both sides at one concurrency. */
export interface Comparison {
  readonly concurrency: number;
  readonly bare: SideSummary;
  readonly countersign: SideSummary;
}

/** One target of the issue and whether this run held it. */
export interface Target {
  readonly name: string;
  readonly concurrency: number;
  readonly limit: number;
  readonly ratio: number;
  readonly held: boolean;
}

/** The targets, each at each concurrency: at most 1.0 x the events, 1.25 x the CPU, 1.5 x the time from decision to execution. */
export function targetsOf({ concurrency, bare, countersign }: Comparison): Target[] {
  const target = (name: string, limit: number, ours: number, theirs: number): Target => {
    const ratio = ours / theirs;
    return { name, concurrency, limit, ratio, held: ratio <= limit };
  };
  return [
    target('history events', 1, countersign.events, bare.events),
    target('CPU', 1.25, countersign.totalCpuMs, bare.totalCpuMs),
    target(
      'decision -> executed, p50',
      1.5,
      countersign.decisionToExecutedMs.p50,
      bare.decisionToExecutedMs.p50,
    ),
  ];
}
