import type { ReaskReason } from '../domain/escalation.js';
import { quorumOf } from '../domain/verdict.js';
import { signedWord, type DecisionRecord } from '../contract/decision-record.js';
import type { Verifier } from '../contract/sign.js';
import type { DecisionRow } from '../store/decisions.js';
import type { LedgerRow } from '../store/ledger.js';
import type { QuestionRow } from '../store/questions.js';
import { areSeveral } from './votes.js';

/** All that decides whether a person's word lets a call run. Read in the claim's transaction, except for the keys. */
export interface GrantCase {
  readonly decision: DecisionRow;
  /** The round that was asked. */
  readonly question: QuestionRow;
  /** What is to run. */
  readonly call: LedgerRow;
  /** Recomputed just now from what is to run, under the policy that was in force when it was asked. */
  readonly digest: string;
  /** Whether people were asked about the call in a later round. */
  readonly askedLater: boolean;
  /** When the latest lifted halt over the task was lifted; 0 = never. */
  readonly lastLiftAt: number;
  /** How long an approval holds by the policy in force now; the stricter of this and what was signed counts. */
  readonly validityMs: number;
  readonly now: number;
}

/**
 * Whether one stored decision lets exactly this call run now. Nothing but the signed record counts: the columns beside it only find it.
 * Returns the record, or why the question must be asked anew.
 */
export function checkGrant(grant: GrantCase, verifier: Verifier): Checked {
  const checked = checkBinding(grant, verifier);
  if ('refused' in checked) return checked;
  const { record } = checked;
  const { decision, question, call, now } = grant;
  if (decision.outcome === 'withdrawn') return { refused: 'withdrawn' };
  const before = refusedBefore(decision);
  if (before !== undefined) return { refused: before };
  if (!isUsable(decision, question, call)) return { refused: 'unverified' };
  // Perhaps they said no there.
  if (grant.askedLater) return { refused: 'policy-stricter' };
  if (record.at <= grant.lastLiftAt) return { refused: 'halt-lifted' };
  if (now > Math.min(record.executeBy, record.at + grant.validityMs)) return { refused: 'approval-expired' };
  return { record };
}

/** What a claim can make a genuine decision void for, beside a halt. */
const REFUSALS: readonly ReaskReason[] = [
  'drift',
  'digest-changed',
  'approval-expired',
  'withdrawn',
  'policy-stricter',
  'limit',
  'needs-another-subject',
  'quorum',
  'halt-lifted',
];

/** Why an earlier attempt refused the very same, and its answer was lost: a run that took it for a forgery would wait on a closed question. */
function refusedBefore({ outcome, outcomeCode }: DecisionRow): ReaskReason | undefined {
  if (outcome !== 'void') return undefined;
  // No claim comes so far before the halt is lifted.
  return outcomeCode === 'halted' ? 'halt-lifted' : REFUSALS.find((reason) => reason === outcomeCode);
}

type Checked = { readonly record: DecisionRecord } | { readonly refused: ReaskReason };

/** Whether a decision is genuine and about exactly this call, whenever it is: all that a repeat of a claimed call has to show. */
export function checkBinding(
  { decision, question, call, digest }: Pick<GrantCase, 'decision' | 'question' | 'call' | 'digest'>,
  verifier: Verifier,
): Checked {
  const record = signedWord(decision, verifier, question);
  if (!record || !isAboutCall(question, call)) return { refused: 'unverified' };
  const runs = whatRuns(record, question);
  if (!runs || runs.generation !== call.generation) return { refused: 'unverified' };
  return runs.digest === digest ? { record } : { refused: 'digest-changed' };
}

function isAboutCall(question: QuestionRow, call: LedgerRow): boolean {
  return (
    question.tenant === call.tenant && question.task === call.task && question.operation === call.operation
  );
}

/**
 * A decision counts for the open question it answered, once; or again for the claim it made, when that was proven not to have called. One of
 * several was heard before.
 */
function isUsable(decision: DecisionRow, question: QuestionRow, call: LedgerRow): boolean {
  const waits =
    decision.outcome === null || (decision.outcome === 'applied' && quorumOf(question.verdict) > 1);
  if (waits && question.status === 'open') return true;
  return (
    decision.outcome === 'applied' && (decision.verb === 'resolve' || call.decisions.includes(decision.id))
  );
}

function whatRuns(
  record: DecisionRecord,
  question: QuestionRow,
): { generation: number; digest: string } | undefined {
  if (record.verb === 'approve' && question.kind === 'approval')
    return { generation: record.generation, digest: record.digest };
  if (record.verb === 'edit' && question.kind === 'approval') return record.edited;
  if (record.verb === 'resolve' && record.resolution === 'not-happened' && question.kind === 'resolution') {
    return { generation: record.generation, digest: record.digest };
  }
  return undefined;
}

/**
 * Whether these are approvals of as many people as were to be asked, or an edit, which is asked about anew: anything else was put together by
 * somebody else than the run.
 */
export function isWholeWord(records: readonly DecisionRecord[], asked: QuestionRow): boolean {
  if (!areSeveral(records)) return false;
  return records.length >= quorumOf(asked.verdict) || records.some(({ verb }) => verb !== 'approve');
}
