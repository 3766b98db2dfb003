import type { Bench, Block } from './block.js';
import { takeBlock } from './block.js';
import type { Stored } from './report.js';
import type { Side } from './side.js';
import { summarise, type Comparison } from './summary.js';

/** Runs of each side before anything is measured: a server process lives for weeks, and its code is compiled as it runs (docs/decisions/030-what-the-gate-costs.md). */
export const WARM_UP = { runs: 1_000, concurrency: 16 };
/** Every slot gets at least so many runs at each concurrency: one would be all beginning. */
const ROUNDS = 8;

/** What one interleaved run gave. */
export interface Compared {
  readonly comparisons: readonly Comparison[];
  readonly stored: Stored;
}

/** Lets both sides take turns at each concurrency, then weighs what a run of each leaves behind. */
export async function compare(
  bench: Bench,
  sides: readonly [bare: Side, countersign: Side],
  plan: {
    readonly runs: number;
    readonly concurrency: readonly number[];
    readonly blocks: number;
    readonly log: (line: string) => void;
  },
): Promise<Compared> {
  for (const side of sides) await takeBlock(bench, side, WARM_UP.concurrency, WARM_UP.runs);
  const comparisons: Comparison[] = [];
  for (const concurrency of plan.concurrency) {
    const perBlock = Math.ceil(Math.max(plan.runs, ROUNDS * concurrency) / plan.blocks);
    const blocks: Block[] = [];
    for (let turn = 0; turn < plan.blocks; turn++) {
      for (const side of sides) {
        plan.log(`C = ${concurrency}, turn ${turn + 1} of ${plan.blocks}: ${perBlock} runs of ${side.name}`);
        blocks.push(await takeBlock(bench, side, concurrency, perBlock));
      }
    }
    const of = (name: Side['name']) => summarise(blocks.filter((block) => block.side === name));
    comparisons.push({ concurrency, bare: of('bare'), countersign: of('countersign') });
  }
  plan.log('stored bytes');
  const [bare, countersign] = sides;
  return {
    comparisons,
    stored: { bare: await weigh(bench, bare), countersign: await weigh(bench, countersign) },
  };
}

const WEIGHED = { runs: 200, concurrency: 16 };

async function weigh(bench: Bench, side: Side): Promise<Stored['bare']> {
  const before = await bench.servers.storedBytes();
  await takeBlock(bench, side, WEIGHED.concurrency, WEIGHED.runs);
  const after = await bench.servers.storedBytes();
  return {
    temporal: (after.temporal - before.temporal) / WEIGHED.runs,
    countersign: (after.countersign - before.countersign) / WEIGHED.runs,
  };
}
