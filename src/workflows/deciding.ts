import { decide } from '../domain/decide.js';
import type { DecisionMessage, Receipt } from '../domain/decision.js';
import type { Refusal } from '../domain/errors.js';
import { publicState } from '../domain/task.js';
import { readDecision } from './read-decision.js';
import type { TaskRun } from './task-run.js';

const MALFORMED: Refusal = { refused: 'invalid', detail: 'this is not a decision' };

/** Why a decision would be refused; null if it would not. Changes nothing, so that the validator of the update can ask. */
export function objection(task: TaskRun, sent: unknown): Refusal | null {
  const decision = readDecision(sent);
  if (decision === undefined) return MALFORMED;
  if (task.inbox.receiptFor(decision) !== undefined) return null;
  const branch = task.branch(decision.operation);
  if (branch === undefined)
    return { refused: 'not-found', detail: `there is no operation ${decision.operation}` };
  const answer = decide(branch, { type: 'respond', decision });
  if (!('refused' in answer)) return null;
  return answer.refused === 'pending' && task.inbox.hasRoom() ? null : answer;
}

/** Answers a decision that came by update, and moves the state. */
export function answer(task: TaskRun, sent: unknown): Receipt | Refusal {
  const decision = readDecision(sent);
  return decision === undefined ? MALFORMED : take(task, decision);
}

/** Takes a decision that came by signal: nobody hears the answer, so a refusal goes on record. */
export function hear(task: TaskRun, sent: unknown): void {
  const decision = readDecision(sent);
  if (decision === undefined) task.journal.noteRefusal(null, MALFORMED);
  else receive(task, decision);
}

/** Takes a decision out of the store, or one that was kept; a refusal goes on record. */
export function receive(task: TaskRun, decision: DecisionMessage): void {
  const taken = take(task, decision);
  if ('refused' in taken) task.refuse(decision, taken);
}

/** Tries the decisions again that waited for an asking or a verification. Those it is still too early for go on waiting. */
export function hearWaiting(task: TaskRun, operation: number): void {
  for (const decision of task.inbox.takeWaiting(operation)) receive(task, decision);
}

function take(task: TaskRun, decision: DecisionMessage): Receipt | Refusal {
  const first = task.inbox.receiptFor(decision);
  if (first !== undefined) return first;
  const refusal = task.apply(decision.operation, { type: 'respond', decision });
  if (refusal === null) {
    const branch = task.branch(decision.operation);
    const receipt: Receipt = {
      applied: true,
      escalation: decision.escalation,
      state: branch === undefined ? '' : publicState(branch),
    };
    task.inbox.remember(decision, receipt);
    return receipt;
  }
  if (refusal.refused !== 'pending' || !task.inbox.hasRoom()) return refusal;
  task.inbox.keep(decision);
  return { applied: false, pending: true };
}
