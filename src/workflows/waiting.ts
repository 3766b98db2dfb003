import type { In } from '../domain/escalation.js';
import { expire, record } from './activity-calls.js';
import { ask, askFurther } from './asking.js';
import { now } from './clock.js';
import { receive } from './deciding.js';
import { publish } from './publish.js';
import { settle } from './settle.js';
import type { TaskRun } from './task-run.js';

/** How long a look may take that finds the halt. */
const LOOK_MS = 60_000;
/** The least time before the store is asked again whether a rung is over. */
const LEAST_MS = 100;

/** Waits for a decision until the rung's time is over; under a halt or on the owner's desk without end. */
export async function wait(task: TaskRun, state: In<'PAUSED_PENDING_HUMAN'>): Promise<void> {
  if (task.journal.hasUnsent()) {
    await record(task, {});
    return;
  }
  publish(task);
  const moved = (): boolean => task.branch(state.operation) !== state;
  const deadline = state.halt === null ? state.question.answerBy : null;
  await task.until(() => moved() || mayBeFurther(task, state), deadline);
  if (moved() || task.leaving) return;
  if (mayBeFurther(task, state)) return askFurther(task, state);
  if (deadline === null || now() < deadline) return;
  await endRung(task, state);
}

/** Whether the store may have asked a later round. Under a halt none counts, and what comes after a window its undo says. */
function mayBeFurther(task: TaskRun, state: In<'PAUSED_PENDING_HUMAN'>): boolean {
  return state.halt === null && state.question.kind !== 'confirmation' && task.isOvertaken(state);
}

/** The timer only asks: the store says, under the lock that storing a decision takes, whether one came in time. */
async function endRung(task: TaskRun, state: In<'PAUSED_PENDING_HUMAN'>): Promise<void> {
  const { operation } = state;
  const { generation, round, rung } = state.question;
  const moved = (): boolean => task.branch(operation) !== state;
  const result = await expire(task, { operation, generation, round, rung });
  switch (result.kind) {
    case 'decided': {
      const unheard = result.decisions.filter((decision) => !task.inbox.wasDismissed(decision));
      for (const decision of unheard) receive(task, decision);
      // What did not count now does not count when it is offered again.
      if (task.branch(operation) === state) for (const decision of unheard) task.inbox.dismiss(decision);
      if (unheard.length === 0) settle(task, state, { type: 'expire' });
      return;
    }
    case 'early':
      return task.until(
        () => moved() || mayBeFurther(task, state),
        now() + Math.max(result.remainingMs, LEAST_MS),
      );
    case 'halted':
      task.nudged = true;
      return task.until(moved, now() + LOOK_MS);
    case 'asked-anew':
      return ask(task, state);
    case 'expired':
      return settle(task, state, { type: 'expire' });
  }
}
