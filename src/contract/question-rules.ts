import { silenceIn } from './brief-words.js';
import { durationText } from './duration.js';
import type { DecisionRequest } from './http.js';
import { saidWhy } from './reject-reasons.js';
import type { Verb } from '../domain/decision.js';
import type { Refusal } from '../domain/errors.js';
import { VERBS_OF_KIND } from '../domain/respond.js';
import type { StepUp } from '../domain/identity.js';
import type { Digest } from '../domain/ids.js';
import type { QuestionKind } from '../domain/escalation.js';
import { votersOf, type Verdict } from '../domain/verdict.js';

/** What the rules look at of a question that lies on a desk. */
export interface AskedQuestion {
  readonly kind: QuestionKind | 'hand-over';
  readonly round: number;
  readonly digest: Digest;
  readonly verdict: Pick<Verdict, 'ladder' | 'quorum'>;
  readonly rung: number;
  /** Every role asked in this round so far: people of earlier rungs may still decide. */
  readonly roles: readonly string[];
  /** The rung's time is over and the next has not been asked. */
  readonly rungOver: boolean;
  /** Epoch milliseconds; null = no deadline. */
  readonly answerBy: number | null;
  readonly extendableUntil: number | null;
}

/** What can be done with each kind of question: what a run takes, and what is settled in the store alone. */
export const VERBS_OF: Readonly<Record<AskedQuestion['kind'], readonly [Verb, ...Verb[]]>> = {
  ...VERBS_OF_KIND,
  approval: [...VERBS_OF_KIND.approval, 'withdraw'],
  'hand-over': ['resolve'],
};

/** Verbs that let something happen, or stand for the work itself: never for whoever asked for it. */
const CONSEQUENTIAL: readonly Verb[] = ['approve', 'edit', 'take-over', 'resolve'];

/** Verbs that leave the question where it is, or pass it on. */
const MOVING: readonly Verb[] = ['edit', 'respond', 'escalate', 'hold', 'extend', 'withdraw'];

/** Whether a question waits for an answer, by the state that readers are shown. */
export function isOpen({ state }: { readonly state: string }): boolean {
  return state === 'PAUSED_PENDING_HUMAN';
}

/** Who wants to decide, as the active policy knows them now. */
export interface Decider {
  readonly subject: string;
  readonly roles: readonly string[];
  /** In whose stead they may decide this question, and by which of that person's roles; absent = nobody's. */
  readonly standsIn?: readonly { readonly by: string; readonly role: string }[];
  /** In whose stead an approval would not count: theirs holds already, or they made the call by editing. */
  readonly spent?: readonly string[];
  /** Whose agent it is; absent or null = nobody is named. */
  readonly ownerSubject?: string | null;
}

/** When and how somebody last proved who they are. */
interface Proof {
  /** Epoch milliseconds; null = not known. */
  readonly authTime: number | null;
  readonly acr: string | null;
}

/**
 * Whether the policy wants a fresher or stronger proof of who decides, for what lets something happen. What a token does not say is no proof
 * (OIDC Core, section 2: `auth_time`, `acr`).
 */
export function refuseProof(
  stepUp: StepUp | null,
  { tier, verb, now }: { readonly tier: number; readonly verb: Verb; readonly now: number },
  { authTime, acr }: Proof,
): Refusal | undefined {
  if (stepUp === null || tier < stepUp.tier || !CONSEQUENTIAL.includes(verb)) return undefined;
  const fresh = authTime !== null && now - authTime <= stepUp.withinMs;
  const strong = stepUp.acr === null || (acr !== null && stepUp.acr.includes(acr));
  if (fresh && strong) return undefined;
  const how = stepUp.acr === null ? '' : `, by ${stepUp.acr.join(' or ')}`;
  return {
    refused: 'step-up-required',
    detail: `The policy wants whoever decides this to have signed in within ${durationText(stepUp.withinMs)}${how}: sign in again, then decide.`,
  };
}

/** Whether a halt leaves people free to answer: a hand-over and a confirmation let nothing start. */
export function isHeardUnderHalt({ kind }: AskedQuestion): boolean {
  return kind === 'hand-over' || kind === 'confirmation';
}

/**
 * By which roles somebody decides a question, and in whose stead, where they have none of their own: of several the first whose approval would
 * count. No roles = not at all.
 */
export function authorityOf(
  question: Pick<AskedQuestion, 'roles'>,
  { roles, standsIn = [], spent = [], ownerSubject }: Omit<Decider, 'subject'>,
): { readonly roles: readonly string[]; readonly onBehalfOf?: string } {
  const own = roles.filter((role) => question.roles.includes(role));
  const givers = standsIn.filter(({ role }) => question.roles.includes(role));
  const lent = givers.find(({ by }) => by !== ownerSubject && !spent.includes(by)) ?? givers[0];
  return own.length > 0 || lent === undefined ? { roles: own } : { roles: [lent.role], onBehalfOf: lent.by };
}

/** An edit that goes beyond what was asked takes a second person: its editor, or who edited in their stead (`barred`), cannot approve it. */
export function refuseEditor(
  question: Pick<AskedQuestion, 'roles'>,
  decider: Decider,
  barred: readonly string[],
): Refusal | undefined {
  const { onBehalfOf } = authorityOf(question, decider);
  if (!barred.includes(decider.subject) && !barred.includes(onBehalfOf ?? '')) return undefined;
  return {
    refused: 'forbidden',
    detail: 'You edited this call into what it is: somebody else must approve it.',
  };
}

/** Whether this person may use this verb on this question at all, by role and separation of duties. */
export function refuseDecider(
  question: AskedQuestion,
  decider: Decider,
  requester: string,
  verb: Verb,
): Refusal | undefined {
  const { roles, onBehalfOf } = authorityOf(question, decider);
  if (roles.length === 0) {
    return {
      refused: 'forbidden',
      detail: `Only ${question.roles.join(' or ')} may decide this, by the policy in force now.`,
    };
  }
  if (decider.subject === requester && CONSEQUENTIAL.includes(verb)) {
    return {
      refused: 'forbidden',
      detail: `Whoever asked for it cannot ${verb} it: somebody else of ${question.roles.join(' or ')} must.`,
    };
  }
  const owns = [decider.subject, onBehalfOf].some((person) => person === decider.ownerSubject);
  if (owns && decider.ownerSubject != null && verb === 'approve' && votersOf(question) === 1)
    return {
      refused: 'forbidden',
      detail: `The agent is ${decider.ownerSubject}'s, who never approves it alone: somebody else of ${question.roles.join(' or ')} must.`,
    };
  return undefined;
}

/** An approval: whose, and in whose stead. */
export interface Approval {
  readonly subject: string;
  readonly onBehalfOf?: string | null | undefined;
}

/** Everybody who counts by these approvals: one person with whoever stands in for them. */
export function countedBy(approvals: readonly Approval[]): readonly string[] {
  return approvals.flatMap(({ subject, onBehalfOf }) => [subject, onBehalfOf ?? []].flat());
}

/** One person counts once among several: refuses a second approval, in person or by a stand-in, while the first holds. `approved` = those of the round that hold. */
export function refuseSecondVote(
  question: AskedQuestion,
  approved: readonly Approval[],
  decider: Decider,
): Refusal | undefined {
  if (votersOf(question) === 1) return undefined;
  const { onBehalfOf } = authorityOf(question, decider);
  const counted = countedBy(approved);
  if (!countedBy([{ subject: decider.subject, onBehalfOf }]).some((person) => counted.includes(person)))
    return undefined;
  // Not who it was: nobody hears of the votes of others here.
  const detail = approved.some(({ subject }) => subject === decider.subject)
    ? 'You have approved it already: somebody else must, too. To take yours back, withdraw it.'
    : 'One of you has approved it already: somebody and whoever stands in for them count as one. Somebody else must, too.';
  return { refused: 'conflict', detail };
}

/** Whether the question can still be decided, in this form, at this moment. */
export function refuseMoment(
  question: AskedQuestion,
  body: DecisionRequest,
  now: number,
): Refusal | undefined {
  if (body.version !== question.round || body.digest !== question.digest) {
    return {
      refused: 'stale',
      detail: 'The question has changed since you looked: read it again before you decide.',
    };
  }
  if (question.rungOver || (question.answerBy !== null && now > question.answerBy)) {
    const next = nextRole(question);
    const then =
      next === null
        ? `the fallback applies: ${silenceIn(question.kind, question.verdict.ladder)}`
        : `${next} is asked next`;
    return { refused: 'too-late', detail: `The time to answer is over; ${then}.` };
  }
  const verbs: readonly Verb[] = VERBS_OF[question.kind];
  if (!verbs.includes(body.decision)) {
    return {
      refused: 'invalid',
      detail: `This is a question of kind ${question.kind}: it takes ${verbs.join(', ')}.`,
    };
  }
  if (body.decision === 'escalate' && nextRole(question) === null)
    return { refused: 'conflict', detail: `No further role can be asked: ${listed(insteadOf(question))}.` };
  if (saidWhy(body).trim() === '')
    return { refused: 'invalid', detail: 'A reason is needed: say in `why` what made you decide so.' };
  return undefined;
}

/** The role asked after the current one; null = none. */
export function nextRole(question: AskedQuestion): string | null {
  return question.verdict.ladder.rungs[question.rung + 1]?.role ?? null;
}

/** What can be done where nobody further can be asked; on the owner's desk no deadline is left to move. */
function insteadOf(question: AskedQuestion): readonly string[] {
  const answers = VERBS_OF[question.kind].filter((verb) => !MOVING.includes(verb));
  return 'refused' in movedDeadline(question, undefined) ? answers : [...answers, 'hold'];
}

function listed(words: readonly string[]): string {
  return [words.slice(0, -1).join(', '), ...words.slice(-1)].filter((part) => part !== '').join(' or ');
}

/** The new deadline of a hold or an extension, within what the policy lets. */
export function movedDeadline(
  question: AskedQuestion,
  until: number | undefined,
): { readonly until: number } | Refusal {
  const { answerBy, extendableUntil } = question;
  if (answerBy === null || extendableUntil === null) {
    return { refused: 'policy-refused', detail: 'This question has no deadline that could be moved.' };
  }
  const wanted = until ?? extendableUntil;
  if (answerBy >= extendableUntil || wanted > extendableUntil) {
    return {
      refused: 'policy-refused',
      detail: `The policy lets the deadline move to ${new Date(extendableUntil).toISOString()} and no further.`,
    };
  }
  if (wanted <= answerBy) {
    return {
      refused: 'invalid',
      detail: `The deadline is ${new Date(answerBy).toISOString()} already: give a later one.`,
    };
  }
  return { until: wanted };
}
