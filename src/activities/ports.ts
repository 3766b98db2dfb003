import type { Json, Readings } from '../domain/action.js';
import type { TaskId, TenantId } from '../domain/ids.js';
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

/** One notification, ready to send: already free of arguments and names. */
export interface Notice {
  readonly to: readonly string[];
  readonly title: string;
  readonly lines: readonly string[];
  /** The same for every attempt at one notification. */
  readonly id: string;
}

/** One way of telling people. Rejects when the notice was not taken; a permanent refusal has a numeric `responseCode` of 500 or more. */
export interface Notifier {
  readonly channel: string;
  /** Gives up, and rejects, as soon as the signal says so. */
  send(notice: Notice, signal: AbortSignal): Promise<void>;
  /** Gives up what is being sent. */
  close(): void;
}

/** Named points a process passes; tests stop a process exactly there. */
export type Point =
  | 'ask-stored'
  | 'claim-before'
  | 'claimed'
  | 'called'
  | 'result-recorded'
  | 'undo-claimed'
  | 'undo-called'
  | 'verify-before'
  | 'expire-before'
  | 'conclude-before';

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
  /** Notification channels in use; empty = the desk alone. */
  readonly channels: readonly string[];
  readonly log: Log;
  /** Awaited at each named point. */
  readonly point?: (
    point: Point,
    where: { readonly task: TaskId; readonly operation: number },
  ) => Promise<void>;
}
