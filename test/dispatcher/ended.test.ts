import { Client, Connection } from '@temporalio/client';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createTaskClient } from '../../src/client/task-client.js';
import { defineTool } from '../../src/contract/tool.js';
import { noticeEnded } from '../../src/dispatcher/sweep.js';
import { workflowId, type TaskId } from '../../src/domain/ids.js';
import { TENANT } from '../support/gate.js';
import { startRunning } from '../support/running.js';
import { waitFor } from '../support/wait.js';

const pay = defineTool({
  name: 'pay',
  version: '1',
  tier: 4,
  input: z.strictObject({}),
  describe: () => 'Pay',
  run: () => 'paid',
});

/** Seen to fail: `hurrySweep` doing nothing (a task that was looked at just now waits for an hour). */
it('a run that an operator ended is found by asking, not by looking at every open task', async () => {
  const running = await startRunning({ tools: [pay] });
  onTestFinished(() => running.stop());
  const { address } = running.workerConfig.temporal.connection;
  const connection = await Connection.connect(address === undefined ? {} : { address });
  onTestFinished(() => connection.close());
  const { namespace } = running.workerConfig.temporal;
  const client = new Client({ connection, namespace });
  const tasks = createTaskClient({ client, taskQueue: running.workerConfig.taskQueue });
  const since = await running.database.now();

  const service = await running.service();
  for (const task of ['ended', 'waits'] as TaskId[]) {
    await service.tasks.submit({ task, agent: 'bot', action: { tool: 'pay', args: {} } });
    const amira = await running.as('amira');
    await waitFor(() => amira.escalations.get(`${task}:1`).catch(() => undefined));
  }
  const ended = 'ended' as TaskId; // a valid name
  await client.workflow.getHandle(workflowId(TENANT, ended)).terminate('by hand');

  const closed = await waitFor(async () => {
    await noticeEnded({ database: running.database, tasks });
    const { state, reason } = await service.tasks.get('ended');
    return state === 'FAILED' ? reason : undefined;
  });
  expect(closed).toBe('terminated');
  expect(await tasks.endedByForce(since)).toContainEqual({ tenant: TENANT, task: ended });
  expect(await service.tasks.get('waits')).toMatchObject({ state: 'PAUSED_PENDING_HUMAN' });
});
