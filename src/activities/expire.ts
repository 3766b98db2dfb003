import { votersOf } from '../domain/verdict.js';
import { unheardDecisions, type DecisionRow } from '../store/decisions.js';
import type { Transaction } from '../store/database.js';
import { haltsOver } from '../store/halts.js';
import { enqueueNotices } from '../store/outbox.js';
import { endRung, latestRound, lockQuestion, type QuestionRow } from '../store/questions.js';
import type { ExpireInput, ExpireResult } from './api.js';
import { journal } from './carry.js';
import { countedVotes } from './votes.js';
import type { ActivityDeps } from './ports.js';

/**
 * Ends a rung, unless somebody decided in time and was not heard yet. Under the question's lock, which storing a decision takes too:
 * either the decision is seen here, or its time lies after the deadline and it is refused.
 */
export async function expire(deps: ActivityDeps, input: ExpireInput): Promise<ExpireResult> {
  await deps.point?.('expire-before', { task: input.task, operation: input.operation });
  return deps.database.transaction(async (tx) => {
    const [question, newest, waiting, now] = await Promise.all([
      lockQuestion(tx, input),
      latestRound(tx, input),
      unheardDecisions(tx, input),
      tx.now(),
    ]);
    const head = await journal(tx, input, now);
    // A run that stands behind asks, and hears of that round. What comes after a window its undo says.
    if (question && newest > question.round && question.kind !== 'confirmation')
      return { kind: 'asked-anew', head };
    // The next rung is asked already, and decisions about it are heard there: a repeat, or an attempt that comes late.
    if (question && question.rung > input.rung) return { kind: 'expired', head };
    const unheard = question ? await thoseThatCount(tx, deps, { question, waiting, now }) : waiting;
    if (unheard.length > 0) return { kind: 'decided', decisions: unheard.map((row) => row.message), head };
    if (question && question.answerBy !== null && question.rung === input.rung && now < question.answerBy) {
      return { kind: 'early', remainingMs: question.answerBy - now, head };
    }
    if (question && (await isHalted(tx, question))) return { kind: 'halted', head };
    if (question) {
      if (question.status === 'open' && !question.rungOver) tellTimedOut(tx, deps, question, now);
      endRung(tx, question);
    }
    return { kind: 'expired', head };
  });
}

/** Whether a halt kept people from answering it; a window goes on under one. */
async function isHalted(tx: Transaction, question: QuestionRow): Promise<boolean> {
  if (question.status !== 'open' || question.kind === 'confirmation') return false;
  const { inForce, lastLiftAt } = await haltsOver(tx, question);
  return inForce.length > 0 || lastLiftAt >= question.askedAt;
}

/** Told to the role that fell silent, and after the last rung to all of them: until then each could still have answered. */
function tellTimedOut(tx: Transaction, { channels }: ActivityDeps, question: QuestionRow, now: number): void {
  const further = question.rung + 1 < question.verdict.ladder.rungs.length;
  for (const role of further ? [question.role] : question.roles)
    enqueueNotices(tx, { ...question, kind: 'timed-out', channels, role, dueAt: now });
}

/**
 * Which of those that no history is known to have a run that still waits cannot have heard: all without an outcome, and what took effect
 * where that ends the waiting. Whatever leaves the question open it may have, and would be told of for ever.
 */
async function thoseThatCount(
  tx: Transaction,
  deps: ActivityDeps,
  { question, waiting, now }: { question: QuestionRow; waiting: readonly DecisionRow[]; now: number },
): Promise<readonly DecisionRow[]> {
  const fresh = waiting.filter((row) => row.outcome === null);
  if (fresh.length === waiting.length) return waiting;
  const over =
    question.status !== 'open' ||
    (await countedVotes(tx, deps, { question, now })).length >= votersOf(question);
  return over ? waiting : fresh;
}
