import type { HaltMessage } from '../workflows/messages.js';
import type { TaskRef } from './connection.js';
import type { TaskClient } from './task-client.js';

const AT_ONCE = 16;

/** Tells running tasks that a halt was set or lifted. Answers those that could not be reached, and those that were left when it was stopped. */
export async function nudgeTasks(
  client: Pick<TaskClient, 'nudge'>,
  tasks: readonly TaskRef[],
  message: HaltMessage,
  stopping?: AbortSignal,
): Promise<readonly TaskRef[]> {
  const waiting = [...tasks];
  const missed: TaskRef[] = [];
  const lane = async () => {
    for (let task = waiting.pop(); task && !stopping?.aborted; task = waiting.pop())
      if ((await client.nudge(task, message)) === 'unreachable') missed.push(task);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return [...missed, ...waiting];
}
