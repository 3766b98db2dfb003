import type { Json, Readings, Tier } from '../domain/action.js';
import type { Flag } from '../domain/brief.js';
import type { TaskId, TenantId } from '../domain/ids.js';
import type { HookEntry } from '../contract/hook-event.js';
import type { SecretKeys } from '../contract/seal.js';
import type { Verifier } from '../contract/sign.js';
import type { Database } from '../store/database.js';
import type { TaskRequest } from '../store/tasks.js';
import type { Toolbox } from './load-tools.js';
import type { PolicyShelf } from './policy-shelf.js';

/** One call a planner proposes. Whatever it claims of itself may only tighten. */
export interface Proposal {
  readonly tool: string;
  readonly args: Json;
  readonly readings?: Readings;
  /** The agent's own words to the reviewer; shown last, boxed, unverified. */
  readonly agentText?: string;
  /** What the agent asks a person, 1 to 2000 characters: the call then waits for one, whatever the policy says. */
  readonly question?: string;
}

/** What became of an earlier proposal, told to the planner. */
export interface PlannerMemory {
  readonly operation: number;
  readonly tool: string;
  readonly args: Json;
  readonly outcome:
    | 'executed'
    | 'undone'
    | 'failed'
    | 'rejected'
    | 'answered'
    | 'denied'
    | 'unknown'
    | 'voided';
  readonly result?: Json;
  /** What a person answered in the call's place. */
  readonly answer?: string;
  /** Why a person rejected it, or the tool's definite failure. */
  readonly why?: string;
  /** Set when a person changed the arguments: `args` is what they made of them. */
  readonly edited?: true;
  /** Set when the policy ran this in place of that operation, which nobody allowed: no planner proposed it. */
  readonly inPlaceOf?: number;
}

/** Proposes what to do next. It knows nothing of approval and may be asked the same step again after a crash. */
export interface Planner {
  next(task: {
    readonly tenant: TenantId;
    readonly task: TaskId;
    readonly agent: string;
    readonly request: TaskRequest;
    readonly step: number;
    readonly memory: readonly PlannerMemory[];
    /** Aborted when nobody waits for the answer any more. */
    readonly signal: AbortSignal;
  }): Promise<{ readonly done: true } | { readonly calls: readonly Proposal[] }>;
}

/** One notification: names, figures and the gate's own words, nothing of the arguments and nothing that anybody else wrote. */
export interface Notice {
  readonly to: readonly string[];
  /** The same for every attempt at one notification. */
  readonly id: string;
  /** The same for all notifications about one task. */
  readonly thread: string;
  /** What happened, as a heading. */
  readonly headline: string;
  /** What it means for the reader, in a sentence; null = nothing beyond the headline. */
  readonly next: string | null;
  /** The id that people look it up by. */
  readonly about: string;
  readonly tier: Tier;
  /** Null = it is about no call. */
  readonly tool: string | null;
  readonly role: string;
  readonly flags: readonly Flag[];
  /** Until when an answer counts; null = nothing is asked. */
  readonly deadline: number | 'none' | null;
  /** By the database's clock. */
  readonly now: number;
  /** The page that shows it; null = nobody said where people reach the gateway. */
  readonly link: { readonly label: string; readonly url: string } | null;
  /** The command that shows it. */
  readonly command: string;
}

/** Thrown when a channel did not take a notice. `code` names the fault and quotes nothing. */
export class NotTaken extends Error {
  override readonly name = 'NotTaken';
  readonly code: string;
  /** Another attempt would end the same. */
  readonly permanent: boolean;
  /** The channel asked to be left alone for so long. */
  readonly retryAfterMs: number;
  /** It was given up before its turn came: that is no attempt. */
  readonly unsent: boolean;

  constructor(
    code: string,
    more: {
      readonly permanent?: boolean;
      readonly retryAfterMs?: number;
      readonly unsent?: boolean;
      readonly cause?: unknown;
    } = {},
  ) {
    super(code, { cause: more.cause });
    this.code = code;
    this.permanent = more.permanent ?? false;
    this.retryAfterMs = more.retryAfterMs ?? 0;
    this.unsent = more.unsent ?? false;
  }
}

/** One way of telling people. Both throw {@link NotTaken}, and give up as soon as the signal says so. */
export interface Notifier {
  readonly channel: string;
  /** Resolves when the notice was taken, with what `amend` knows it by; null = it cannot be changed any more. */
  send(notice: Notice, signal: AbortSignal): Promise<string | null>;
  /** Puts a notice in the place of one that was sent. */
  amend?(reference: string, notice: Notice, signal: AbortSignal): Promise<void>;
  /** Gives up what is being sent. */
  close(): void;
}

/** What came of telling a target one thing. */
export type HookAnswer =
  | { readonly kind: 'delivered' }
  /** It wants to hear nothing any more (410). */
  | { readonly kind: 'gone' }
  /** Another attempt may help, after `pauseMs` if the target said so. `code` quotes nothing. */
  | { readonly kind: 'failed'; readonly code: string; readonly pauseMs?: number }
  /** The entry is none that could be told. */
  | { readonly kind: 'unsendable' };

/** Tells programs by web hook what the journal says. */
export interface HookSender {
  /** The targets whose address and secrets this process knows. */
  readonly targets: readonly string[];
  /** Never rejects; gives up as soon as the signal says so. `now` goes with the message, in epoch milliseconds. */
  send(target: string, entry: HookEntry, now: number, signal: AbortSignal): Promise<HookAnswer>;
}

/** Named points a process passes; tests stop a process exactly there. */
export type Point =
  | 'ask-stored'
  | 'claim-ready'
  | 'claim-before'
  | 'claimed'
  | 'called'
  | 'result-recorded'
  | 'undo-claimed'
  | 'undo-called'
  | 'verify-before'
  | 'expire-before'
  | 'conclude-before'
  | 'hook-sent';

/** One line of a structured log: a name and values without personal data, secrets or arguments. */
export type Log = (
  level: 'info' | 'warn' | 'error',
  event: string,
  values: Readonly<Record<string, string | number | boolean | null>>,
) => void;

/** What the activities need of the outside world. */
export interface ActivityDeps {
  readonly database: Database;
  readonly policies: PolicyShelf;
  readonly tools: Toolbox;
  readonly planners: Readonly<Record<string, Planner>>;
  readonly verifier: Verifier;
  readonly secrets: SecretKeys;
  /** Notification channels, the one that is used first in front; empty = the desk alone. */
  readonly channels: readonly string[];
  readonly log: Log;
  /** Awaited at each named point. */
  readonly point?: (
    point: Point,
    where: { readonly task: TaskId; readonly operation: number },
  ) => Promise<void>;
}
