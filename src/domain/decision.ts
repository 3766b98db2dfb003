import type { DecisionId, Digest, EscalationId } from './ids.js';

/** All verbs, for tables and schemas. */
export const VERBS = [
  'approve',
  'reject',
  'edit',
  'respond',
  'take-over',
  'escalate',
  'hold',
  'extend',
  'withdraw',
  'resolve',
] as const;

/**
 * What a person can do with a question. `respond` answers the agent in the call's place, `take-over` ends the task with the person's own result,
 * `withdraw` takes back one's own approval until the call is claimed.
 */
export type Verb = (typeof VERBS)[number];

/** By which way a decision came: a program over HTTP, the command line, a page, a signed web hook. It decides nothing, the journal keeps it. */
export type Channel = 'api' | 'cli' | 'page' | 'hook';

/** What became of a call whose outcome is unknown, as a person found it. `leave` settles it as unknown for good. */
export type Resolution = 'happened' | 'not-happened' | 'leave';

/** The question a decision answers, exactly: another round or generation is another question. */
export interface QuestionRef {
  readonly escalation: EscalationId;
  readonly operation: number;
  readonly generation: number;
  readonly round: number;
  readonly digest: Digest;
  readonly briefDigest: Digest;
}

/**
 * A decision as it travels through Temporal: plain fields, by which the workflow moves its state. The signed record, with who and why,
 * is in the store under `id`; no verb takes effect before it was verified there.
 */
export interface DecisionMessage extends QuestionRef {
  readonly id: DecisionId;
  readonly verb: Verb;
  /** Epoch milliseconds, the database's clock, when it was stored. */
  readonly at: number;
  /** For `edit`: what the operation means from now on. */
  readonly edited?: { readonly generation: number; readonly digest: Digest };
  /** For `hold` and `extend`: the new deadline, epoch milliseconds, already within the policy's bound. */
  readonly until?: number;
  /** For `resolve`. */
  readonly resolution?: Resolution;
  /** For `escalate`: the rung that whoever said it saw; absent in those of before. */
  readonly rung?: number;
}

/** All that a decision says, field by field, as one text: two envelopes under one id that differ in anything are two decisions. */
export function sayingOf(decision: DecisionMessage): string {
  const { id, escalation, operation, generation, round, digest, briefDigest, verb, at } = decision;
  const { edited, until, resolution, rung } = decision;
  const about = [id, escalation, operation, generation, round, digest, briefDigest];
  const said = [...about, verb, at, edited?.generation, edited?.digest, until, resolution];
  return [...said, ...(rung === undefined ? [] : [rung])].join('|');
}

/** The workflow's answer to a decision. */
export type Receipt =
  | { readonly applied: true; readonly escalation: EscalationId; readonly state: string }
  | { readonly applied: false; readonly pending: true };
