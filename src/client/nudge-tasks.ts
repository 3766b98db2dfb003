import type { HaltMessage } from '../workflows/messages.js';
import type { TaskRef } from './connection.js';
import type { TaskClient } from './task-client.js';

const AT_ONCE = 16;

/** Tells running tasks that a halt was set or lifted. False when one of them could not be reached, or when it was stopped before all were told. */
export async function nudgeTasks(
  client: Pick<TaskClient, 'nudge'>,
  tasks: readonly TaskRef[],
  message: HaltMessage,
  stopping?: AbortSignal,
): Promise<boolean> {
  const waiting = [...tasks];
  let reached = true;
  const lane = async () => {
    for (let task = waiting.pop(); task && !stopping?.aborted; task = waiting.pop())
      if ((await client.nudge(task, message)) === 'unreachable') reached = false;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return reached && !stopping?.aborted;
}
