import type { Tier } from './action.js';
import type { DecisionMessage, Verb } from './decision.js';
import type { DecisionId, Digest, EscalationId, HaltId } from './ids.js';
import type { Fallback } from './verdict.js';

/** The seven public states, of an escalation and of a task. */
export type State =
  | 'RUNNING'
  | 'PAUSED_PENDING_HUMAN'
  | 'HUMAN_RESPONDED'
  | 'RESUMING'
  | 'COMPLETED'
  | 'FAILED'
  | 'TIMED_OUT';

/** Why a question is asked anew; shown to the reviewer as the reason of the round. */
export type ReaskReason =
  | 'drift'
  | 'digest-changed'
  | 'approval-expired'
  | 'withdrawn'
  | 'unverified'
  | 'policy-stricter'
  | 'limit'
  | 'needs-another-subject'
  | 'quorum'
  | 'unknown'
  | 'undo-failed'
  | 'halt-lifted';

/** Why nothing more will happen in a branch that did not settle. `taken-over`: people finished the task by another question of it. */
export type FailureReason = 'halted' | 'cancelled' | 'fallback' | 'error' | 'taken-over';

/**
 * What a question is about: whether a call may run; what became of one whose outcome is unknown; a call that never runs, whose task people
 * are to take over; a call that ran and is undone unless somebody confirms it in time.
 */
export type QuestionKind = 'approval' | 'resolution' | 'stop' | 'confirmation';

/** How an operation ended. */
export type Outcome =
  | { readonly kind: 'executed' }
  | { readonly kind: 'call-failed'; readonly code: string }
  | { readonly kind: 'rejected'; readonly decision: DecisionId }
  | { readonly kind: 'denied'; readonly because: Silence }
  | { readonly kind: 'answered'; readonly decision: DecisionId }
  | { readonly kind: 'taken-over'; readonly decision: DecisionId }
  | { readonly kind: 'confirmed'; readonly decision: DecisionId }
  | { readonly kind: 'undone' }
  | { readonly kind: 'left-unknown'; readonly decision: DecisionId };

/** Why a rung ended without a decision: asked and nobody answered, or it never reached anybody. */
export type Silence = 'unanswered' | 'undelivered';

/** Where RESUMING leads. */
export type Course =
  /** Run the call: by the policy alone (no decisions) or by these. */
  | { readonly do: 'execute'; readonly decisions: readonly DecisionId[] }
  /** Settle an unknown call as this decision says; `not-happened` runs it. */
  | {
      readonly do: 'resolve';
      readonly decision: DecisionId;
      readonly resolution: 'happened' | 'not-happened' | 'leave';
    }
  /** Nothing runs. */
  | { readonly do: 'reject'; readonly decision: DecisionId }
  | { readonly do: 'deny'; readonly because: Silence }
  | { readonly do: 'answer'; readonly decision: DecisionId }
  | { readonly do: 'take-over'; readonly decision: DecisionId }
  /** What ran stays. */
  | { readonly do: 'confirm'; readonly decision: DecisionId }
  /** What ran is taken back: somebody said so (a decision), nobody confirmed it, or the task ends (null). */
  | { readonly do: 'undo'; readonly decision: DecisionId | null };

/** What every open question carries, whatever its status. */
export interface Question {
  readonly round: number;
  readonly generation: number;
  /** Fixed before anybody is asked; null until the round was asked. */
  readonly digest: Digest | null;
  readonly briefDigest: Digest | null;
  readonly kind: QuestionKind;
  /** Counted from 0; equal to `rungs` when it lies on the owner's desk after the last one. */
  readonly rung: number;
  readonly rungs: number;
  readonly fallback: Fallback;
  /** How many different people must approve before anything resumes; absent = one. */
  readonly quorum?: number;
  /** The role asked now. */
  readonly role: string;
  /** Epoch milliseconds of the database's clock; null = no deadline (held for the owner) or not asked yet. */
  readonly answerBy: number | null;
  /** How late `answerBy` may be moved by hold and extend. */
  readonly extendableUntil: number | null;
}

/** The decision that settled a question; whoever comes later is told it. */
export interface Winner {
  readonly decision: DecisionId;
  readonly verb: Verb;
}

/** The parts of a branch that never change, and its counters. */
interface Branch {
  readonly escalation: EscalationId;
  readonly operation: number;
  readonly tool: string;
  readonly tier: Tier;
  /** Epoch milliseconds since when the status holds. */
  readonly since: number;
}

/** One operation's way: a union by status, each member holding only what is true in it. */
export type Escalation = Branch &
  (
    | {
        readonly status: 'JUDGED';
        readonly generation: number;
        readonly round: number;
        readonly queued: boolean;
        readonly askBy: number | null;
      }
    | {
        readonly status: 'PAUSED_PENDING_HUMAN';
        readonly question: Question;
        /** False while this rung or round has still to be put on a desk. */
        readonly delivered: boolean;
        readonly reason: ReaskReason | null;
        /** The halt under which it waits: no timer, nobody can decide. */
        readonly halt: HaltId | null;
      }
    | {
        readonly status: 'HUMAN_RESPONDED';
        readonly question: Question;
        readonly reason: ReaskReason | null;
        readonly decision: DecisionMessage;
        /** A wider halt that came while the decision was being verified. */
        readonly halt: HaltId | null;
        /** As the pause was, so that a forgery leaves it as it was. */
        readonly delivered: boolean;
        readonly pausedSince: number;
      }
    | {
        readonly status: 'TIMED_OUT';
        readonly question: Question;
        readonly reason: ReaskReason | null;
        readonly because: Silence;
      }
    | {
        readonly status: 'RESUMING';
        readonly course: Course;
        readonly generation: number;
        readonly round: number;
        /** Why the round was asked; kept for when the deciding turns out to be forged. */
        readonly reason: ReaskReason | null;
        /** Null when the policy let it run without asking. */
        readonly question: Question | null;
        /** Null when nobody decided. */
        readonly decision: DecisionMessage | null;
      }
    | {
        readonly status: 'SETTLED';
        readonly outcome: Outcome;
        readonly asked: boolean;
        readonly winner: Winner | null;
      }
    | { readonly status: 'FAILED'; readonly reason: FailureReason; readonly detail: string }
  );

/** The name of a member of the union. */
export type Status = Escalation['status'];

/** An escalation in one status. */
export type In<S extends Status> = Extract<Escalation, { readonly status: S }>;

/** What can happen to an escalation. Imperative. */
export type Command =
  /** The policy lets the call run; or the ledger already holds its outcome. */
  | { readonly type: 'permit'; readonly generation: number; readonly tier: Tier }
  /** The round or rung is on a desk somebody can answer from. */
  | { readonly type: 'deliver'; readonly question: Question; readonly tier: Tier }
  /** The desk is full: wait outside, until `askBy`. */
  | { readonly type: 'queue'; readonly askBy: number }
  /** No desk could be reached, or every notification channel failed. */
  | { readonly type: 'miss'; readonly question: Question }
  | { readonly type: 'expire' }
  | { readonly type: 'respond'; readonly decision: DecisionMessage }
  /**
   * `votes`: with a genuine approval of several, all that the store counts by then, each of another person. `withdrawn`: not in force, and
   * no forgery either.
   */
  | {
      readonly type: 'verify';
      readonly decision: DecisionId;
      readonly genuine: boolean;
      readonly withdrawn?: true;
      readonly votes?: readonly DecisionId[];
    }
  /** After the last rung. `deny` and the others come from the question's fallback. */
  | { readonly type: 'fall-back' }
  | { readonly type: 'climb' }
  /** A halt is in force. On the task it ends the branch; a wider one stops the waiting. */
  | { readonly type: 'halt'; readonly halt: HaltId; readonly scope: 'task' | 'wider' }
  /** The ask or the claim met a wider halt; `question` is the one that could not be asked, null for a claim. */
  | { readonly type: 'bar'; readonly halt: HaltId; readonly question: Question | null }
  | { readonly type: 'lift'; readonly halt: HaltId }
  | { readonly type: 'finish'; readonly outcome: Outcome }
  /** The call ran at level `soft`: the window in which it can be confirmed is open. */
  | { readonly type: 'act'; readonly question: Question }
  | { readonly type: 'reask'; readonly reason: ReaskReason }
  | { readonly type: 'cancel'; readonly detail: string }
  /** A fault, or another branch whose fallback ended the task. */
  | { readonly type: 'fail'; readonly reason: 'error' | 'fallback' | 'taken-over'; readonly detail: string };

/** What happened. State is their fold, the journal keeps them, metrics count them. */
export type EscalationEvent =
  | { readonly type: 'permitted'; readonly generation: number; readonly tier: Tier }
  | { readonly type: 'asked'; readonly question: Question; readonly tier: Tier }
  | { readonly type: 'queued'; readonly askBy: number }
  | { readonly type: 'timed-out'; readonly because: Silence; readonly question: Question }
  | { readonly type: 'responded'; readonly decision: DecisionMessage }
  | { readonly type: 'forged'; readonly decision: DecisionId }
  /** A genuine decision that was not in force when it was verified: taken back, voided or refused before. The question stays. */
  | { readonly type: 'taken-back'; readonly decision: DecisionId }
  /** An approval that counts and is not enough: the question stays, for others. */
  | { readonly type: 'voted'; readonly decision: DecisionId; readonly votes: number }
  | { readonly type: 'escalated'; readonly decision: DecisionId }
  | { readonly type: 'held'; readonly decision: DecisionId; readonly until: number }
  | { readonly type: 'extended'; readonly decision: DecisionId; readonly until: number }
  | { readonly type: 'resumed'; readonly course: Course; readonly generation: number }
  | { readonly type: 'acted'; readonly question: Question }
  | { readonly type: 'climbed' }
  | { readonly type: 'held-for-owner' }
  | { readonly type: 'halted'; readonly halt: HaltId }
  | { readonly type: 'barred'; readonly halt: HaltId; readonly question: Question }
  /** A genuine decision that a wider halt overtook while it was verified: without effect. */
  | { readonly type: 'voided'; readonly decision: DecisionId; readonly halt: HaltId }
  | { readonly type: 'lifted'; readonly halt: HaltId }
  | { readonly type: 'reasked'; readonly reason: ReaskReason }
  | { readonly type: 'settled'; readonly outcome: Outcome }
  | { readonly type: 'failed'; readonly reason: FailureReason; readonly detail: string };
