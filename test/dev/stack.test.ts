import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { loadDevConfig } from '../../src/config.js';
import { readIdentity } from '../../src/dev/folder-lock.js';
import { isRunning } from '../../src/dev/process-identity.js';
import { searchAttributes } from '../../src/dev/search-attributes.js';
import { readDatabaseUrl, readStack } from '../../src/dev/stack-file.js';
import { startStack, type Stack } from '../../src/dev/stack.js';
import { testFolder } from '../support/folder.js';
import { ownStack } from '../support/stack.js';

const { search } = loadDevConfig();

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function temporal<T>(stack: Stack, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: stack.temporalAddress });
  try {
    return await use(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

describe('the embedded stack', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await ownStack({ durable: true });
  });
  afterAll(() => stack.stop());

  it('registers the search attributes', async () => {
    const answer = await temporal(stack, (client) =>
      client.connection.operatorService.listSearchAttributes({ namespace: 'default' }),
    );
    expect(Object.keys(answer.customAttributes ?? {})).toEqual(
      expect.arrayContaining(Object.keys(searchAttributes)),
    );
  });

  it('keeps fsync and synchronous_commit on and listens on this machine only', async () => {
    const names = `'fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses'`;
    const rows = await query(
      stack.databaseUrl,
      `select setting from pg_settings where name in (${names}) order by name`,
    );
    expect(rows.map((row) => Object.values(row as object)[0])).toEqual(['on', 'on', '127.0.0.1', 'on']);
  });

  it('refuses a wrong password', async () => {
    const url = new URL(stack.databaseUrl);
    url.password = 'guess';
    await expect(query(url.href, 'select 1')).rejects.toThrow(/password authentication failed/);
  });

  it('tells another shell its addresses, and the secret only from a file of the owner', async () => {
    const { dataDir } = stack;
    expect(readStack({ dataDir })).toMatchObject({
      pid: process.pid,
      temporalAddress: stack.temporalAddress,
    });
    expect(readDatabaseUrl({ dataDir })).toBe(stack.databaseUrl);
    expect(readFileSync(join(dataDir, 'stack.json'), 'utf8')).not.toContain(
      new URL(stack.databaseUrl).password,
    );
    expect(statSync(join(dataDir, 'postgres.password')).mode & 0o777).toBe(0o600);
    stack.publishGateway('http://127.0.0.1:8484');
    expect(readStack({ dataDir })?.gatewayUrl).toBe('http://127.0.0.1:8484');
  });

  it('keeps all data over kill -9 of both servers', async () => {
    await query(stack.databaseUrl, 'create table kept as select 7 as n');
    await temporal(stack, (client) =>
      client.workflow.start('nobody', { taskQueue: 'none', workflowId: 'kept' }),
    );
    const before = [stack.temporal.pid, stack.postgres?.pid];
    await Promise.all([stack.temporal.kill(), stack.postgres?.kill()]);
    expect([stack.temporal.pid, stack.postgres?.pid]).toEqual([undefined, undefined]);
    await Promise.all([stack.temporal.start(), stack.postgres?.start()]);
    expect([stack.temporal.pid, stack.postgres?.pid]).not.toEqual(before);
    expect(await query(stack.databaseUrl, 'select n from kept')).toEqual([{ n: 7 }]);
    const { status } = await temporal(stack, (client) => client.workflow.getHandle('kept').describe());
    expect(status.name).toBe('RUNNING');
  });

  it('refuses a second owner of the folder and names the first', async () => {
    await expect(startStack({ dataDir: stack.dataDir, search })).rejects.toMatchObject({
      name: 'FolderInUse',
      pid: process.pid,
      exitCode: 2,
    });
    expect(stack.temporal.pid).toBeDefined();
  });
});

describe('starting and ending the embedded stack', () => {
  it('ends the servers that a killed owner left behind and goes on with their data', async () => {
    const dataDir = testFolder();
    const owner = spawn(process.execPath, ['--import', 'tsx', 'test/dev/hold-stack.process.ts', dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(owner.stdout, 'data')) as [Buffer];
    const { databaseUrl } = JSON.parse(said.toString()) as { databaseUrl: string };
    await query(databaseUrl, 'create table kept as select 7 as n');
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    const orphans = ['postgres.pid.json', 'temporal/temporal.pid.json'].map((name) =>
      readIdentity(join(dataDir, name)),
    );
    expect(orphans.map((orphan) => orphan !== undefined && isRunning(orphan))).toEqual([true, true]);
    expect(readStack({ dataDir })).toBeUndefined();

    const stack = await startStack({ dataDir, search, durable: false });
    onTestFinished(() => stack.stop());
    expect(orphans.map((orphan) => orphan !== undefined && isRunning(orphan))).toEqual([false, false]);
    expect(stack.databaseUrl).toBe(databaseUrl);
    expect(await query(stack.databaseUrl, 'select n from kept')).toEqual([{ n: 7 }]);
  });

  it('says which port is taken and starts nothing', async () => {
    const dataDir = testFolder();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    await expect(startStack({ dataDir, search, ports: { postgres: port } })).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is taken (wanted for Postgres)`,
    );
    await expect(startStack({ dataDir, search, ports: { temporal: port } })).rejects.toMatchObject({
      exitCode: 2,
    });
    const stack = await startStack({ dataDir, search, durable: false });
    await stack.stop();
    await stack.stop();
    expect(readStack({ dataDir })).toBeUndefined();
    expect([stack.temporal.pid, stack.postgres?.pid]).toEqual([undefined, undefined]);
  });

  it('starts no Postgres when the database is given by URL', async () => {
    const dataDir = testFolder();
    const databaseUrl = 'postgres://me:secret@db.example.com/countersign';
    const stack = await startStack({ dataDir, search, databaseUrl });
    onTestFinished(() => stack.stop());
    expect([stack.databaseUrl, stack.postgres]).toEqual([databaseUrl, undefined]);
    expect(readFileSync(join(dataDir, 'stack.json'), 'utf8')).not.toContain('secret');
  });
});
