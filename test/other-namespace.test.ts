import { afterEach, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../src/contract/tool.js';
import { searchAttributes } from '../src/dev/search-attributes.js';
import { startGateway } from '../src/gateway.js';
import { createWorker } from '../src/worker.js';
import { run } from './cli/terminal.js';
import { aNamespace } from './support/namespace.js';
import { startRunning, type Running } from './support/running.js';
import { testTemporal } from './support/stack.js';
import { waitFor } from './support/wait.js';

const TYPES = { Keyword: 2, Datetime: 6 } as const;
const ATTRIBUTES = Object.fromEntries(
  Object.entries(searchAttributes).map(([name, type]) => [name, TYPES[type]]),
);
const pay = defineTool({
  name: 'pay',
  version: '1',
  tier: 4,
  input: z.strictObject({}),
  describe: () => 'Pay',
  run: () => 'paid',
});
const QUIET = { tools: new Map([['pay', pay]]), log: () => undefined };

let namespace: string;
beforeAll(async () => {
  namespace = await aNamespace((await testTemporal()).address, ATTRIBUTES);
});
afterEach(() => vi.unstubAllEnvs());

/** The settings of that deployment, but for the namespace. */
function elsewhere({ workerConfig, gatewayConfig }: Running) {
  const temporal = { ...workerConfig.temporal, namespace };
  return { worker: { ...workerConfig, temporal }, gateway: { ...gatewayConfig, temporal } };
}

// Seen to fail: the worker started, found no run of any open task, and closed each as lost.
it('no process starts on another namespace than the one that has the runs, until the old one is given up', async () => {
  const running = await startRunning({ tools: [pay] });
  onTestFinished(() => running.stop());
  const service = await running.service();
  await service.tasks.submit({
    task: 'left-in-its-namespace',
    agent: 'bot',
    action: { tool: 'pay', args: {} },
  });
  const other = elsewhere(running);
  const refused = {
    code: 'config',
    message: expect.stringMatching(
      new RegExp(
        `runs in the Temporal namespace default \\(.+\\), and ${namespace} of the server at .+ is another one \\(.+\\)\\..*TEMPORAL_NAMESPACE.*migrate --forget-namespace`,
      ),
    ),
  };
  await expect(createWorker(other.worker, QUIET)).rejects.toMatchObject(refused);
  await expect(startGateway(other.gateway, QUIET)).rejects.toMatchObject(refused);
  await (await running.startWorker()).stop();

  vi.stubEnv('COUNTERSIGN_DATABASE_URL', running.workerConfig.databaseUrl);
  expect(await run(['migrate', '--forget-namespace'])).toMatchObject({ exit: 0 });
  const worker = await createWorker(other.worker, QUIET);
  onTestFinished(() => worker.stop());
  await running.database.query('update tasks set swept_at = 0');
  await waitFor(async () =>
    (await service.tasks.get('left-in-its-namespace')).state === 'FAILED' ? true : undefined,
  );
});

// Seen to fail: a gateway that looked at nothing, or that waited for Temporal.
it('a gateway starts without Temporal, and says so', async () => {
  const running = await startRunning({ tools: [pay], worker: false });
  onTestFinished(() => running.stop());
  const said: unknown[] = [];
  const temporal = { namespace: 'default', connection: { address: '127.0.0.1:1' } };
  const gateway = await startGateway(
    { ...running.gatewayConfig, temporal },
    { log: (level, event) => void said.push(`${level} ${event}`) },
  );
  onTestFinished(() => gateway.stop());
  expect(said).toEqual(['alarm temporal-unreachable', 'info gateway-listening']);
});
