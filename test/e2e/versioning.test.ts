import { Client, Connection } from '@temporalio/client';
import { z } from 'zod';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { defineTool } from '../../src/contract/tool.js';
import type { TaskId } from '../../src/domain/ids.js';
import { createWorker, type RunningWorker } from '../../src/worker.js';
import { TENANT } from '../support/gate.js';
import { startRunning, type Running } from '../support/running.js';
import { waitFor } from '../support/wait.js';

const look = defineTool({
  name: 'look',
  version: '1',
  tier: 1,
  input: z.strictObject({}),
  describe: () => 'Look',
  run: () => ({ seen: true }),
});
const AUTO_UPGRADE = 2; // temporal.api.enums.v1.VersioningBehavior

let running: Running;
let worker: RunningWorker;
let connection: Connection;
beforeAll(async () => {
  running = await startRunning({ tools: [look], worker: false });
  connection = await Connection.connect(running.workerConfig.temporal.connection);
});
afterAll(async () => {
  await worker.stop();
  await connection.close();
  await running.stop();
});

// Seen to fail: versioningOf answering `{}`; PINNED in it.
it('a worker with a deployment and a build serves as that version, and its runs go on with whatever is current', async () => {
  const { namespace } = running.workerConfig.temporal;
  const version = { deploymentName: `gate-${process.pid}-${Date.now()}`, buildId: '1.0-a' };
  const deployment = { name: version.deploymentName, buildId: version.buildId };
  worker = await createWorker(
    { ...running.workerConfig, deployment },
    { tools: new Map([['look', look]]), log: () => undefined },
  );
  const { workflowService } = connection;
  await waitFor(() =>
    workflowService.setWorkerDeploymentCurrentVersion({ namespace, ...version, identity: 'tests' }).then(
      () => true,
      () => undefined, // not before its first poll was seen
    ),
  );
  const service = await running.service();
  await service.tasks.submit({
    task: 'versioned' as TaskId,
    agent: 'bot',
    action: { tool: 'look', args: {} },
  });
  expect(await service.tasks.result('versioned', { waitSeconds: 20 })).toMatchObject({ state: 'COMPLETED' });
  const run = new Client({ connection, namespace }).workflow.getHandle(`${TENANT}/versioned`);
  const { events } = await run.fetchHistory();
  const done = events?.flatMap((event) => event.workflowTaskCompletedEventAttributes ?? []) ?? [];
  expect(done.length).toBeGreaterThan(0);
  for (const one of done)
    expect(one).toMatchObject({ versioningBehavior: AUTO_UPGRADE, deploymentVersion: version });
});
