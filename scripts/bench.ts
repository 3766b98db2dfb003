/** `npm run bench`: Countersign beside a bare Temporal approval, in one interleaved run on one server. */
import { availableParallelism } from 'node:os';
import { compare, WARM_UP } from './bench/compare.js';
import { measureDesk } from './bench/desk.js';
import { readOptions, USAGE, UsageError, type BenchOptions } from './bench/options.js';
import { parkTables } from './bench/park-report.js';
import { park } from './bench/park.js';
import { profileTables } from './bench/profile-report.js';
import { profileSide, profilingArgs } from './bench/profile.js';
import { comparisonTable, storedTable, targetTable } from './bench/report.js';
import { targetsOf } from './bench/summary.js';
import { startSystem, type System } from './bench/system.js';
import { measureVerdicts } from './bench/verdicts.js';

const log = (line: string) => void process.stderr.write(`bench: ${line}\n`);
const print = (lines: readonly string[]) => void process.stdout.write(`${lines.join('\n')}\n\n`);

async function main(options: BenchOptions): Promise<void> {
  if (options.verdicts) return showVerdicts(options);
  if (options.desk !== undefined) return showDesk(options, options.desk);
  const nodeArgs = options.profile ? profilingArgs : () => () => [];
  const system = await startSystem({ server: options.server, statements: options.profile, nodeArgs, log });
  let stopping: Promise<void> | undefined;
  // Once: work that fails because it is being stopped must not end this process before everything is.
  const stop = () => (stopping ??= system.stop());
  const interrupted = () => void stop().finally(() => process.kill(process.pid, 'SIGKILL'));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    if (options.profile) await showProfile(options, system);
    else if (options.park !== undefined) await parkTasks(options, options.park, system);
    else await load(options, system);
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    await stop();
  }
}

async function load(options: BenchOptions, system: System): Promise<void> {
  const { bench, bare, countersign } = system;
  const { comparisons, stored } = await compare(bench, [bare, countersign], { ...options, log });
  const targets = comparisons.flatMap(targetsOf);
  if (options.json) {
    print([JSON.stringify({ ...conditions(options), comparisons, stored, targets })]);
    return;
  }
  printServer(options);
  print([`Measured after ${WARM_UP.runs} runs of each side.`]);
  for (const comparison of comparisons) print(comparisonTable(comparison));
  print(storedTable(stored));
  print(targetTable(targets));
}

async function parkTasks(options: BenchOptions, count: number, system: System): Promise<void> {
  const { idleSeconds, json } = options;
  const parked = await park(system.bench, [system.bare, system.countersign], { count, idleSeconds, log });
  if (json) return print([JSON.stringify({ ...conditions(options), ...parked })]);
  printServer(options);
  print(parkTables(parked));
}

function showVerdicts({ json }: BenchOptions): void {
  const figures = measureVerdicts();
  const { rules, cases, perSecond, slowest, fastest } = figures;
  print([
    json
      ? JSON.stringify(figures)
      : `${perSecond} verdicts a second on one core (${slowest} to ${fastest}): ${cases} calls of the support example, ${rules} rules.`,
  ]);
}

async function showDesk({ json }: BenchOptions, open: number): Promise<void> {
  const pages = await measureDesk(open, log);
  if (json) return print([JSON.stringify({ open, pages })]);
  print(
    pages.map(
      ({ page, queries, cpuMs, emptyMs }) =>
        `${page} over ${open} open questions: ${queries} queries, ${(cpuMs - emptyMs).toFixed(1)} ms of CPU beside an empty inbox (${cpuMs.toFixed(1)} against ${emptyMs.toFixed(1)}).`,
    ),
  );
}

/** What the figures depend on beside the code. */
function conditions({ server }: BenchOptions) {
  return { server, node: process.version, cpus: availableParallelism() };
}

function printServer(options: BenchOptions): void {
  const { server, node, cpus } = conditions(options);
  print([
    `Server: ${server}, Node ${node}, ${cpus} CPUs, fsync and synchronous_commit on, both sides on it at the same time.`,
  ]);
}

async function showProfile(options: BenchOptions, system: System): Promise<void> {
  const { bench, profileDir } = system;
  const bare = await profileSide(bench, system.bare, profileDir);
  const countersign = await profileSide(bench, system.countersign, profileDir);
  print(options.json ? [JSON.stringify({ bare, countersign })] : profileTables(bare, countersign));
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') process.stdout.write(`${USAGE}\n`);
  else await main(options);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n${USAGE}\n`);
  process.exitCode = 2;
}
