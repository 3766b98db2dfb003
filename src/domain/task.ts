import type { Escalation, Question, State } from './escalation.js';
import { isClosed } from './decide.js';

/**
 * The state of a task as a fold of its branches. `planning`: the planner has not yet said that the task is done. A branch that asked
 * nobody and still moves makes it RUNNING; else the most urgent open question speaks for the task.
 */
export function foldTask(branches: readonly Escalation[], planning: boolean): State {
  if (branches.some((branch) => !isClosed(branch) && questionOf(branch) === null)) return 'RUNNING';
  const urgent = mostUrgent(branches);
  if (urgent !== undefined) return publicState(urgent);
  if (branches.some((branch) => branch.status === 'FAILED')) return 'FAILED';
  return planning ? 'RUNNING' : 'COMPLETED';
}

/** The open question that speaks for the task: nearest deadline, then higher tier, then lower operation. */
export function mostUrgent(branches: readonly Escalation[]): Escalation | undefined {
  return branches.filter((branch) => questionOf(branch) !== null).toSorted(byUrgency)[0];
}

/** The public state of one escalation. */
export function publicState(branch: Escalation): State {
  switch (branch.status) {
    case 'JUDGED':
      return 'RUNNING';
    case 'SETTLED':
      return 'COMPLETED';
    case 'PAUSED_PENDING_HUMAN':
    case 'HUMAN_RESPONDED':
    case 'TIMED_OUT':
    case 'RESUMING':
    case 'FAILED':
      return branch.status;
  }
}

/** The question that people were asked and that is not settled yet; null when there is none. */
export function questionOf(branch: Escalation): Question | null {
  switch (branch.status) {
    case 'PAUSED_PENDING_HUMAN':
    case 'HUMAN_RESPONDED':
    case 'TIMED_OUT':
    case 'RESUMING':
      return branch.question;
    case 'JUDGED':
    case 'SETTLED':
    case 'FAILED':
      return null;
  }
}

function byUrgency(a: Escalation, b: Escalation): number {
  const [first, second] = [deadline(a), deadline(b)];
  if (first !== second) return first < second ? -1 : 1;
  return b.tier - a.tier || a.operation - b.operation;
}

function deadline(branch: Escalation): number {
  return questionOf(branch)?.answerBy ?? Infinity;
}
