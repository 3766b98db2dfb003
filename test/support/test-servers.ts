import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { loadDevConfig } from '../../src/config.js';
import { holderOf, lockFolder } from '../../src/dev/folder-lock.js';
import { choosePort } from '../../src/dev/free-port.js';
import { embeddedPostgres } from '../../src/dev/postgres.js';
import { endOrphans } from '../../src/dev/orphans.js';
import { findTemporalCli } from '../../src/dev/temporal-cli.js';
import { devServer } from '../../src/dev/temporal-server.js';
import { findTestServer } from '../../src/dev/test-server.js';
import { migrate } from '../../src/store/migrate.js';
import { withDatabase } from './database-url.js';
import { enterableFolder } from './folder.js';

const execute = promisify(execFile);
const PREFIX = 'countersign-test-';
const { search } = loadDevConfig();

/** What the tests of one run share. Each thing is made once, when first asked for. */
export function openTestServers() {
  removeLeftovers();
  const dir = enterableFolder(PREFIX);
  const lock = lockFolder({ dataDir: dir });
  const run = `cs${randomBytes(6).toString('hex')}`;
  const closers: (() => Promise<void>)[] = [];

  const postgres = once(async () => {
    const url = process.env['COUNTERSIGN_TEST_DATABASE_URL'] ?? (await startPostgres());
    const template = `${run}_template`;
    await admin(url, `create database ${template}`);
    closers.unshift(() => dropDatabases(url, run));
    await migrate(withDatabase(url, template));
    return { url, template, run };
  });
  const startPostgres = async () => {
    const port = await choosePort({ purpose: 'the test database' });
    const binDir = process.env['COUNTERSIGN_TEST_POSTGRES_BIN'];
    const server = await embeddedPostgres({ dataDir: dir, port, search, durable: false, binDir });
    closers.push(() => server.stop());
    await server.start();
    return server.url;
  };
  const temporal = once(async () => {
    const executable = await findTemporalCli(search);
    const port = await choosePort({ purpose: 'the test Temporal server' });
    const uiPort = await choosePort({ purpose: 'its UI' });
    mkdirSync(join(dir, 'temporal'));
    const server = devServer({ executable, dir: join(dir, 'temporal'), port, uiPort });
    closers.push(() => server.stop());
    await server.start();
    return { address: server.address, run };
  });
  const build = once(async () => {
    if (isStale()) await execute('npm', ['run', 'build', '--silent'], { maxBuffer: 16 * 1024 * 1024 });
    return { bundle: resolve('dist/workflow-bundle.js') };
  });
  const testServer = once(() => findTestServer(search));
  const give: Record<string, () => Promise<unknown>> = {
    postgres,
    temporal,
    build,
    'test-server': testServer,
  };
  return {
    give,
    async close() {
      for (const close of closers) await close();
      lock.release();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** Servers and folders of runs that were killed. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const dataDir = join(tmpdir(), name);
    if (Date.now() - statSync(dataDir).mtimeMs < 60_000 || holderOf({ dataDir }) !== undefined) continue;
    endOrphans(dataDir, 2_000)
      .then(() => rmSync(dataDir, { recursive: true, force: true }))
      .catch(() => undefined); // of another user: theirs to remove
  }
}

async function admin(url: string, statement: string): Promise<pg.QueryResult<{ datname: string }>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query(statement);
  } finally {
    await client.end();
  }
}

async function dropDatabases(url: string, run: string): Promise<void> {
  const { rows } = await admin(url, `select datname from pg_database where datname like '${run}\\_%'`);
  for (const { datname } of rows) await admin(url, `drop database if exists ${datname} with (force)`);
}

/** True if a source file is newer than the build; `tsc` writes an output only after reading its source. */
function isStale(): boolean {
  if (!existsSync('dist/workflow-bundle.js')) return true;
  const builtMs = statSync('dist/workflow-bundle.js').mtimeMs;
  return ['src', 'scripts', 'examples', 'test/support', 'package.json'].some(
    (path) => newestMs(path) > builtMs,
  );
}

function newestMs(path: string): number {
  if (!existsSync(path)) return 0;
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}
