import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { CarriedEvent, Head } from '../activities/api.js';
import type { DecisionMessage, Receipt } from '../domain/decision.js';
import type { Escalation, State } from '../domain/escalation.js';
import type { HaltId, TaskId, TenantId } from '../domain/ids.js';
import type { InboxState } from './inbox.js';

/** The workflow type. */
export const AGENT_TASK = 'agentTask';

/** How a task starts; everything else about it is in its `tasks` row. */
export interface TaskInput {
  readonly tenant: TenantId;
  readonly task: TaskId;
  readonly agent: string;
  /** Set for a ready-made action: operation 1 is in the store and no planner is asked. */
  readonly ready: { readonly tool: string } | null;
  /** Carried over by continue-as-new. */
  readonly resume?: Carryover;
}

/** All that a next run needs to go on; opaque to callers. */
export interface Carryover {
  readonly step: number;
  readonly nextOperation: number;
  readonly branches: readonly Escalation[];
  readonly inbox: InboxState;
  readonly head: Head | null;
  readonly events: readonly CarriedEvent[];
  readonly planning: boolean;
  readonly nudged: boolean;
  readonly path: readonly Passage[];
}

/** One step of a task's path through the states. */
export interface Passage {
  readonly state: State;
  /** Epoch milliseconds, workflow time. */
  readonly at: number;
}

/** What the query `view` answers. References only: arguments and texts are in the store. */
export interface TaskView {
  readonly state: State;
  readonly since: number;
  readonly branches: readonly Escalation[];
  /** The last 50 states, oldest first. */
  readonly path: readonly Passage[];
  readonly head: Head | null;
}

/** What the workflow returns; the results of calls are in the ledger. */
export interface TaskResult {
  readonly state: 'COMPLETED' | 'FAILED';
  readonly reason: string | null;
}

/** A nudge about a halt or a lift. The workflow believes only what it then reads in the store. */
export interface HaltMessage {
  readonly halt: HaltId;
  /** Signed by the gateway; kept for whoever reads the history. */
  readonly jws: string;
}

export const decideUpdate = defineUpdate<Receipt, [DecisionMessage]>('decide');
export const decideSignal = defineSignal<[DecisionMessage]>('decide');
export const haltUpdate = defineUpdate<{ readonly noted: true }, [HaltMessage]>('halt');
export const haltSignal = defineSignal<[HaltMessage]>('halt');
export const viewQuery = defineQuery<TaskView>('view');
