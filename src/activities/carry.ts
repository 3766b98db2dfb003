import { CountersignError } from '../domain/errors.js';
import { TOLD } from '../domain/facts.js';
import type { DecisionId, TaskId, TenantId } from '../domain/ids.js';
import type { Json } from '../domain/action.js';
import { refuseDecision, voidDecisions } from '../store/decisions.js';
import { appendJournal, type JournalEvent } from '../store/journal.js';
import { noteRejected } from '../store/ledger.js';
import { closeQuestionsOfOperation } from '../store/questions.js';
import type { Transaction } from '../store/database.js';
import type { Carry, CarriedEvent, Head } from './api.js';

/**
 * Journals what the workflow carried and what this transaction made, in this order; the last statement of every transaction. What the
 * carried events mean for the store (a refused decision, a settled operation) is projected in the same transaction.
 */
export function journal(
  tx: Transaction,
  carry: Carry,
  now: number,
  own: readonly JournalEvent[] = [],
): Promise<Head> {
  projectCarried(tx, carry, now);
  return append(tx, carry, now, own);
}

/** What the carried events mean for the store, for a transaction that goes on by what they say. */
export function projectCarried(tx: Transaction, carry: Carry, now: number): void {
  for (const event of carry.events) project(tx, carry, event, now);
}

/** Journals carried events that were projected already. */
export function append(
  tx: Transaction,
  carry: Carry,
  now: number,
  own: readonly JournalEvent[],
): Promise<Head> {
  const carried = carry.events.map(({ id, type, operation, body }) => {
    if (!TOLD.has(type)) throw new CountersignError('invalid', `a run cannot journal ${type}`);
    const json = body as Record<string, Json>; // it came through a payload
    // An id of its own kind: what a forged run tells stands in no entry's place.
    return { id: `told/${id}`, type, body: { operation, ...json } };
  });
  return appendJournal(tx, {
    tenant: carry.tenant,
    task: carry.task,
    now,
    runId: carry.runId,
    events: [...carried, ...own],
  });
}

function project(
  tx: Transaction,
  task: { tenant: TenantId; task: TaskId },
  event: CarriedEvent,
  now: number,
): void {
  const { decision, code, outcome, reason } = event.body;
  if (event.refused !== undefined && code !== 'not-found')
    refuseDecision(tx, {
      ...task,
      ...event.refused,
      code: typeof code === 'string' ? code : 'conflict',
      now,
    });
  if (event.type === 'voided' && event.operation !== null && typeof decision === 'string') {
    const ids = [decision as DecisionId]; // only used to find a row
    voidDecisions(tx, { ...task, operation: event.operation, ids, code: 'halted', now });
  }
  if ((event.type === 'settled' || event.type === 'failed') && event.operation !== null) {
    const as = [outcome, reason].find((word) => typeof word === 'string') ?? event.type;
    const of = { ...task, operation: event.operation };
    // Everybody locks an operation's calls before its questions.
    if (as === 'rejected') noteRejected(tx, of);
    closeQuestionsOfOperation(tx, of, as, now);
  }
}
