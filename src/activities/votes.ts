import type { DecisionId } from '../domain/ids.js';
import { countedBy } from '../contract/question-rules.js';
import { signedWord, type DecisionRecord } from '../contract/decision-record.js';
import { asNamed } from '../policy/people.js';
import type { Queries } from '../store/database.js';
import { decisionsOf, type DecisionRow } from '../store/decisions.js';
import type { QuestionRow } from '../store/questions.js';
import type { ActivityDeps } from './ports.js';

type Word = Pick<DecisionRecord, 'subject' | 'onBehalfOf'>;

/** Whether each was said by another person: neither under two ids, nor once in person and once by whoever stands in. */
export function areSeveral(words: readonly Word[]): boolean {
  const people = countedBy(words);
  return new Set(people).size === people.length;
}

/**
 * The approvals of a round that count at epoch milliseconds `now`, oldest first: heard, or `also`; genuine; not lapsed; each by another
 * person by the policy in force. The claim checks each of them again, and says to a run that was reset why it refused them.
 */
export async function countedVotes(
  queries: Queries,
  deps: Pick<ActivityDeps, 'verifier' | 'policies'>,
  { question, also, now }: { question: QuestionRow; also?: DecisionId; now: number },
): Promise<readonly DecisionId[]> {
  const [policy, rows] = await Promise.all([
    deps.policies.active(queries, question.tenant),
    decisionsOf(queries, question),
  ]);
  const counted: DecisionRecord[] = [];
  for (const row of rows) {
    if (row.verb !== 'approve' || row.round !== question.round) continue;
    if (!wasHeard(row, question) && !(row.id === also && row.outcome === null)) continue;
    const signed = signedWord(row, deps.verifier, question);
    if (!signed || now > signed.executeBy) continue;
    const record = asNamed(policy, signed);
    if (areSeveral([...counted, record])) counted.push(record);
  }
  return counted.map(({ id }) => id);
}

/** Whether a decision took effect, also if the claim voided it and the question with it. */
export function wasHeard({ outcome }: DecisionRow, question: QuestionRow): boolean {
  return outcome === 'applied' || (outcome === 'void' && question.status === 'closed');
}
