import { SILENCE, silenceAt } from '../contract/brief-words.js';
import type { Tier } from '../domain/action.js';
import type { Digest } from '../domain/ids.js';
import { type Fired, type Level, quorumOf, type Verdict } from '../domain/verdict.js';
import type { JudgeInput } from './case.js';
import { judge } from './judge.js';
import { isStricter } from './reason.js';
import { peopleOf } from './roster.js';
import { decidingOf } from './run-cases.js';
import { type WayOut, waysOut } from './way-out.js';

/** Why one call gets the level it gets, who is asked, and what would change it. */
export interface Explanation {
  readonly tool: string;
  readonly agent: string;
  readonly level: Level;
  readonly tier: Tier;
  /** Exactly the reasons at the level: without them it would be `without`. */
  readonly because: readonly Reasoned[];
  /** Reasons that fired and ask for less. */
  readonly also: readonly Fired[];
  readonly without: Level;
  /** How many different people must approve. */
  readonly quorum: number;
  /** Empty when nobody is asked. */
  readonly asked: readonly Asked[];
  /** What it means when none of them answers; null when nobody is asked. */
  readonly silence: string | null;
  /** Who is told of what runs. */
  readonly told: string | null;
  readonly policy: { readonly version: string; readonly hash: Digest };
}

/** A reason that decided, and how to be rid of it. */
export interface Reasoned {
  readonly fired: Fired;
  /** Empty = no change of the call; `instead` says what then. */
  readonly waysOut: readonly {
    readonly changes: WayOut['changes'];
    readonly after: Level;
    readonly because: readonly string[];
  }[];
  readonly instead: string;
}

/** One role of the ladder. */
export interface Asked {
  readonly role: string;
  readonly members: readonly string[];
  readonly ttlMs: number;
  readonly remindAfterMs: number | null;
}

/** Explains one verdict by judging it, and every smallest change of it, anew. Pure. */
export function explain(input: JudgeInput): Explanation {
  const verdict = judge(input);
  const deciding = decidingOf(verdict);
  const also = verdict.fired.filter((fired) => !deciding.includes(fired));
  const { rungs } = verdict.ladder;
  return {
    tool: input.action.tool,
    agent: input.task.agent,
    level: verdict.level,
    tier: verdict.tier,
    because: deciding.map((fired) => reasoned(input, fired)),
    also,
    without: also.reduce<Level>(
      (level, fired) => (isStricter(fired.level, level) ? fired.level : level),
      'auto',
    ),
    quorum: quorumOf(verdict),
    asked: rungs.map((rung) => ({ ...rung, members: peopleOf(input.policy, rung.role) })),
    silence: rungs.length === 0 ? null : SILENCE[silenceAt(verdict.level, verdict.ladder)],
    told: verdict.tell ?? null,
    policy: { version: verdict.policyVersion, hash: verdict.policyHash },
  };
}

function reasoned(input: JudgeInput, fired: Fired): Reasoned {
  const ways = waysOut(input, fired).map(({ changes, after }) => ({
    changes,
    after: after.level,
    because: namesOf(after),
  }));
  return { fired, waysOut: ways, instead: ways.length > 0 ? '' : insteadOf(input, fired) };
}

function namesOf(verdict: Verdict): readonly string[] {
  return decidingOf(verdict).map(({ rule }) => rule);
}

const INSTEAD: Readonly<Record<string, (input: JudgeInput) => string>> = {
  tier: () => 'nothing in the call: the tier of the tool asks for it',
  tool: () => 'nothing in the call: the policy asks for it under tools',
  'always-ask': () => 'nothing in the call: what always asks can be routed, not switched off',
  'always-ask:money': ({ action }) =>
    action.impact.money === undefined
      ? 'an amount that the tool states: of this call it states none, and only a stated one is within a limit'
      : 'an amount within a limit: the policy has none that this call could keep',
  limit: () => 'nothing in the call: what was counted before leaves no room',
  'unknown-tool': () => 'registering the tool with the workers',
  'unknown-agent': ({ task }) => `declaring ${task.agent} under agents`,
  'unlisted-tool': ({ task, action }) => `listing ${action.tool} under agents.${task.agent}.tools`,
  uninspectable: () => 'arguments that the tool can read, and that a person can see in full',
  'deep-arguments': () => 'arguments that are less deeply nested',
};

function insteadOf(input: JudgeInput, { rule }: Fired): string {
  const isOfFile = input.policy.rules.some(({ id }) => id === rule);
  const words = isOfFile ? undefined : (INSTEAD[rule] ?? INSTEAD[rule.split(':')[0] ?? '']);
  return words?.(input) ?? 'no value of one or two variables alone';
}
