import { votersOf } from '../domain/verdict.js';
import type { Approval } from '../contract/question-rules.js';
import { SETTLING } from '../domain/respond.js';
import type { Transaction } from '../store/database.js';
import { decisionsOf } from '../store/decisions.js';
import type { QuestionRow } from '../store/questions.js';
import type { DecisionLine } from '../store/review.js';
import { personIn } from './decider.js';
import type { DecisionScene } from './decision-scene.js';

/** The approvals of the round that hold at this moment; where one is enough none, because it needs no count. */
export async function approvalsOf(
  tx: Transaction,
  { question, roster, now }: Pick<DecisionScene, 'question' | 'roster' | 'now'>,
): Promise<readonly Approval[]> {
  if (votersOf(question) === 1) return [];
  const lines = await decisionsOf(tx, question);
  return lines
    .filter((row) => isStandingVote(question, row, now))
    .map(({ subject, onBehalfOf }) => ({ subject: personIn(roster, subject), onBehalfOf }));
}

type Line = Pick<DecisionLine, 'subject' | 'verb' | 'round' | 'outcome'>;
type Vote = Line & Pick<DecisionLine, 'at'>;

/** Whether a line is an approval of the round that holds: it was not taken back or refused, and has not lapsed. */
export function isStandingVote(question: QuestionRow, row: Vote, now: number): boolean {
  return isVote(question, row) && now <= row.at + question.verdict.validityMs;
}

/** Whether a line is one of several approvals that an open question waits for, and counts no more: whoever gave it may give it again. */
export function hasLapsed(question: QuestionRow, row: Vote, now: number): boolean {
  const waits = question.status === 'open' && votersOf(question) > 1;
  return waits && isVote(question, row) && !isStandingVote(question, row, now);
}

function isVote(question: QuestionRow, row: Line): boolean {
  return row.verb === 'approve' && isOwnWord(question, row, row.subject);
}

function isOwnWord(question: QuestionRow, row: Line, subject: string): boolean {
  const stands = row.outcome === null || row.outcome === 'applied';
  return stands && row.round === question.round && row.subject === subject && SETTLING.includes(row.verb);
}

/** Whether somebody is to answer for themselves first: several must approve, and this person has not said anything yet. */
export function isBlind(question: QuestionRow, lines: readonly Line[], subject: string): boolean {
  if (question.status !== 'open' || votersOf(question) === 1) return false;
  return !lines.some((row) => isOwnWord(question, row, subject));
}

/** What somebody may hear of the decisions about an operation: of an open round of several, before their own word, nothing of others. */
export function heardBy<Each extends Line>(
  question: QuestionRow,
  lines: readonly Each[],
  subject: string,
): readonly Each[] {
  if (!isBlind(question, lines, subject)) return lines;
  return lines.filter((row) => row.round !== question.round || row.subject === subject);
}
