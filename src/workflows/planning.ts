import { CancellationScope } from '@temporalio/workflow';
import { plan } from './activity-calls.js';
import { publish } from './publish.js';
import type { TaskRun } from './task-run.js';

/** Asks the planner for the next step and opens a branch for every operation it proposes. */
export async function planStep(task: TaskRun): Promise<void> {
  task.step += 1;
  task.forgetClosed();
  publish(task);
  const scope = new CancellationScope();
  task.planScope = scope;
  try {
    const { done, operations } = await scope.run(() =>
      plan(task, { step: task.step, firstOperation: task.nextOperation }),
    );
    if (task.ending !== null) return;
    for (const { operation, tool } of operations) task.open(operation, tool);
    task.planning = !done;
  } catch (error) {
    // Cancelled because the task ended meanwhile: the ending stands as it is.
    if (task.ending === null) task.endBy(error);
  } finally {
    task.planScope = null;
  }
}
