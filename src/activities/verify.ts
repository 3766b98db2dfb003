import { votersOf } from '../domain/verdict.js';
import { sameDecision, signedWord } from '../contract/decision-record.js';
import type { Verb } from '../domain/decision.js';
import type { DecisionId } from '../domain/ids.js';
import type { Transaction } from '../store/database.js';
import { applyDecision, findDecision, type DecisionRow } from '../store/decisions.js';
import type { JournalEvent } from '../store/journal.js';
import {
  clearUndelivered,
  closeQuestion,
  lockQuestion,
  moveDeadline,
  type QuestionRow,
} from '../store/questions.js';
import type { VerifyInput, VerifyResult } from './api.js';
import { journal } from './carry.js';
import type { ActivityDeps } from './ports.js';
import { countedVotes, wasHeard } from './votes.js';

/**
 * Whether the store holds this very decision, signed by a known key, for this question, by somebody whom it was put to. A genuine one
 * takes effect in the store in the same transaction; a repeat says the same.
 */
export async function verify(deps: ActivityDeps, input: VerifyInput): Promise<VerifyResult> {
  const { decision: message, tenant, task } = input;
  const { operation, generation, round, verb } = message;
  await deps.point?.('verify-before', { task, operation });
  const { said, result } = await deps.database.transaction(async (tx) => {
    const [question, row, now] = await Promise.all([
      lockQuestion(tx, { tenant, task, operation, generation, round }),
      findDecision(tx, tenant, message.id),
      tx.now(),
    ]);
    const said = row !== undefined && question !== undefined && isSaid(deps, input, row, question);
    const genuine = said && (row.outcome === null || isTold(row, question));
    const votes =
      genuine && isVote(row, question) ? await countedVotes(tx, deps, { question, also: row.id, now }) : null;
    const events = genuine ? apply(tx, row, question, { now, votes }) : [];
    const head = await tx.last(journal(tx, input, now, events));
    const withdrawn = said && !genuine;
    return { said, result: { genuine, ...(withdrawn && { withdrawn }), ...(votes && { votes }), head } };
  });
  // Somebody forged it, or altered what is stored of it: a person must look.
  if (!said) deps.log('error', 'decision-forged', { task, operation, verb });
  return result;
}

/** Whether somebody whom it was put to said exactly this. */
function isSaid(deps: ActivityDeps, input: VerifyInput, row: DecisionRow, question: QuestionRow): boolean {
  const record = signedWord(row, deps.verifier, question);
  return record !== undefined && sameDecision(record, input.decision);
}

/** Whether it is one of several approvals that a call needs. */
function isVote({ verb }: DecisionRow, question: QuestionRow): boolean {
  return verb === 'approve' && votersOf(question) > 1;
}

/** Whether it says again what it said before. A void vote does, so that a run that was reset makes its claim, and hears why that was refused. */
function isTold(row: DecisionRow, question: QuestionRow): boolean {
  return row.outcome === 'applied' || (isVote(row, question) && wasHeard(row, question));
}

/** What a genuine decision closes its question as; undefined = it stays open, or the claim closes it. */
function closedBy(verb: Verb, { kind }: QuestionRow): string | undefined {
  switch (verb) {
    case 'reject':
      return kind === 'confirmation' ? 'undone' : 'rejected';
    case 'respond':
      return 'answered';
    case 'take-over':
      return 'taken-over';
    case 'approve':
      return kind === 'confirmation' ? 'confirmed' : undefined;
    case 'edit':
    case 'escalate':
    case 'hold':
    case 'extend':
    case 'withdraw':
    case 'resolve':
      return undefined;
  }
}

function apply(
  tx: Transaction,
  row: DecisionRow,
  question: QuestionRow,
  { now, votes }: { readonly now: number; readonly votes: readonly DecisionId[] | null },
): readonly JournalEvent[] {
  const { verb, until } = row.message;
  applyDecision(tx, { ...row, now });
  // A repeat moves nothing: another rung may be asked by now, or the owner.
  const first = row.outcome === null;
  const moves = first && (verb === 'hold' || verb === 'extend');
  if (moves && until !== undefined && question.status === 'open') moveDeadline(tx, question, until);
  if (first && question.undelivered) clearUndelivered(tx, question);
  const closed = closedBy(verb, question);
  if (closed !== undefined) closeQuestion(tx, question, closed, now);
  const { operation, generation, round } = row;
  const body = { operation, generation, round, decision: row.id, verb, until };
  // Where several must answer, programs are told of it by this entry.
  const needed = votersOf(question);
  const settled = needed > 1 && (closed !== undefined || (votes?.length ?? 0) >= needed);
  const event = { id: `applied/${row.id}`, type: 'decision-applied' };
  return [{ ...event, body: settled ? { ...body, settled } : body }];
}
