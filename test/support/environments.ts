import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { manageServer } from '../../src/dev/managed-server.js';
import { environments, ownServer } from './own-server.js';
import { testServerExecutable, testTemporal } from './stack.js';

/** The run's dev server as an environment. */
export async function devServerEnv(): Promise<TestWorkflowEnvironment> {
  const { address, namespace } = await testTemporal();
  return (await environments()).createFromExistingServer({ address, namespace });
}

/** A time-skipping environment of its own; the caller tears it down. Its clock is global: tests run one by one. */
export async function timeSkippingEnv(): Promise<TestWorkflowEnvironment> {
  const executable = await testServerExecutable();
  const Environment = await environments();
  if (executable.type !== 'existing-path') return Environment.createTimeSkipping({ server: { executable } }); // fetched by the SDK: native, there at once
  const server = (dir: string, port: number) =>
    manageServer({
      name: 'The time-skipping test server',
      command: executable.path,
      args: [String(port)],
      logFile: join(dir, 'temporal.log'),
      pidFile: join(dir, 'temporal.pid.json'),
      stopSignal: 'SIGTERM',
      probe: async () => (await Connection.connect({ address: `127.0.0.1:${port}` })).close(),
    });
  // What `createTimeSkipping` calls once its server answers; the SDK has no public way to a server that skips time and is there already.
  return ownServer(server, (address) =>
    Environment['create']({ server: { type: 'existing' }, address, supportsTimeSkipping: true }),
  );
}
