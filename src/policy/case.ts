import type { Action, ToolFacts } from '../domain/action.js';
import type { AnomalyId, TaskId, TenantId } from '../domain/ids.js';
import type { Fired } from '../domain/verdict.js';
import type { Detected } from '../contract/readings.js';
import type { Policy } from './policy.js';

/** What judging knows of the task. */
export interface JudgedTask {
  readonly tenant: TenantId;
  readonly task: TaskId;
  readonly agent: string;
  readonly requester: string;
  /** What kind of case it is, as the submitter says; null = not said. */
  readonly situation: string | null;
}

/** What became of earlier calls of this agent with this tool. */
export interface History {
  readonly executed: number;
  readonly rejected: number;
  readonly failed: number;
}

/** All that a verdict depends on. */
export interface Case {
  readonly policy: Policy;
  readonly action: Action;
  /** Null = no tool of that name is registered; facts of another name count as that. */
  readonly facts: ToolFacts | null;
  /** The tool could not say what the call would do: its `impact` is empty because it is unknown, not because there is none. */
  readonly unreadable?: boolean;
  /** Arguments that no reader can judge: encoded data, or too much to be shown in full. */
  readonly unshown?: readonly string[];
  /** What the gate found out about the call; what is absent nobody can tell. Nothing that is claimed takes its place. */
  readonly detected: Detected;
  readonly task: JudgedTask;
  /** Epoch milliseconds of the database's clock; decides the UTC day of limits, nothing else. */
  readonly now: number;
}

/** An anomaly that people closed as expected. */
export interface KnownAnomaly {
  readonly anomaly: AnomalyId;
  /** Epoch milliseconds; judging does not look at the clock for it. */
  readonly until: number;
}

/** A case with what was counted and happened before. */
export interface JudgeInput extends Case {
  /** What each key of `reservationsFor` has counted; an absent key counts 0. */
  readonly counters: Readonly<Record<string, number>>;
  readonly history: History;
  /** What is known of this agent, tool and situation, by rule: such a rule of trigger `anomaly` notifies and asks for no more. */
  readonly known?: ReadonlyMap<string, KnownAnomaly>;
  /** Reasons from outside the policy (a round after the first, an earlier effect, a preview that failed). They can only tighten. */
  readonly also?: readonly Fired[];
}
