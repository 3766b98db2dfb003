import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import pg from 'pg';
import { beforeEach, inject } from 'vitest';
import { loadDevConfig } from '../../src/config.js';
import { startStack, type Stack, type StackOptions } from '../../src/dev/stack.js';
import type { TestServerExecutable } from '../../src/dev/test-server.js';
import { withDatabase } from './database-url.js';
import { enterableFolder } from './folder.js';
import { quietRuntime } from './quiet-runtime.js';

/** Asks the run's global set-up for something shared; the first to ask waits for its start. */
async function shared<T>(name: string): Promise<T> {
  const answer = await fetch(`${inject('countersignServers')}/${name}`);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as T; // the desk in global-setup.ts answers with what test-servers.ts gives
}

/** A fresh, migrated database of its own. It goes away with the run. */
export async function testDatabase(): Promise<{ url: string }> {
  const { url, template, run } = await shared<{ url: string; template: string; run: string }>('postgres');
  const name = `${run}_${randomBytes(8).toString('hex')}`;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`create database ${name} template ${template}`);
  } finally {
    await client.end();
  }
  return { url: withDatabase(url, name) };
}

/** The run's dev server with a task queue that nobody else uses. */
export async function testTemporal(): Promise<{ address: string; namespace: string; taskQueue: string }> {
  await quietRuntime();
  const { address, run } = await shared<{ address: string; run: string }>('temporal');
  return { address, namespace: 'default', taskQueue: `${run}-${randomUUID()}` };
}

/** Makes sure `dist` is built and answers the path of the workflow bundle in it. */
export async function builtBundle(): Promise<string> {
  return (await shared<{ bundle: string }>('build')).bundle;
}

/** The time-skipping server of this machine. */
export function testServerExecutable(): Promise<TestServerExecutable> {
  return shared<TestServerExecutable>('test-server');
}

/** A stack of its own, for tests that kill servers; `stop` also removes its folder. */
export async function ownStack(options: Partial<StackOptions> = {}): Promise<Stack> {
  const dataDir = options.dataDir ?? enterableFolder('countersign-test-own-');
  const stack = await startStack({ search: loadDevConfig().search, durable: false, ...options, dataDir });
  return {
    ...stack,
    async stop() {
      await stack.stop();
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Skips the tests of the surrounding `describe` (or file) and has the last lines of the run name the reason. */
export function skipUnless(condition: boolean, reason: string): void {
  beforeEach(({ skip }) => skip(!condition, reason));
}
