import { join } from 'node:path';
import pg from 'pg';
import { serverAccount } from './account.js';
import { StackError } from './errors.js';
import { executableName } from './executables.js';
import { manageServer, type ManagedServer } from './managed-server.js';
import { findPostgres } from './postgres-binaries.js';
import { openCluster } from './postgres-folder.js';
import type { ServerSearch } from './search.js';

/** A Postgres of our own: a URL with its password, and its process. */
export interface PostgresServer extends ManagedServer {
  /** postgres:// URL of the database `countersign`. */
  readonly url: string;
  readonly major: number;
  /** Where its files are. */
  readonly home: string;
}

const DATABASE = 'countersign';

/**
 * Describes the Postgres of a data folder, initialised if it is new; nothing runs before `start`. Listens on
 * 127.0.0.1 with a random password (0600 in the folder). `durable: false` turns fsync off: for tests only.
 */
export async function embeddedPostgres(options: {
  readonly dataDir: string;
  readonly port: number;
  readonly search: ServerSearch;
  readonly durable?: boolean;
  /** Use the executables of this folder and no others. */
  readonly binDir?: string | undefined;
  readonly readyTimeoutMs?: number;
  readonly stopTimeoutMs?: number;
}): Promise<PostgresServer> {
  const { dataDir, port, search, durable = true, binDir, readyTimeoutMs, stopTimeoutMs } = options;
  const account = serverAccount();
  if (account === undefined && process.getuid?.() === 0) {
    throw new StackError(
      'Postgres refuses to run as root and no other user was found. Run as an ordinary user, or set COUNTERSIGN_DATABASE_URL.',
    );
  }
  const binaries = await findPostgres({ search, account, binDir });
  const { home, dir, password } = await openCluster({ dataDir, binaries, account, durable });
  const urlOf = (database: string) => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
  const server = manageServer({
    name: 'Postgres',
    command: join(binaries.binDir, executableName('postgres')),
    args: ['-D', dir, '-h', '127.0.0.1', '-p', String(port), ...settings(durable)],
    cwd: dir,
    account: account === undefined ? undefined : { uid: account.uid, gid: account.gid },
    logFile: join(dataDir, 'postgres.log'),
    pidFile: join(dataDir, 'postgres.pid.json'),
    stopSignal: 'SIGINT', // "fast": open connections are ended, SIGTERM would wait for them
    retryExit: /pre-existing shared memory block|lock file "postmaster.pid" already exists/,
    probe: () => ensureDatabase(urlOf('postgres')),
    ...(readyTimeoutMs === undefined ? {} : { readyTimeoutMs }),
    ...(stopTimeoutMs === undefined ? {} : { stopTimeoutMs }),
  });
  return Object.assign(server, { url: urlOf(DATABASE), major: binaries.major, home });
}

function settings(durable: boolean): string[] {
  const values = {
    unix_socket_directories: '',
    max_connections: '200',
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Answers once the server accepts statements; makes our database on its first start. */
async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined); // the server may die under the probe: the query's rejection says so
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}
