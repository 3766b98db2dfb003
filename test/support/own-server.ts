import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { loadDevConfig } from '../../src/config.js';
import { lockFolder } from '../../src/dev/folder-lock.js';
import { choosePort } from '../../src/dev/free-port.js';
import type { ManagedServer } from '../../src/dev/managed-server.js';
import { findTemporalCli } from '../../src/dev/temporal-cli.js';
import { devServer } from '../../src/dev/temporal-server.js';
import { enterableFolder } from './folder.js';
import { quietRuntime } from './quiet-runtime.js';

/** A dev server of its own that suggests a next run after so many events; the caller tears it down. */
export async function continuingEnv(suggestedAt: number): Promise<TestWorkflowEnvironment> {
  const executable = await findTemporalCli(loadDevConfig().search);
  const uiPort = await choosePort({ purpose: 'its UI' });
  const dynamicConfig = { 'limit.historyCount.suggestContinueAsNew': String(suggestedAt) };
  return ownServer(
    (dir, port) => devServer({ executable, dir, port, uiPort, dynamicConfig }),
    async (address) => (await environments()).createFromExistingServer({ address }),
  );
}

/** The SDK's environments, for which the runtime must be there first. */
export async function environments() {
  await quietRuntime();
  return (await import('@temporalio/testing')).TestWorkflowEnvironment;
}

/**
 * Starts a server in a folder of its own; both are gone after the environment's `teardown`. The SDK gives a server that it starts
 * itself five seconds, and on a busy machine a JVM can need more.
 */
export async function ownServer(
  describe: (dir: string, port: number) => ManagedServer,
  open: (address: string) => Promise<TestWorkflowEnvironment>,
): Promise<TestWorkflowEnvironment> {
  const dataDir = enterableFolder('countersign-test-');
  const lock = lockFolder({ dataDir });
  const port = await choosePort({ purpose: 'a Temporal server of its own' });
  mkdirSync(join(dataDir, 'temporal'));
  const server = describe(join(dataDir, 'temporal'), port);
  await server.start();
  const env = await open(`127.0.0.1:${port}`);
  const closeConnections = env.teardown.bind(env);
  return Object.assign(env, {
    async teardown() {
      await closeConnections();
      await server.stop();
      lock.release();
      rmSync(dataDir, { recursive: true, force: true });
    },
  });
}
