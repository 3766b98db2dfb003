import { patched } from '@temporalio/workflow';
import type { InspectResult } from '../activities/api.js';
import type { Escalation } from '../domain/escalation.js';
import type { HaltId } from '../domain/ids.js';
import type { TaskRun } from './task-run.js';

/** Brings the branches in line with the halts in force, and ends rungs whose every notification channel failed. */
export function applyInspection(task: TaskRun, { halts, outlived = [], undelivered }: InspectResult): void {
  const onTask = halts.find((halt) => halt.scope === 'task');
  if (onTask !== undefined) return task.end('halted', onTask.halt);
  const inForce = halts.map((halt) => halt.halt);
  for (const branch of task.branches) followHalts(task, branch, inForce);
  // A halt may come and go before the run looks: what was asked under it is asked anew all the same.
  for (const { operation, round, halt } of inForce.length === 0 ? outlived : []) {
    const branch = task.branch(operation);
    if (branch === undefined || !waitsOn(branch, round)) continue;
    // What is being verified is void then, and the look after it lifts.
    if (task.apply(operation, { type: 'halt', halt, scope: 'wider' }) === null)
      task.apply(operation, { type: 'lift', halt });
  }
  for (const { operation, round, rung } of undelivered) {
    const branch = task.branch(operation);
    if (branch?.status !== 'PAUSED_PENDING_HUMAN' || !branch.delivered) continue;
    const { question } = branch;
    if (question.round === round && question.rung === rung) task.apply(operation, { type: 'miss', question });
  }
}

function waitsOn(branch: Escalation, round: number): boolean {
  switch (branch.status) {
    case 'PAUSED_PENDING_HUMAN':
      return branch.question.round === round;
    case 'HUMAN_RESPONDED':
      return branch.question.round === round && patched('outlived-while-verifying');
    case 'JUDGED':
    case 'TIMED_OUT':
    case 'RESUMING':
    case 'SETTLED':
    case 'FAILED':
      return false;
  }
}

function followHalts(task: TaskRun, branch: Escalation, inForce: readonly HaltId[]): void {
  const standing = 'halt' in branch ? branch.halt : null;
  if (standing !== null && inForce.includes(standing)) return;
  const [halt] = inForce;
  if (halt !== undefined) task.apply(branch.operation, { type: 'halt', halt, scope: 'wider' });
  else if (standing !== null) task.apply(branch.operation, { type: 'lift', halt: standing });
}
