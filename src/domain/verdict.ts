import type { Json, Tier } from './action.js';
import type { Digest } from './ids.js';

/** Levels in order: a later one is stricter. */
export const LEVELS = ['auto', 'notify', 'soft', 'approve', 'stop'] as const;

/**
 * What oversight an action gets, from lenient to strict. `auto` and `notify` run at once; `soft` runs at once and is undone unless a person
 * confirms it in time; `approve` waits for a person; `stop` never runs: people take the task over.
 */
export type Level = (typeof LEVELS)[number];

/** The levels that put a question to people before anything runs. */
export function asksFirst(level: Level): level is 'approve' | 'stop' {
  return level === 'approve' || level === 'stop';
}

/** All reasons why a rule may exist. */
export const TRIGGERS = [
  'confidence',
  'boundary',
  'anomaly',
  'risk',
  'policy',
  'sla',
  'sentiment',
  'irreversibility',
  'stall',
  'request',
] as const;

/** Why a rule exists. */
export type Trigger = (typeof TRIGGERS)[number];

/** One rule that fired, with the values that fired it. */
export interface Fired {
  readonly rule: string;
  readonly trigger: Trigger;
  readonly level: Level;
  readonly values: Readonly<Record<string, Json>>;
  readonly tag?: string;
  /** Set when the rule could not be evaluated: it then escalates. */
  readonly error?: string;
}

/** One step of a ladder: a role is asked for so long. */
export interface Rung {
  readonly role: string;
  readonly ttlMs: number;
  /** How long after the asking a reminder is due; null = none. */
  readonly remindAfterMs: number | null;
}

/** What happens after the last rung: deny the action, do the safe one instead, hold for the owner, fail the task, fail it and halt the agent. */
export type Fallback = 'deny' | 'safe' | 'hold' | 'fail' | 'halt';

/** What is done instead of an action that nobody answered; its arguments were evaluated when the action was judged. */
export interface SafeAction {
  readonly tool: string;
  readonly args: Json;
}

/** The roles asked one after the other, and what silence means. At level `soft` one role, until the window closes. */
export interface Ladder {
  readonly rungs: readonly Rung[];
  readonly fallback: Fallback;
  /** Present exactly with fallback `safe`. */
  readonly safe?: SafeAction;
}

/** What one call would add to a cumulative limit. */
export interface Reservation {
  /** Limit id and the values of its `per` keys; counters are taken in the order of these keys. */
  readonly key: string;
  readonly amount: number;
  /** The counter may reach this without a person. */
  readonly limit: number;
}

/** What the policy says of one action. A pure function of policy, action, task and clock. */
export interface Verdict {
  readonly level: Level;
  readonly tier: Tier;
  readonly fired: readonly Fired[];
  /** Empty rungs when nobody needs to be asked. */
  readonly ladder: Ladder;
  /** At level `approve`: how many different people must approve; absent = one. */
  readonly quorum?: number;
  /** At level `notify`: the role that hears of what runs. */
  readonly tell?: string;
  readonly reservations: readonly Reservation[];
  /** How long after a decision the call may still start. */
  readonly validityMs: number;
  /** How far a person may move a deadline, in all. */
  readonly extendByMs: number;
  readonly policyHash: Digest;
  readonly policyVersion: string;
}

/** How many different people must approve. */
export function quorumOf({ quorum = 1 }: Pick<Verdict, 'quorum'>): number {
  return quorum;
}

/** How many different people must approve what a question of this kind asks. */
export function votersOf({
  kind,
  verdict,
}: {
  readonly kind: string;
  readonly verdict: Pick<Verdict, 'quorum'>;
}): number {
  return kind === 'approval' ? quorumOf(verdict) : 1;
}
