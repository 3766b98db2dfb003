import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { takeBlock, type Bench } from './block.js';
import { parseProfile, sharesOf, type ProfileShares } from './cpu-profile.js';
import { difference } from './figures.js';
import { monotonicMs } from './marks.js';
import type { Side } from './side.js';
import { readStatements, resetStatements, type StatementShare } from './statements.js';
import { threadCpuOf } from './threads.js';

/** Enough that what is done once does not show. */
export const PROFILED = { runs: 320, concurrency: 16 } as const;

/** Where the share of one side goes, ms per run. */
export interface Profile {
  readonly side: Side['name'];
  /** CPU by process and thread. */
  readonly threads: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** By `process, thread N` of V8: 0 is the main one, 1 the workflows'. Wall-clock samples: true where the machine is not crowded. */
  readonly code: Readonly<Record<string, ProfileShares>>;
  /** Sent to our database. */
  readonly statements: readonly StatementShare[];
}

/** Arguments that make a process write its profile when it ends. */
export function profilingArgs(dir: string): (process: string) => readonly string[] {
  return (name) => ['--cpu-prof', '--cpu-prof-dir', profileFolder(dir, name)];
}

/** Takes a block of a side whose processes are under V8's profiler, and stops the side, which writes the profiles. */
export async function profileSide(bench: Bench, side: Side, dir: string): Promise<Profile> {
  const { runs, concurrency } = PROFILED;
  const { admin, databaseName } = bench.servers;
  await takeBlock(bench, side, concurrency, runs / 4);
  await resetStatements(admin);
  const before = threadsOf(side);
  const from = monotonicMs();
  await takeBlock(bench, side, concurrency, runs);
  const until = monotonicMs();
  const after = threadsOf(side);
  const threads: Record<string, Record<string, number>> = {};
  for (const [name, cpu] of Object.entries(after))
    threads[name] = perRun(difference(cpu, before[name] ?? {}));
  const statements = side.name === 'bare' ? [] : await readStatements(admin, databaseName, runs);
  await side.stop();
  const code: Record<string, ProfileShares> = {};
  for (const name of Object.keys(after)) Object.assign(code, readCode(dir, side.name, name, [from, until]));
  return { side: side.name, threads, code, statements };
}

function profileFolder(dir: string, name: string): string {
  return join(dir, `profile-${name}`);
}

function threadsOf(side: Side): Record<string, Record<string, number>> {
  return Object.fromEntries(Object.entries(side.processes()).map(([name, pid]) => [name, threadCpuOf(pid)]));
}

function readCode(
  dir: string,
  side: string,
  name: string,
  [from, until]: readonly [number, number],
): Record<string, ProfileShares> {
  const folder = profileFolder(dir, side === 'bare' ? 'bare' : name);
  const code: Record<string, ProfileShares> = {};
  for (const file of readdirSync(folder).filter((each) => each.endsWith('.cpuprofile'))) {
    const { totalMs, groups, self, functions } = sharesOf(
      parseProfile(readFileSync(join(folder, file), 'utf8')),
      from,
      until,
    );
    const thread = file.split('.')[4] ?? ''; // CPU.date.time.pid.thread.sequence.cpuprofile
    if (totalMs === 0) continue;
    const each = (shares: ProfileShares['groups']) =>
      shares.map(([what, ms]) => [what, ms / PROFILED.runs] as const);
    code[`${name}, thread ${thread}`] = {
      totalMs: totalMs / PROFILED.runs,
      groups: each(groups),
      self: each(self),
      functions: each(functions),
    };
  }
  return code;
}

function perRun(amounts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(amounts).map(([name, ms]) => [name, ms / PROFILED.runs]));
}
