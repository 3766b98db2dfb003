import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadDevConfig } from '../../src/config.js';
import { choosePort } from '../../src/dev/free-port.js';
import { findPostgres, makeUsable } from '../../src/dev/postgres-binaries.js';
import { embeddedPostgres } from '../../src/dev/postgres.js';
import { script, testFolder } from '../support/folder.js';

const { search } = loadDevConfig();
const asRoot = process.getuid?.() === 0;
const SYSTEM = '/usr/lib/postgresql/15/bin';

async function start(options: { dataDir: string; binDir?: string }) {
  const port = await choosePort({ purpose: 'a test' });
  const server = await embeddedPostgres({ ...options, port, search, durable: false });
  onTestFinished(() => server.stop());
  await server.start();
  return server;
}

function homeOf(dataDir: string): string {
  const { home } = JSON.parse(readFileSync(join(dataDir, 'postgres.json'), 'utf8')) as { home: string };
  return resolve(dataDir, home); // the usual place is told relative to the folder
}

async function ask(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ version: string }>('select version()');
  await client.end();
  return rows[0]?.version ?? '';
}

describe('embedded Postgres', () => {
  it('is the one of the npm package by default', async () => {
    const server = await start({ dataDir: testFolder() });
    expect(await ask(server.url)).toMatch(/^PostgreSQL 18\./);
  });

  it('runs with the Postgres 15 of the system', async ({ skip }) => {
    skip(!existsSync(SYSTEM), `needs Postgres 15 at ${SYSTEM}`);
    const server = await start({ dataDir: testFolder(), binDir: SYSTEM });
    expect(await ask(server.url)).toMatch(/^PostgreSQL 15\./);
  });

  it('refuses the files of another major version and says what to do', async () => {
    const dataDir = testFolder();
    const server = await start({ dataDir });
    await server.stop();
    const record = join(dataDir, 'postgres.json');
    writeFileSync(record, readFileSync(record, 'utf8').replace('18', '17'));
    await expect(start({ dataDir })).rejects.toThrow(
      /made by Postgres 17; the one found here is 18 .*pg_dump/s,
    );
  });

  it('reads the version from the cluster when a kill came before the record', async () => {
    const dataDir = testFolder();
    const server = await start({ dataDir });
    await server.stop();
    rmSync(join(dataDir, 'postgres.json'));
    expect((await start({ dataDir })).url).toContain(
      readFileSync(join(dataDir, 'postgres.password'), 'utf8'),
    );
    expect(JSON.parse(readFileSync(join(dataDir, 'postgres.json'), 'utf8'))).toMatchObject({ major: 18 });
  });

  it('starts over when it was killed while initialising', async () => {
    const dataDir = testFolder();
    mkdirSync(join(dataDir, 'postgres', 'draft'), { recursive: true });
    writeFileSync(join(dataDir, 'postgres', 'draft', 'half'), '');
    expect((await start({ dataDir })).pid).toBeDefined();
  });

  it('as root, keeps its data where its user can go when the folder is closed to it', async ({ skip }) => {
    skip(!asRoot, 'needs root');
    const closed = testFolder();
    chmodSync(closed, 0o700);
    const dataDir = join(closed, 'data');
    mkdirSync(dataDir);
    const server = await start({ dataDir });
    const home = homeOf(dataDir);
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    expect(home).toMatch(/^\/var\/tmp\/countersign-[0-9a-f]{16}$/);
    expect(statSync(home).mode & 0o777).toBe(0o700);
    expect(statSync(home).uid).not.toBe(0);
    expect(await ask(server.url)).toMatch(/^PostgreSQL/);
    await server.stop();
    rmSync(dataDir, { recursive: true });
    mkdirSync(dataDir);
    expect(await ask((await start({ dataDir })).url)).toMatch(/^PostgreSQL/);
    const again = homeOf(dataDir);
    onTestFinished(() => rmSync(again, { recursive: true, force: true }));
  });

  it('says why it did not start, with the end of its log', async () => {
    const dataDir = testFolder();
    const server = await start({ dataDir });
    await server.stop();
    const home = homeOf(dataDir);
    writeFileSync(join(home, 'cluster', 'postgresql.conf'), 'nonsense = 1\n');
    await expect(server.start()).rejects.toThrow(/Postgres ended at once\. Its log, .*nonsense/s);
  });
});

describe('Postgres binaries', () => {
  it('get the links and the modes that a blocked install script did not make', () => {
    const native = join(testFolder(), 'native');
    mkdirSync(join(native, 'lib'), { recursive: true });
    mkdirSync(join(native, 'bin'));
    writeFileSync(join(native, 'lib', 'libpq.so.5.18'), '');
    writeFileSync(join(native, 'bin', 'postgres'), '', { mode: 0o644 });
    const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }];
    writeFileSync(join(native, 'pg-symlinks.json'), JSON.stringify(links));
    expect(makeUsable(native)).toBe(true);
    expect(makeUsable(native)).toBe(true);
    expect(readlinkSync(join(native, 'lib', 'libpq.so.5'))).toBe('libpq.so.5.18');
    expect(statSync(join(native, 'bin', 'postgres')).mode & 0o777).toBe(0o755);
  });

  it('older than 15 are refused', async () => {
    const binDir = testFolder();
    chmodSync(binDir, 0o755);
    script(binDir, 'postgres', 'echo "postgres (PostgreSQL) 14.2"');
    await expect(findPostgres({ search, account: undefined, binDir })).rejects.toThrow(
      /14\.2; 15 or newer is needed/,
    );
  });
});
