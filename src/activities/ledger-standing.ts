import { ApplicationFailure } from '@temporalio/common';
import type { Json } from '../domain/action.js';
import type { Question, ReaskReason } from '../domain/escalation.js';
import type { DecisionId } from '../domain/ids.js';
import type { Reservation } from '../domain/verdict.js';
import { signedWord } from '../contract/decision-record.js';
import { GRACE_MS, mayRepeat } from '../contract/repeat.js';
import type { Tool } from '../contract/tool.js';
import { release } from '../store/counters.js';
import type { Transaction } from '../store/database.js';
import { decisionsOf, findDecision, settleDecisions, type DecisionRow } from '../store/decisions.js';
import type { JournalEvent } from '../store/journal.js';
import { endCall, type CallEnd, type CallRef, type LedgerRow } from '../store/ledger.js';
import {
  closeQuestionsOfOperation,
  findConfirmation,
  findQuestion,
  findSoftPermit,
  type QuestionRow,
} from '../store/questions.js';
import { findTask } from '../store/tasks.js';
import type { ExecuteInput } from './api.js';
import { openWindow, questionOf } from './desk.js';
import type { ActivityDeps } from './ports.js';

/** What the ledger already says of a call. `free` may be claimed; `held` then are the counters it keeps from a claim before. */
export type Standing =
  | { readonly kind: 'free'; readonly held: readonly Reservation[] | null }
  | { readonly kind: 'executed'; readonly confirm?: Question }
  | { readonly kind: 'failed'; readonly code: string }
  | { readonly kind: 'left'; readonly decision?: DecisionId }
  | { readonly kind: 'voided' }
  | { readonly kind: 'refused'; readonly reason: ReaskReason };

type Answer = Standing & { readonly events: readonly JournalEvent[] };

interface Look {
  readonly call: LedgerRow;
  readonly tool: Tool | undefined;
  readonly input: ExecuteInput;
  readonly now: number;
  readonly halted: boolean;
}

/** Reads the call's row, which the caller has locked, and settles an unknown one when a person has found out. Throws while an attempt runs. */
export async function standing(tx: Transaction, deps: ActivityDeps, look: Look): Promise<Answer> {
  const { call } = look;
  switch (call.status) {
    case 'open':
      return settlesNothing(look)
        ? { kind: 'refused', reason: 'unverified', events: [] }
        : { kind: 'free', held: null, events: [] };
    case 'done':
    case 'undone':
      return windowOf(tx, deps, look);
    case 'failed':
      return { kind: 'failed', code: call.errorCode ?? 'failed', events: [] };
    case 'left':
      return leftBy(tx, call);
    case 'voided':
      return { kind: 'voided', events: [] };
    case 'claimed':
      return afterClaim(tx, look);
    case 'unknown':
      // What did not happen would be called: under a halt the finding waits, and is asked for again.
      if (look.halted && look.input.resolution?.as === 'not-happened')
        return { kind: 'free', held: null, events: [] };
      return look.input.resolution
        ? resolve(tx, deps, look)
        : { kind: 'refused', reason: 'unknown', events: [] };
  }
}

/**
 * A call that ran, with its window if it ran softly and nobody confirmed it. Where its result came late, while people were asked what became
 * of it, the window opens now, unless they found that it happened.
 */
async function windowOf(tx: Transaction, deps: ActivityDeps, { input, call, now }: Look): Promise<Answer> {
  const executed = { kind: 'executed', events: [] } as const;
  if (input.decisions.length > 0) return executed;
  const window = await findConfirmation(tx, call);
  if (window?.closedAs === 'confirmed') return executed;
  if (window) return { ...executed, confirm: questionOf(window, window.digest) };
  const late = input.resolution !== null && input.resolution.as !== 'happened';
  const permit = late ? await findSoftPermit(tx, call) : undefined;
  // The hand-over of a task that has ended names the call.
  if (!permit || (await findTask(tx, call.tenant, call.task))?.closedAt !== null) return executed;
  closeQuestionsOfOperation(tx, call, 'late-result', now);
  const { opened, question, events } = openWindow(tx, deps, permit, { round: input.round + 1, now });
  await opened;
  return { kind: 'executed', confirm: question, events };
}

async function leftBy(tx: Transaction, call: LedgerRow): Promise<Answer> {
  const said = (await decisionsOf(tx, call)).findLast(
    ({ generation, outcome, message }) =>
      generation === call.generation && outcome === 'applied' && message.resolution === 'leave',
  );
  return { kind: 'left', ...(said && { decision: said.id }), events: [] };
}

/** A finding that lets nothing run, about a call whose outcome is not in question: never a reason to make it. */
function settlesNothing({ input }: Look): boolean {
  return input.resolution !== null && input.resolution.as !== 'not-happened';
}

async function afterClaim(tx: Transaction, { call, tool, now, halted }: Look): Promise<Answer> {
  const over = (call.callBy ?? 0) + GRACE_MS;
  if (now < over) throw inFlight(call.attempt, over - now);
  if (!halted && tool && mayRepeat(tool, call, now)) return { kind: 'free', held: call.reserved, events: [] };
  await endCall(tx, { ...call, from: ['claimed'], end: { status: 'unknown' }, now });
  return { kind: 'refused', reason: 'unknown', events: [unknownEvent(call)] };
}

/** Makes Temporal try again once the attempt that is or may be running must be over. */
export function inFlight(attempt: number, remainingMs: number): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'in-flight',
    message: `attempt ${attempt} may still be running`,
    nextRetryDelay: Math.max(1, remainingMs),
  });
}

/** The journal's word for a call whose outcome nobody knows. */
export function unknownEvent(call: { operation: number; generation: number; attempt: number }): JournalEvent {
  const { operation, generation, attempt } = call;
  return {
    id: `ended/${operation}.${generation}.${attempt}/unknown`,
    type: 'call-unknown',
    body: { operation, generation, attempt },
  };
}

async function resolve(tx: Transaction, deps: ActivityDeps, { call, input, now }: Look): Promise<Answer> {
  const wanted = input.resolution;
  const decision = wanted ? await findDecision(tx, call.tenant, wanted.decision) : undefined;
  const question = decision && (await findQuestion(tx, { ...call, round: decision.round }));
  const genuine = decision && question && isGenuineFinding(decision, question, call, deps);
  if (!wanted || !genuine || decision.message.resolution !== wanted.as) {
    return { kind: 'refused', reason: 'unknown', events: [] };
  }
  closeQuestionsOfOperation(tx, call, 'resolved', now);
  settleDecisions(tx, { tenant: call.tenant, ids: [decision.id], now });
  await endCall(tx, {
    ...call,
    from: ['unknown'],
    end: resolvedEnd(wanted.as, decision.result ?? null),
    now,
  });
  // Counters stay with what happened or may have; what did not happen gives back, and takes again when it runs.
  if (wanted.as === 'not-happened') release(tx, call.tenant, call.reserved);
  const event: JournalEvent = {
    id: `resolved/${call.operation}.${call.generation}.${call.attempt}`,
    type: 'call-resolved',
    body: {
      operation: call.operation,
      generation: call.generation,
      attempt: call.attempt,
      as: wanted.as,
      decision: decision.id,
    },
  };
  if (wanted.as === 'happened') return { kind: 'executed', events: [event] };
  return wanted.as === 'leave'
    ? { kind: 'left', decision: decision.id, events: [event] }
    : { kind: 'free', held: null, events: [event] };
}

function resolvedEnd(as: 'happened' | 'not-happened' | 'leave', result: Json): CallEnd {
  return as === 'happened' ? { status: 'done', result } : { status: as === 'leave' ? 'left' : 'open' };
}

/** The signed word of somebody who was asked what became of this very call, about the question that is open now. */
export function isGenuineFinding(
  decision: DecisionRow,
  question: QuestionRow,
  call: CallRef,
  deps: Pick<ActivityDeps, 'verifier'>,
): boolean {
  if (question.kind !== 'resolution' || question.status !== 'open') return false;
  if (question.generation !== call.generation || question.operation !== call.operation) return false;
  const record = signedWord(decision, deps.verifier, question);
  return record?.verb === 'resolve' && (decision.outcome === null || decision.outcome === 'applied');
}
