import { ApplicationFailure } from '@temporalio/common';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { DecisionMessage, Receipt } from '../domain/decision.js';
import { ERRORS, type ErrorCode, type Refusal } from '../domain/errors.js';
import { decideSignal, decideUpdate } from '../workflows/messages.js';
import { runOf, tell, within, type TaskRef, type TemporalTarget } from './connection.js';

/** What delivering a stored decision came to. */
export type Delivery =
  | { readonly kind: 'applied'; readonly state: string }
  /** On its way: `sent` = the run has it durably; otherwise the dispatcher sends it. */
  | { readonly kind: 'pending'; readonly sent: boolean }
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly detail: string;
      /** With `already-decided`: what the run took first, whether genuine or not. */
      readonly winner?: NonNullable<Refusal['winner']>;
    };

/**
 * Delivers a stored decision: an update whose id is the decision's, so that a repeat meets its own answer; when nobody answers in time the
 * outcome is unknown and the same envelope follows as a signal.
 */
export async function decideTask(
  target: TemporalTarget,
  ref: TaskRef,
  message: DecisionMessage,
  timeoutMs = 2_000,
): Promise<Delivery> {
  try {
    const run = runOf(target, ref);
    const receipt = await within(target, timeoutMs, () =>
      run.executeUpdate(decideUpdate, { args: [message], updateId: message.id }),
    );
    return delivered(receipt);
  } catch (error) {
    return refusal(error) ?? sendDecision(target, ref, message, timeoutMs);
  }
}

/** The same envelope as a signal: durable without a worker, answered by nobody. */
export async function sendDecision(
  target: TemporalTarget,
  ref: TaskRef,
  message: DecisionMessage,
  timeoutMs = 2_000,
): Promise<Delivery> {
  const told = await tell(target, ref, timeoutMs, (run) => run.signal(decideSignal, message));
  return told === 'gone' ? gone() : { kind: 'pending', sent: told === 'told' };
}

function delivered(receipt: Receipt): Delivery {
  return receipt.applied ? { kind: 'applied', state: receipt.state } : { kind: 'pending', sent: true };
}

function refusal(error: unknown): Delivery | undefined {
  if (error instanceof WorkflowNotFoundError) return gone();
  if (!(error instanceof WorkflowUpdateFailedError)) return undefined;
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure) || !isErrorCode(cause.type)) return undefined;
  const [winner] = (cause.details ?? []) as [NonNullable<Refusal['winner']>?]; // as handlers.ts writes them
  return { kind: 'refused', code: cause.type, detail: cause.message, ...(winner ? { winner } : {}) };
}

function gone(): Delivery {
  return {
    kind: 'refused',
    code: 'not-open',
    detail: 'The task has ended: nothing waits for a decision any more.',
  };
}

function isErrorCode(text: string | null | undefined): text is ErrorCode {
  return typeof text === 'string' && Object.hasOwn(ERRORS, text);
}
