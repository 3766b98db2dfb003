import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { loadDevConfig } from '../../src/config.js';
import { choosePort } from '../../src/dev/free-port.js';
import { embeddedPostgres, type PostgresServer } from '../../src/dev/postgres.js';
import { startRealServer } from '../../src/dev/real-server.js';
import { startStack } from '../../src/dev/stack.js';
import { BENCH } from './postgres-meter.js';
import { sum } from './figures.js';

/** The servers both sides share. Postgres has fsync and synchronous_commit on. */
export interface BenchServers {
  readonly address: string;
  readonly temporalPid: () => number;
  readonly postgresPid: () => number;
  /** Our own database. */
  readonly databaseUrl: string;
  readonly databaseName: string;
  /** A connection of the bench's own, to be left out of every account. */
  readonly admin: pg.Client;
  /** Bytes that Temporal keeps, and that our database keeps; packed first, so that only what stays is counted. */
  storedBytes(): Promise<{ readonly temporal: number; readonly countersign: number }>;
  /** Bytes written ahead so far by the whole Postgres. */
  walBytes(): Promise<number>;
  stop(): Promise<void>;
}

type Temporal = { readonly address: string; readonly pid: number | undefined; stop(): Promise<void> };

/** Starts the servers in `dir`, which belongs to the bench. `statements` has Postgres count them. */
export async function startServers(options: {
  readonly kind: 'dev' | 'real';
  readonly dir: string;
  readonly statements: boolean;
  readonly log: (line: string) => void;
}): Promise<BenchServers> {
  const { kind, dir, log } = options;
  const search = { ...loadDevConfig().search, log };
  if (kind === 'dev') {
    const stack = await startStack({ dataDir: dir, search });
    const { temporal, postgres } = stack;
    if (!postgres) throw new Error('the stack brought no Postgres of its own');
    if (options.statements) await countStatements(postgres);
    return describe({
      postgres,
      temporal: { ...temporal, pid: temporal.pid, stop: () => stack.stop() },
      options,
      databases: [],
    });
  }
  const port = await choosePort({ purpose: 'Postgres' });
  const postgres = await embeddedPostgres({ dataDir: dir, port, search });
  await postgres.start();
  try {
    if (options.statements) await countStatements(postgres);
    const serverDir = join(dir, 'server');
    mkdirSync(serverDir, { recursive: true });
    const server = await startRealServer({ databaseUrl: postgres.url, dataDir: serverDir, search });
    const stop = async () => {
      await server.stop();
      await postgres.stop();
    };
    const temporal = { address: server.address, pid: server.pid, stop };
    return await describe({ postgres, temporal, options, databases: ['temporal', 'temporal_visibility'] });
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

async function describe(parts: {
  postgres: PostgresServer;
  temporal: Temporal;
  options: { readonly dir: string };
  databases: readonly string[];
}): Promise<BenchServers> {
  const { postgres, temporal, options, databases } = parts;
  const admin = new pg.Client({ connectionString: postgres.url, application_name: BENCH });
  // The next statement tells that Postgres is gone; without a listener this process would end at once and leave all others behind.
  admin.on('error', () => undefined);
  await admin.connect();
  const databaseName = new URL(postgres.url).pathname.slice(1);
  const one = async (sql: string) => Number((await admin.query<{ value: string }>(sql)).rows[0]?.value);
  const sizeOf = async (name: string) => {
    await pack(postgres.url, name);
    return one(`select pg_database_size('${name}') as value`);
  };
  return {
    address: temporal.address,
    temporalPid: () => temporal.pid ?? 0,
    postgresPid: () => postgres.pid ?? 0,
    databaseUrl: postgres.url,
    databaseName,
    admin,
    async storedBytes() {
      const sizes: number[] = [];
      for (const name of databases) sizes.push(await sizeOf(name));
      const temporalBytes = databases.length > 0 ? sum(sizes) : folderBytes(join(options.dir, 'temporal'));
      const countersign = await sizeOf(databaseName);
      await admin.query('checkpoint');
      return { temporal: temporalBytes, countersign };
    },
    walBytes: () => one(`select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') as value`),
    async stop() {
      await admin.end();
      await temporal.stop();
    },
  };
}

/** Gives back what is only dead rows and pages kept in reserve: what remains is what the runs left. */
async function pack(url: string, database: string): Promise<void> {
  const target = new URL(url);
  target.pathname = `/${database}`;
  const client = new pg.Client({ connectionString: target.href, application_name: BENCH });
  await client.connect();
  try {
    await client.query('vacuum full');
  } finally {
    await client.end();
  }
}

/** Needs a restart: the module must be there when Postgres starts. */
async function countStatements(postgres: PostgresServer): Promise<void> {
  const query = async (sql: string) => {
    const client = new pg.Client({ connectionString: postgres.url, application_name: BENCH });
    await client.connect();
    await client.query(sql);
    await client.end();
  };
  await query(`alter system set shared_preload_libraries = 'pg_stat_statements'`);
  await postgres.stop();
  await postgres.start();
  await query('create extension if not exists pg_stat_statements');
}

function folderBytes(dir: string): number {
  return sum(
    readdirSync(dir)
      .filter((name) => name.startsWith('temporal.db'))
      .map((name) => statSync(join(dir, name)).size),
  );
}
