import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { startBare } from './bare-side.js';
import type { Bench } from './block.js';
import { startCountersign } from './countersign-side.js';
import { openMarks } from './marks.js';
import { postgresMeter } from './postgres-meter.js';
import { startServers } from './servers.js';
import type { Side } from './side.js';

/** Everything under test, running. */
export interface System {
  /** Where our processes may leave their profiles. */
  readonly profileDir: string;
  readonly bench: Bench;
  readonly bare: Side;
  readonly countersign: Side;
  stop(): Promise<void>;
}

/** Starts servers and both sides in a folder of their own, which `stop` removes. */
export async function startSystem(options: {
  readonly server: 'dev' | 'real';
  readonly statements: boolean;
  /** Arguments of Node for the processes under test, which may write into `dir`. */
  readonly nodeArgs: (dir: string) => (process: 'bare' | 'worker' | 'gateway') => readonly string[];
  readonly log: (line: string) => void;
}): Promise<System> {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  chmodSync(dir, 0o711); // root's Postgres runs as another user, who must pass through
  const closers: (() => Promise<unknown> | void)[] = [() => rmSync(dir, { recursive: true, force: true })];
  const stop = async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  };
  try {
    const { server: kind, statements, nodeArgs, log } = options;
    log(`starting ${kind === 'real' ? 'a Temporal server on Postgres' : 'the dev server and Postgres'}`);
    const servers = await startServers({ kind, dir, statements, log });
    closers.push(() => servers.stop());
    const connection = await Connection.connect({ address: servers.address });
    closers.push(() => connection.close());
    const client = new Client({ connection });
    const marks = openMarks(join(dir, 'marks'));
    closers.push(() => marks.close());
    const context = { dir, address: servers.address, client, marks };
    log('starting both sides');
    const { databaseUrl, admin } = servers;
    const countersign = await startCountersign({ ...context, databaseUrl, admin, nodeArgs: nodeArgs(dir) });
    closers.push(() => countersign.stop());
    const bare = await startBare({ ...context, nodeArgs: nodeArgs(dir)('bare') });
    closers.push(() => bare.stop());
    const postgres = postgresMeter({ pid: servers.postgresPid(), client: admin, ours: servers.databaseName });
    let made = 0;
    const bench: Bench = { client, servers, postgres, newId: () => `run-${(made += 1)}` };
    return { profileDir: dir, bench, bare, countersign, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
