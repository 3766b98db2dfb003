import { canonicalJson } from '../contract/canonical.js';
import { labelled } from '../contract/digest.js';
import { parseDuration } from '../contract/duration.js';
import { decisionRequest, type DecisionRequest } from '../contract/http.js';
import type { AnswerEntry } from '../contract/play-entry.js';
import type { Tool } from '../contract/tool.js';
import type { Json } from '../domain/action.js';
import type { Verb } from '../domain/decision.js';
import type { Refusal } from '../domain/errors.js';
import type { Question, ReaskReason } from '../domain/escalation.js';
import { localIdentity } from '../domain/identity.js';
import type { Verdict } from '../domain/verdict.js';
import type { Policy } from './policy.js';
import {
  type AskedQuestion,
  movedDeadline,
  refuseDecider,
  refuseMoment,
  refuseSecondVote,
} from '../contract/question-rules.js';
import { rolesOf } from './roster.js';

/** What a reviewer is asked. */
export interface PlayedQuestion {
  readonly tool: string;
  readonly args: Json;
  readonly kind: Question['kind'];
  /** Why it is asked anew; null = it is asked for the first time. */
  readonly reason: ReaskReason | null;
  /** The role that is asked now, and who may decide for it. */
  readonly role: string;
  readonly members: readonly string[];
  readonly verdict: Verdict;
  /** Epoch milliseconds of the clock. */
  readonly askedAt: number;
  /** Null = on the owner's desk, without a deadline. */
  readonly answerBy: number | null;
}

/** What a reviewer does with a question. */
export interface PlayedAnswer extends AnswerEntry {
  /** For approve and edit: taken back before the call is made. */
  readonly withdrawn?: Pick<AnswerEntry, 'by' | 'why'>;
}

/** Answers a question, or with null leaves it to time. Asked once for each role, and again when a deadline was moved or others must approve, too. */
export type Review = (question: PlayedQuestion) => PlayedAnswer | null;

/** One answer for each question in turn; then silence. `null` = nobody answers that one. A `withdraw` after an approval takes it back before the call. */
export function scripted(...answers: readonly (PlayedAnswer | null)[]): Review {
  return inTurn([...answers]);
}

/** The same out of a list, which keeps what nobody has asked for. */
export function inTurn(left: (PlayedAnswer | null)[]): Review {
  return () => {
    const answer = left.shift() ?? null;
    const isApproval = answer?.verb === 'approve' || answer?.verb === 'edit';
    if (!isApproval || left[0]?.verb !== 'withdraw') return answer;
    const { by, why = WHY } = left[0];
    left.shift();
    return { ...answer, withdrawn: { by, why } };
  };
}

/** What an answer that the gate takes changes. */
export interface Taken {
  readonly body: DecisionRequest;
  readonly edited?: Json;
  /** The new deadline, epoch milliseconds. */
  readonly until?: number;
}

/** An answer with all that decides whether the gate takes it. */
export interface Answering {
  readonly answer: PlayedAnswer;
  readonly question: AskedQuestion;
  readonly reason: ReaskReason | null;
  readonly policy: Policy;
  readonly requester: string;
  readonly tool: Tool | undefined;
  readonly args: Json;
  /** Whoever edited the call into what it is now. */
  readonly editors: readonly string[];
  /** Whose approvals of the round hold. */
  readonly approved: readonly string[];
  readonly ownerSubject: string | null;
  readonly now: number;
}

const WHY = 'as played';
/** What is decided about: one question at a time, so that nobody can look at another. */
export const DIGEST = labelled('played', null);

/** What somebody is told who takes back what they never gave. */
export const NOTHING_TO_WITHDRAW: Refusal = {
  refused: 'not-open',
  detail: 'You have no approval here that could be taken back.',
};

/** Takes an answer as the gate would, by the same rules and in the same order; or says why not. */
export function take(answering: Answering): Taken | Refusal {
  const { answer, question, policy, requester, approved, ownerSubject, now } = answering;
  const body = bodyOf(answer, question);
  if ('refused' in body) return body;
  const roles = rolesOf(policy, localIdentity(answer.by));
  if (roles.length === 0 && answer.by !== requester)
    return { refused: 'not-found', detail: `${answer.by} has no role, and sees no question.` };
  if (answer.verb === 'withdraw') return approved.includes(answer.by) ? { body } : NOTHING_TO_WITHDRAW;
  const decider = { subject: answer.by, roles, ownerSubject };
  const votes = approved.map((subject) => ({ subject }));
  return (
    refuseDecider(question, decider, requester, answer.verb) ??
    refuseEditor(answering) ??
    refuseMoment(question, body, now) ??
    (answer.verb === 'approve' ? refuseSecondVote(question, votes, decider) : undefined) ??
    changeOf(answering, body)
  );
}

function bodyOf(answer: PlayedAnswer, { round, digest, answerBy }: AskedQuestion): DecisionRequest | Refusal {
  const { verb, by: _by, after: _after, later, withdrawn: _withdrawn, ...rest } = answer;
  const laterMs = later === undefined ? undefined : parseDuration(later);
  const until = laterMs === undefined ? {} : { until: (answerBy ?? 0) + laterMs };
  const given = { why: WHY, ...rest, ...until, decision: verb, digest, version: round };
  const parsed = decisionRequest.safeParse(given);
  return parsed.success
    ? parsed.data
    : { refused: 'invalid', detail: parsed.error.issues.map(({ message }) => message).join('; ') };
}

function refuseEditor({ answer, reason, editors }: Answering): Refusal | undefined {
  if (reason !== 'needs-another-subject' || answer.verb !== 'approve') return undefined;
  return editors.includes(answer.by)
    ? {
        refused: 'forbidden',
        detail: 'You edited this call into what it is: somebody else must approve it.',
      }
    : undefined;
}

function changeOf({ question, tool, args }: Answering, body: DecisionRequest): Taken | Refusal {
  const { outcome, edits } = body;
  const misfit = outcome === undefined ? null : (tool?.checkOutput(outcome) ?? null);
  if (misfit !== null) return { refused: 'invalid', detail: misfit };
  if (edits !== undefined) return editedBy(edits, { tool, args, body });
  if (!MOVES.includes(body.decision)) return { body };
  const moved = movedDeadline(question, body.until);
  return 'refused' in moved ? moved : { body, until: moved.until };
}

const MOVES: readonly Verb[] = ['hold', 'extend'];

function editedBy(
  edits: Json,
  { tool, args, body }: { tool: Tool | undefined; args: Json; body: DecisionRequest },
): Taken | Refusal {
  const read = tool?.normaliseArgs(edits) ?? { args: edits };
  if (!('args' in read)) return { refused: 'invalid', detail: 'The tool cannot read the edited arguments.' };
  return canonicalJson(read.args) === canonicalJson(args)
    ? { refused: 'invalid', detail: 'The edit changes nothing: approve the action as it is.' }
    : { body, edited: read.args };
}
