import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { addUp, difference } from './figures.js';
import { readHistories, type HistoryFacts } from './histories.js';
import { monotonicMs } from './marks.js';
import { cpuMsOf } from './proc.js';
import type { PostgresMeter } from './postgres-meter.js';
import type { BenchServers } from './servers.js';
import type { RunTimes, Side } from './side.js';

/** One turn of one side at one concurrency. */
export interface Block {
  readonly side: Side['name'];
  readonly concurrency: number;
  readonly runs: readonly (RunTimes & HistoryFacts)[];
  /** From the first submit to the last result. */
  readonly loadMs: number;
  /** CPU ms by process; `client` is the bench itself. */
  readonly cpu: Readonly<Record<string, number>>;
  readonly walBytes: number;
}

/** What measuring needs beside the side. */
export interface Bench {
  readonly client: Client;
  readonly servers: BenchServers;
  readonly postgres: PostgresMeter;
  /** A name that no run had before. */
  newId(): string;
}

/** Work that a run leaves behind (marks, timers, queues) is done by then and counted with it. */
const SETTLE_MS = 1_000;
const LOOK_EVERY_MS = 1_000;

/** Takes `count` runs of a side, `concurrency` at once, and measures what they cost. */
export async function takeBlock(
  bench: Bench,
  side: Side,
  concurrency: number,
  count: number,
): Promise<Block> {
  const { servers } = bench;
  const before = await readCpu(bench, side);
  const walBefore = await servers.walBytes();
  const stopLooking = keepLooking(bench);
  const started = monotonicMs();
  const runs = await load(bench, side, concurrency, count).finally(stopLooking);
  const loadMs = monotonicMs() - started;
  const client = (await readCpu(bench, side))['client'] ?? 0;
  await sleep(SETTLE_MS);
  const after = { ...(await readCpu(bench, side)), client };
  const walBytes = (await servers.walBytes()) - walBefore;
  const histories = await readHistories(
    bench.client,
    runs.map((run) => run.workflowId),
  );
  const facts = runs.map((run, index) => {
    const history = histories[index];
    if (!history) throw new Error(`no history of ${run.workflowId}`);
    return { ...run, ...history };
  });
  return { side: side.name, concurrency, runs: facts, loadMs, cpu: difference(after, before), walBytes };
}

async function load(bench: Bench, side: Side, concurrency: number, count: number): Promise<RunTimes[]> {
  const runs: RunTimes[] = [];
  let begun = 0;
  const slot = async () => {
    while (begun < count) {
      begun += 1;
      runs.push(await side.run(bench.newId()));
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, slot));
  return runs;
}

/** Looks at Postgres again and again until the returned function is called: little is lost of a process that ends. */
export function keepLooking({ postgres }: Bench): () => void {
  const looking = setInterval(() => void postgres.read().catch(() => undefined), LOOK_EVERY_MS);
  return () => clearInterval(looking);
}

/** CPU so far, by process. What Postgres does for our own idle processes is not in the account of the bare side. */
export async function readCpu(bench: Bench, side: Side): Promise<Record<string, number>> {
  const { temporal, countersign, background } = await bench.postgres.read();
  const processes = Object.entries(side.processes()).map(([name, pid]) => ({ [name]: cpuMsOf(pid) }));
  const ours = side.name === 'countersign' ? { 'Postgres (ours)': countersign } : {};
  const { user, system } = process.cpuUsage();
  return addUp([
    ...processes,
    { 'Postgres (Temporal)': temporal, 'Postgres (background)': background, ...ours },
    { 'Temporal server': cpuMsOf(bench.servers.temporalPid()), client: (user + system) / 1_000 },
  ]);
}
