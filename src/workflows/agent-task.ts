import { CancellationScope, CancelledFailure, continueAsNew, patched } from '@temporalio/workflow';
import { isClosed } from '../domain/decide.js';
import { conclude, record } from './activity-calls.js';
import { attend } from './attendant.js';
import { driveBranch } from './branch.js';
import { listen } from './handlers.js';
import type { TaskInput, TaskResult } from './messages.js';
import { planStep } from './planning.js';
import { publish } from './publish.js';
import { endState, TaskRun } from './task-run.js';

/**
 * One agent's task: plan a step, drive its operations side by side (judge, ask, wait, decide, execute), plan the next, until the
 * planner is done; then close. A ready-made action is one operation and no plan.
 */
export async function agentTask(input: TaskInput): Promise<TaskResult> {
  const task = new TaskRun(input);
  listen(task);
  const attendant = attend(task);
  for (;;) {
    await driveOpen(task);
    task.leaving = task.mayLeave();
    if (task.leaving || task.ending !== null) break;
    // A safe action took the place of one that nobody answered.
    if (openOperations(task).length > 0) continue;
    if (!task.planning) break;
    await planStep(task);
  }
  task.closing = true;
  if (task.attending) await attendant;
  if (task.leaving && task.ending === null) return continueAsNew<typeof agentTask>(task.carryOver());
  // The attendant's last look ended the task: what ran unconfirmed is undone first, as in a run that stays.
  if (task.leaving && patched('driven-to-its-end')) {
    task.leaving = false;
    await driveOpen(task);
  }
  return close(task);
}

/** One branch is waited for as it is: of every promise in a workflow the SDK takes a stack trace, which costs more than the promise. */
function driveOpen(task: TaskRun): Promise<unknown> {
  const driving = openOperations(task).map((operation) => driveBranch(task, operation));
  const [first] = driving;
  return first !== undefined && driving.length === 1 ? first : Promise.all(driving);
}

function openOperations(task: TaskRun): readonly number[] {
  return task.branches.filter((branch) => !isClosed(branch)).map((branch) => branch.operation);
}

/** Closes the task in the store, whatever asked it to stop meanwhile; unless its last call did so. */
async function close(task: TaskRun): Promise<TaskResult> {
  for (const operation of openOperations(task)) task.endBranch(operation);
  const { ending } = task;
  const state = endState(ending);
  const reason = ending?.reason ?? null;
  task.planning = false;
  publish(task);
  if (!task.completed || task.journal.hasUnsent())
    await CancellationScope.nonCancellable(async () => {
      if (!task.completed) await conclude(task, { state, reason, detail: ending?.detail ?? '' });
      if (task.journal.hasUnsent()) await record(task, {});
    });
  if (reason === 'cancelled') throw new CancelledFailure('the task was cancelled');
  return { state, reason };
}
