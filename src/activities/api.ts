import type { Tier } from '../domain/action.js';
import type { DecisionMessage, Resolution } from '../domain/decision.js';
import type { FailureReason, Question, ReaskReason } from '../domain/escalation.js';
import type { DecisionId, HaltId, TaskId, TenantId } from '../domain/ids.js';

/** An event the workflow made and the journal has not acknowledged yet. JSON; no names, no free text, no arguments. */
export interface CarriedEvent {
  /** `{runId}/` and what happened, so that a repeat is recognised and a reset run's events are new ones. Opaque, at most 400 characters. */
  readonly id: string;
  readonly type: string;
  readonly operation: number | null;
  readonly body: Readonly<Record<string, unknown>>;
  /** For a refused decision: itself, and what came first. Not journalled. */
  readonly refused?: {
    readonly message: DecisionMessage;
    readonly winner: { readonly decision: string; readonly verb: string } | null;
  };
}

/** What every activity is told: whose work this is, and the events to be journalled with it. */
export interface Carry {
  readonly tenant: TenantId;
  readonly task: TaskId;
  readonly runId: string;
  readonly events: readonly CarriedEvent[];
}

/** What every activity answers: the journal's head after its transaction. The workflow keeps the last one in its history. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
}

interface Answer {
  readonly head: Head;
}

/** What a run tells its worker beside its history: nothing depends on whether it is heard. */
export type RunSinks = {
  readonly claims: {
    /** A call is asked for: its activity comes next, most likely to this worker. */
    ahead(input: ExecuteInput): void;
  };
};

export interface PlanInput extends Carry {
  /** Counted from 1 over the task's whole life. */
  readonly step: number;
  /** The number the first proposal of this step gets, or the next one that the store has free. */
  readonly firstOperation: number;
}
/** Proposals stay in the store; the workflow gets their numbers. A repeat of a step answers the same. */
export type PlanResult = Answer & {
  readonly done: boolean;
  readonly operations: readonly ProposedOperation[];
};
export interface ProposedOperation {
  readonly operation: number;
  readonly tool: string;
}

export interface AskInput extends Carry {
  readonly operation: number;
  readonly generation: number;
  readonly round: number;
  /** The rung to put the question to. */
  readonly rung: number;
  /** Set for a round after the first: such a round always asks. */
  readonly reason: ReaskReason | null;
  /** Set when every rung fell silent and the fallback is `hold`: onto the owner's desk, without deadline. */
  readonly forOwner?: true;
}
/** Keyed by operation, generation, round and rung: a repeat returns what was stored, with the decisions that came since. */
export type AskResult = Answer &
  (
    | { readonly kind: 'permitted'; readonly tier: Tier }
    | {
        readonly kind: 'asked';
        readonly tier: Tier;
        readonly question: Question;
        /** Decisions stored for this question and not yet applied. */
        readonly decisions: readonly DecisionMessage[];
      }
    | { readonly kind: 'full'; readonly tier: Tier; readonly askBy: number }
    | { readonly kind: 'undeliverable'; readonly tier: Tier; readonly question: Question }
    | {
        readonly kind: 'halted';
        readonly tier: Tier;
        readonly halt: HaltId;
        readonly scope: 'task' | 'wider';
        readonly question: Question;
      }
  );

export interface VerifyInput extends Carry {
  readonly decision: DecisionMessage;
}
/**
 * Whether the store holds this very decision, signed by a known key, by somebody who may. `votes`: of a call that several must approve, all
 * that count. `withdrawn`: it does, and it is not in force: whoever gave it took it back, a claim or a halt voided it, or a run refused it.
 */
export type VerifyResult = Answer & {
  readonly genuine: boolean;
  readonly withdrawn?: true;
  readonly votes?: readonly DecisionId[];
};

export interface ExpireInput extends Carry {
  readonly operation: number;
  readonly generation: number;
  readonly round: number;
  readonly rung: number;
}
export type ExpireResult = Answer &
  (
    | { readonly kind: 'decided'; readonly decisions: readonly DecisionMessage[] }
    /** The database's clock has not reached the deadline yet, or somebody moved it. */
    | { readonly kind: 'early'; readonly remainingMs: number }
    /** A halt is in force, or was lifted since it was asked: nobody could answer, and the run has to look. */
    | { readonly kind: 'halted' }
    /** A later round was asked, of which the run has not heard: the ask answers it. */
    | { readonly kind: 'asked-anew' }
    | { readonly kind: 'expired' }
  );

/** What the store knows and the workflow may not: asked after any nudge, so that a forged nudge changes nothing. */
export interface InspectInput extends Carry {}
export type InspectResult = Answer & {
  readonly halts: readonly {
    readonly halt: HaltId;
    readonly scope: 'task' | 'wider';
    readonly detail: string;
  }[];
  /** Rounds, each after those before it, that were asked before a halt which is lifted already; absent in histories older than this. */
  readonly outlived?: readonly {
    readonly operation: number;
    readonly round: number;
    readonly halt: HaltId;
  }[];
  /** Rungs whose every notification channel failed: nobody can decide on them any more. */
  readonly undelivered: readonly {
    readonly operation: number;
    readonly round: number;
    readonly rung: number;
  }[];
};

export interface ExecuteInput extends Carry {
  readonly operation: number;
  readonly generation: number;
  readonly round: number;
  /** What let it run; empty when the policy alone did. The claim reads everything else about them in the store. */
  readonly decisions: readonly DecisionId[];
  /** Set to settle an unknown call first. */
  readonly resolution: { readonly decision: DecisionId; readonly as: Resolution } | null;
  /** Set when the task has nothing else to do: once this call ran, the task is complete. */
  readonly completes?: true;
}
export type ExecuteResult = Answer &
  /** `confirm`: it ran at level `soft`, and this asks whether it may stay. `closed`: the task was closed as completed with it. */
  (
    | { readonly kind: 'executed'; readonly confirm?: Question; readonly closed?: true }
    | { readonly kind: 'failed'; readonly code: string }
    /** `decision`: whose word left it; absent in histories older than this. */
    | { readonly kind: 'left'; readonly decision?: DecisionId }
    | { readonly kind: 'refused'; readonly reason: ReaskReason }
    | { readonly kind: 'halted'; readonly halt: HaltId; readonly scope: 'task' | 'wider' }
    | { readonly kind: 'voided' }
  );

/** Proposes the safe action that the policy names for when nobody answered. */
export interface SafeguardInput extends Carry {
  readonly operation: number;
  readonly generation: number;
  readonly round: number;
  /** The number that the safe action gets. */
  readonly as: number;
}
/** A repeat answers the same. */
export type SafeguardResult = Answer & ProposedOperation;

/** Takes back a call that ran at level `soft` and was not confirmed. */
export interface UndoInput extends Carry {
  readonly operation: number;
  readonly generation: number;
  /** Set when a person has found out what became of an undo that failed. */
  readonly resolution: { readonly decision: DecisionId; readonly as: Resolution } | null;
}
export type UndoResult = Answer &
  (
    | { readonly kind: 'undone' }
    /** Somebody confirmed it in time, or lets it stand although it could not be undone. */
    | { readonly kind: 'stands'; readonly decision: DecisionId }
    /** The tool could not take it back, or nobody knows whether it did: a person must look. */
    | { readonly kind: 'failed' }
    | { readonly kind: 'unverified' }
  );

export interface ConcludeInput extends Carry {
  readonly state: 'COMPLETED' | 'FAILED';
  readonly reason: FailureReason | null;
  /** An error code or halt id; no free text. */
  readonly detail: string;
}
export type ConcludeResult = Answer;

/** Journals what is carried, and nothing else; for waits that would otherwise keep a refusal unwritten. */
export interface RecordInput extends Carry {
  /** Set when the escalation falls back to `halt`: the agent is halted in the same transaction. */
  readonly haltAgent?: { readonly operation: number };
}
export type RecordResult = Answer;

/** The activities of a task, as the workflow sees them. */
export interface Activities {
  plan(input: PlanInput): Promise<PlanResult>;
  ask(input: AskInput): Promise<AskResult>;
  verify(input: VerifyInput): Promise<VerifyResult>;
  expire(input: ExpireInput): Promise<ExpireResult>;
  inspect(input: InspectInput): Promise<InspectResult>;
  execute(input: ExecuteInput): Promise<ExecuteResult>;
  undo(input: UndoInput): Promise<UndoResult>;
  safeguard(input: SafeguardInput): Promise<SafeguardResult>;
  conclude(input: ConcludeInput): Promise<ConcludeResult>;
  record(input: RecordInput): Promise<RecordResult>;
}
