import { ApplicationFailure, patched } from '@temporalio/workflow';
import type { Refusal } from '../domain/errors.js';
import type { Command, Escalation } from '../domain/escalation.js';
import type { TaskRun } from './task-run.js';

/**
 * Applies what an activity answered. An answer that came too late for the state it was meant for is dropped; one that does not fit the
 * very state that asked for it is a defect of whoever answered.
 */
export function settle(task: TaskRun, asked: Escalation, command: Command): void {
  const refusal = refusedBefore(asked, command) ?? task.apply(asked.operation, command);
  if (refusal === null || task.branch(asked.operation) !== asked) return;
  throw ApplicationFailure.create({ type: 'internal', message: refusal.detail, nonRetryable: true });
}

/** Since then a call that waits for somebody who can be asked may be let run. */
function refusedBefore({ status }: Escalation, { type }: Command): Refusal | null {
  if (type !== 'permit' || status === 'JUDGED' || patched('permitted-while-waiting')) return null;
  return { refused: 'conflict', detail: `${type} does not apply in ${status}` };
}
