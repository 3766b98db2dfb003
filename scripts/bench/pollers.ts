import type { Client } from '@temporalio/client';

/** temporal.api.enums.v1.TaskQueueType, both that a worker polls. */
const [WORKFLOW, ACTIVITY] = [1, 2];

/** Throws until the process `pid` polls the queue for workflow tasks and for activities. */
export async function pollerIs(client: Client, taskQueue: string, pid: number): Promise<void> {
  const { namespace } = client.options;
  for (const taskQueueType of [WORKFLOW, ACTIVITY]) {
    const { pollers } = await client.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: taskQueue },
      taskQueueType,
    });
    // The SDK's default identity is pid@host.
    if (!pollers?.some((poller) => poller.identity?.startsWith(`${pid}@`)))
      throw new Error(`process ${pid} does not poll ${taskQueue} yet`);
  }
}
