import type { ProposedCall } from '../contract/case-file.js';
import { parseDuration } from '../contract/duration.js';
import type { Rung, Verdict } from '../domain/verdict.js';
import type { Policy } from '../policy/policy.js';
import { may, membersOf } from '../policy/roster.js';
import type { FakeClock } from './clock.js';

/** What a reviewer is asked. */
export interface FakeQuestion {
  readonly tool: string;
  readonly args: NonNullable<ProposedCall['args']>;
  /** The role that is asked now, and who may decide for it. */
  readonly role: string;
  readonly members: readonly string[];
  readonly verdict: Verdict;
  /** Epoch milliseconds of the fake clock. */
  readonly askedAt: number;
  readonly answerBy: number;
}

/** What a reviewer does with a question. */
export interface FakeAnswer {
  readonly by: string;
  readonly verb: 'approve' | 'reject' | 'escalate';
  readonly why: string;
  /** How long they took, as `1h`; past the deadline it counts as silence. Default: no time. */
  readonly after?: string;
}

/** Answers a question, or with null leaves it to time. Asked once for each role of the ladder. */
export type Review = (question: FakeQuestion) => FakeAnswer | null;

/** One answer for each question in turn; then silence. `null` = nobody answers that one. */
export function scripted(...answers: readonly (FakeAnswer | null)[]): Review {
  const left = [...answers];
  return () => left.shift() ?? null;
}

/** How the asking went. */
export interface Asked {
  /** Every role that was asked, in order. */
  readonly questions: readonly FakeQuestion[];
  /** Answers that the gate would not take, and why. */
  readonly refused: readonly { readonly answer: FakeAnswer; readonly because: string }[];
  /** The answer that settled it; null when none did. */
  readonly decision: FakeAnswer | null;
}

/** What asking needs. */
export interface Asking {
  readonly policy: Policy;
  readonly verdict: Verdict;
  readonly call: ProposedCall;
  readonly clock: FakeClock;
  readonly review: Review;
}

/** Asks role after role, moving the clock, until somebody who may settles it. */
export function askAll(asking: Asking): Asked {
  const { verdict } = asking;
  const questions: FakeQuestion[] = [];
  const refused: Asked['refused'][number][] = [];
  for (const rung of verdict.ladder.rungs) {
    const question = questionOf(asking, rung);
    questions.push(question);
    const answer = answerTo(question, asking);
    const because = answer && refusalOf(answer, questions, asking);
    if (answer !== null && because !== null) refused.push({ answer, because });
    else if (answer !== null && answer.verb !== 'escalate') return { questions, refused, decision: answer };
    else if (answer !== null) continue; // asked on at once
    asking.clock.advance(question.answerBy - asking.clock.now());
  }
  return { questions, refused, decision: null };
}

function questionOf({ policy, verdict, call, clock }: Asking, { role, ttlMs }: Rung): FakeQuestion {
  const askedAt = clock.now();
  const members = membersOf(policy, role);
  return {
    tool: call.tool,
    args: call.args ?? {},
    role,
    members,
    verdict,
    askedAt,
    answerBy: askedAt + ttlMs,
  };
}

/** An answer in time, the clock moved to when it came; null = silence. */
function answerTo(question: FakeQuestion, { clock, review }: Asking): FakeAnswer | null {
  const answer = review(question);
  if (answer === null) return null;
  const { after = '0ms' } = answer;
  const delayMs = parseDuration(after);
  if (delayMs === undefined)
    throw new Error(`after: ${after} is no duration: write one such as 30s, 15m or 24h`);
  if (clock.now() + delayMs > question.answerBy) return null;
  clock.advance(after);
  return answer;
}

function refusalOf(
  { by, verb }: FakeAnswer,
  questions: readonly FakeQuestion[],
  { policy, verdict, call }: Asking,
): string | null {
  const roles = questions.map(({ role }) => role);
  if (!may(policy, by, roles)) return `only ${roles.join(' or ')} may decide this`;
  if (verb === 'escalate')
    return roles.length < verdict.ladder.rungs.length ? null : 'no further role can be asked';
  if (verb === 'reject') return null;
  if (verdict.level === 'stop') return 'it never runs';
  return by === call.requester ? 'whoever asked for it cannot approve it' : null;
}
