import { condition } from '@temporalio/workflow';
import { inspect, record } from './activity-calls.js';
import { applyInspection } from './inspection.js';
import type { TaskRun } from './task-run.js';

/**
 * Stands beside the branches for the whole run: after a nudge it reads what the store knows, and it writes down refusals that no other
 * call would carry. A nudge says nothing itself, so a forged one changes nothing.
 */
export async function attend(task: TaskRun): Promise<void> {
  try {
    for (;;) {
      await condition(() => task.closing || task.nudged || task.journal.hasUnsentRefusal());
      if (task.closing) return;
      task.attending = true;
      if (task.nudged) {
        task.nudged = false;
        applyInspection(task, await inspect(task));
      } else {
        await record(task, {});
      }
      task.attending = false;
    }
  } catch (error) {
    task.endBy(error);
  }
}
