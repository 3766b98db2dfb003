import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadDevConfig } from '../../src/config.js';
import { choosePort } from '../../src/dev/free-port.js';
import { embeddedPostgres } from '../../src/dev/postgres.js';
import { startStack } from '../../src/dev/stack.js';
import { testFolder } from '../support/folder.js';

const { search } = loadDevConfig();

async function start(dataDir: string) {
  const port = await choosePort({ purpose: 'a test' });
  const server = await embeddedPostgres({ dataDir, port, search, durable: false });
  onTestFinished(() => server.stop());
  await server.start();
  return server;
}

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** A folder in which a Postgres ran, with one row in it, in a folder of its own. */
async function aUsedFolder(): Promise<{ within: string; dataDir: string }> {
  const within = testFolder();
  const dataDir = join(within, 'first');
  mkdirSync(dataDir);
  const server = await start(dataDir);
  await ask(server.url, 'create table kept as select 7 as n');
  await server.stop();
  return { within, dataDir };
}

const ROWS = 'select n from kept order by n';

describe('the database of a data folder', () => {
  // Seen to fail: with the whole path in postgres.json, the copy meant the cluster of the original, and did not start beside it.
  it('is its own when the folder was copied', async () => {
    const { within, dataDir } = await aUsedFolder();
    const copy = join(within, 'copy');
    execFileSync('cp', ['-a', dataDir, copy]); // with the owners: Postgres asks for its own
    const [first, second] = [await start(dataDir), await start(copy)];
    await ask(second.url, 'insert into kept values (8)');
    expect(await ask(first.url, ROWS)).toEqual([{ n: 7 }]);
    expect(await ask(second.url, ROWS)).toEqual([{ n: 7 }, { n: 8 }]);
  });

  // Seen to fail: with the whole path in postgres.json, `The database folder ... is gone`.
  it('moves with it, also out of a place that an earlier version wrote down in full', async () => {
    const { within, dataDir } = await aUsedFolder();
    const moved = join(within, 'moved');
    renameSync(dataDir, moved);
    const server = await start(moved);
    expect(await ask(server.url, ROWS)).toEqual([{ n: 7 }]);
    await server.stop();
    const record = join(moved, 'postgres.json');
    const { major }: { major: number } = JSON.parse(readFileSync(record, 'utf8'));
    writeFileSync(record, JSON.stringify({ major, home: join(dataDir, 'postgres') }));
    expect(await ask((await start(moved)).url, ROWS)).toEqual([{ n: 7 }]);
  });

  // Seen to fail: with the copy not told from the original, it looked for the cluster outside.
  it('that lies outside of it is not taken by a copy', async () => {
    const [original, copy] = [testFolder(), testFolder()];
    const record = JSON.stringify({ major: 18, home: '/var/tmp/countersign-somewhere', of: original });
    for (const dataDir of [original, copy]) {
      writeFileSync(join(dataDir, 'postgres.json'), record);
      writeFileSync(join(dataDir, 'postgres.password'), 'secret');
    }
    await expect(start(copy)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(`is a copy of ${original}`),
    });
  });
});

describe('the folders of a stack', () => {
  const outside = process.getuid?.() === 0;

  // Seen to fail: only the data folder was named, and a backup of it held no database.
  it('are all that a backup needs, also where its Postgres cannot enter the data folder', async () => {
    const closed = join(testFolder(), 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const dataDir = join(closed, 'data');
    const stack = await startStack({ dataDir, search, durable: false });
    onTestFinished(() => stack.stop());
    await ask(stack.databaseUrl, 'create table kept as select 7 as n');
    await stack.stop();
    expect(stack.folders).toHaveLength(outside ? 2 : 1);
    for (const [n, folder] of stack.folders.entries()) {
      execFileSync('cp', ['-a', folder, join(closed, `backup-${n}`)]);
      rmSync(folder, { recursive: true });
      renameSync(join(closed, `backup-${n}`), folder);
    }
    const again = await startStack({ dataDir, search, durable: false });
    onTestFinished(() => again.stop());
    expect(await ask(again.databaseUrl, ROWS)).toEqual([{ n: 7 }]);
    await again.stop();
    for (const folder of again.folders) rmSync(folder, { recursive: true });
  });
});

describe('files that a full disk or a kill left half written', () => {
  // Seen to fail: with an empty password taken as it was, initdb refused it at every start.
  it('are made again while nothing was made with them', async () => {
    const dataDir = testFolder();
    writeFileSync(join(dataDir, 'postgres.password'), '');
    expect(await ask((await start(dataDir)).url, 'select 1 as n')).toEqual([{ n: 1 }]);
    expect(readFileSync(join(dataDir, 'postgres.password'), 'utf8')).toMatch(/^[\w-]{32}$/);
  });

  // Seen to fail: a SyntaxError of JSON.parse for the record; a word about another file for the password.
  it.each([
    ['postgres.json', '{"major":1', /postgres\.json is damaged/],
    ['postgres.password', '', /postgres\.password is empty/],
  ])('are told where they are missed: %s', async (name, content, told) => {
    const dataDir = testFolder();
    writeFileSync(join(dataDir, 'postgres.json'), '{"major":18,"home":"postgres"}');
    writeFileSync(join(dataDir, 'postgres.password'), 'secret');
    writeFileSync(join(dataDir, name), content);
    await expect(start(dataDir)).rejects.toMatchObject({
      name: 'StackError',
      message: expect.stringMatching(told),
    });
  });
});

// Seen to fail: with the whole path given to SQLite, the database lay elsewhere, or Temporal ended at once.
describe("Temporal's database", () => {
  it.each(['a#b', 'a?b', 'a%20b'])('stays inside a folder of the name %s', async (name) => {
    const within = testFolder();
    const dataDir = join(within, name);
    const databaseUrl = 'postgres://me:secret@db.example.com/countersign';
    const stack = await startStack({ dataDir, search, databaseUrl });
    onTestFinished(() => stack.stop());
    expect(existsSync(join(dataDir, 'temporal', 'temporal.db'))).toBe(true);
    expect(readdirSync(within)).toEqual([name]);
  });
});
