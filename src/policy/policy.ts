import type { AlwaysAsk } from '../domain/action.js';
import type { Digest } from '../domain/ids.js';
import type { StepUp } from '../domain/identity.js';
import type { Fallback, Level, Trigger } from '../domain/verdict.js';
import type { Condition, Expression } from './compile.js';
import type { ImpactClass } from '../contract/policy-risk-map.js';

/** Where a question goes when something asks for it; null = what holds by default. */
export interface Ask {
  readonly route: string | null;
  readonly ladder: string | null;
}

/** How much an agent may do by itself, from least to most. */
export type Autonomy = 'supervised' | 'constrained' | 'monitored' | 'full';

/** How far its rollout is: drafts only, the listed tools, everything but exceptions. */
export type Stage = 'assistant' | 'narrow' | 'broad';

/** One agent of the policy. */
export interface AgentPolicy {
  readonly owner: string;
  /** Whose agent it is; null = nobody is named. */
  readonly ownerSubject: string | null;
  readonly autonomy: Autonomy;
  readonly stage: Stage;
  readonly tools: ReadonlySet<string>;
  readonly situations: readonly string[];
}

/** Somebody of whom an identity provider says this has the role. */
export interface ClaimMatch {
  readonly issuer: string;
  readonly claim: string;
  readonly value: string;
}

/** One role: who may decide, whose people keep them in the store (null = they stand in the file), who is asked after them, how many questions its desk takes (null = any number), where it is told. */
export interface Role {
  readonly members: readonly string[];
  readonly keptBy: string | null;
  readonly from: readonly ClaimMatch[];
  readonly backup: string | null;
  readonly depth: number | null;
  readonly mail: readonly string[];
  /** The id of a channel. */
  readonly slack: string | null;
}

/** What the policy adds to a tool's own declaration. */
export interface ToolPolicy extends Ask {
  /** Null = the default of tier and autonomy. */
  readonly level: Level | null;
  /** At level `soft`; null = the default. */
  readonly windowMs: number | null;
  readonly categories: readonly AlwaysAsk[];
  /** How many people must approve. */
  readonly quorum: number;
}

/** One compiled rule. */
export interface Rule extends Ask {
  readonly id: string;
  readonly trigger: Trigger;
  readonly level: Exclude<Level, 'auto'>;
  readonly tag: string | null;
  /** How many people must approve when it fires. */
  readonly quorum: number;
  readonly condition: Condition;
  /** Of its condition and level as written: what was learnt of a rule holds for this one only. */
  readonly digest: Digest;
}

/** A ladder before a role is put on it. */
export interface LadderPlan {
  readonly ttlMs: number;
  readonly remindAfterMs: number | null;
  /** Whether the backups of the role follow. */
  readonly backup: boolean;
  readonly fallback: Fallback;
  /** Null unless the fallback is `safe`. */
  readonly safe: SafePlan | null;
}

/** A safe action before its arguments are evaluated. */
export interface SafePlan {
  readonly tool: string;
  readonly args: ReadonlyMap<string, Expression>;
}

/** What a limit is counted apart for. */
export type Per = 'agent' | 'payee' | 'tool' | 'requester' | 'day';

/** A cumulative limit; `currency` null = it counts calls. */
export interface Limit {
  readonly id: string;
  readonly per: readonly Per[];
  readonly currency: string | null;
  /** Minor units or calls. */
  readonly limit: number;
}

/** How far a call can be taken back: the columns of the map. */
export type Reversibility = 'reversible' | 'hard' | 'irreversible';

/** One class of impact: from which figures on, and what it asks for. */
export interface RiskRow {
  readonly impact: ImpactClass;
  /** Minor units by currency. */
  readonly money: ReadonlyMap<string, number>;
  readonly rows: number | null;
  readonly recipients: number | null;
  readonly levels: Readonly<Record<Reversibility, Level>>;
}

/** Impact by reversibility, the smallest class first. */
export type RiskMap = readonly RiskRow[];

/** A loaded policy: checked, compiled, immutable. Made by `loadPolicy` only. */
export interface Policy {
  readonly hash: Digest;
  readonly version: string;
  /** The team that answers for the file. */
  readonly owner: string;
  readonly agents: ReadonlyMap<string, AgentPolicy>;
  readonly roles: ReadonlyMap<string, Role>;
  /** Who the subjects are at identity providers. */
  readonly people: ReadonlyMap<string, { readonly issuer: string; readonly sub: string }>;
  /** Null = not asked. */
  readonly stepUp: StepUp | null;
  readonly tools: ReadonlyMap<string, ToolPolicy>;
  readonly rules: readonly Rule[];
  /** Holds the built-in ladders too. */
  readonly ladders: ReadonlyMap<string, LadderPlan>;
  readonly alwaysAsk: ReadonlyMap<AlwaysAsk, Ask>;
  /** What one call may move without a person, in minor units by currency. */
  readonly moneyLimits: ReadonlyMap<string, number>;
  readonly limits: readonly Limit[];
  readonly defaults: Ask & {
    readonly validityMs: number;
    readonly extendByMs: number;
    /** How long an action at level `soft` may be confirmed. */
    readonly windowMs: number;
  };
  readonly halts: { readonly set: readonly string[]; readonly lift: readonly string[] };
  /** Who closes anomalies (null = the owner of the agent), and how long one that is expected does not ask, at most. */
  readonly anomalies: { readonly close: readonly string[] | null; readonly expectedForMs: number };
  /** Null = none. */
  readonly riskMap: RiskMap | null;
}
