import type { Readings } from '../domain/action.js';
import type { Trigger } from '../domain/verdict.js';

/** What a reading may be. */
export type ReadingType =
  | {
      readonly kind: 'number';
      readonly min: number;
      /** Null = no upper end. */
      readonly max: number | null;
      /** Null = a share or a score without unit. */
      readonly unit: string | null;
      readonly whole: boolean;
    }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'string' };

/** One documented reading. `detected` = found by the gate, always there, never taken from outside; `claimed` = said by submitter or planner. */
export interface ReadingSpec {
  readonly name: string;
  readonly by: 'detected' | 'claimed';
  readonly type: ReadingType;
  /** The kind of rule that mostly reads it. */
  readonly trigger: Trigger;
  /** One sentence. */
  readonly meaning: string;
}

/** What the gate itself finds out about a call. */
export interface Detected {
  readonly unexpected_shape: boolean;
  /** Absent = nobody can tell: the arguments are too large to compare. A rule that reads it then errs, and asks. */
  readonly contradictory_state?: boolean;
  readonly repeated_failure: number;
  readonly steps_without_effect: number;
  readonly repeated_proposal: number;
  readonly minutes_to_deadline: number;
  readonly pressure_language: boolean;
  readonly control_characters: boolean;
  readonly bidi_controls: boolean;
  readonly invisible_characters: boolean;
  readonly mixed_scripts: boolean;
  readonly check_requested: boolean;
}

/** Readings that follow from what happened in the task before; absent = nothing did. */
export type TaskCourse = Partial<
  Pick<
    Detected,
    | 'unexpected_shape'
    | 'contradictory_state'
    | 'repeated_failure'
    | 'steps_without_effect'
    | 'repeated_proposal'
  >
>;

/** `minutes_to_deadline` of a task without a deadline, some 1900 years: no rule that waits for a near deadline fires. */
export const NO_DEADLINE_MINUTES = 1_000_000_000;

/** What holds of a call about which nothing was detected. */
export const NOTHING_DETECTED: Detected = {
  unexpected_shape: false,
  contradictory_state: false,
  repeated_failure: 0,
  steps_without_effect: 0,
  repeated_proposal: 0,
  minutes_to_deadline: NO_DEADLINE_MINUTES,
  pressure_language: false,
  control_characters: false,
  bidi_controls: false,
  invisible_characters: false,
  mixed_scripts: false,
  check_requested: false,
};

const number = (min: number, max: number | null, unit: string | null = null): ReadingType => ({
  kind: 'number',
  min,
  max,
  unit,
  whole: false,
});
const count = (unit: string): ReadingType => ({ kind: 'number', min: 0, max: null, unit, whole: true });
const boolean: ReadingType = { kind: 'boolean' };
const string: ReadingType = { kind: 'string' };

const claimed = (name: string, type: ReadingType, trigger: Trigger, meaning: string): ReadingSpec => ({
  name,
  by: 'claimed',
  type,
  trigger,
  meaning,
});
const detected = (
  name: keyof Detected,
  type: ReadingType,
  trigger: Trigger,
  meaning: string,
): ReadingSpec => ({ name, by: 'detected', type, trigger, meaning });

/** Every documented reading. A name that is not here may be claimed too; nobody checks its type or range. */
export const READINGS: readonly ReadingSpec[] = [
  claimed('confidence', number(0, 1), 'confidence', 'How sure the agent is that this call is right.'),
  claimed(
    'retrieval_score',
    number(0, 1),
    'anomaly',
    'How well the best passage that was found fits the case.',
  ),
  claimed('injection_score', number(0, 1), 'risk', 'How likely a text of the case tries to steer the agent.'),
  claimed('fraud_score', number(0, 1), 'risk', 'How likely the case is fraud.'),
  claimed(
    'sentiment',
    number(-1, 1),
    'sentiment',
    'The mood of whom the case is about, from -1 (bad) to 1 (good).',
  ),
  claimed(
    'emotion_score',
    number(0, 1),
    'risk',
    'How emotional the words of whom the case is about are, whatever the mood.',
  ),
  claimed('customer_tier', string, 'boundary', 'The class of customer that the case is about.'),
  claimed('data_class', string, 'boundary', 'The class of the most protected data that the call touches.'),
  claimed('region', string, 'boundary', 'Where whom the case is about is, such as an ISO 3166 code.'),
  claimed('sample', boolean, 'policy', 'Whether the case was drawn for an audit sample.'),
  claimed('cost_usd', number(0, null, 'USD'), 'boundary', 'What the agent has cost in this task so far.'),
  claimed('tokens', count('tokens'), 'boundary', 'How many tokens the agent has used in this task so far.'),
  detected(
    'unexpected_shape',
    boolean,
    'anomaly',
    'Whether an earlier result in this task did not fit what its tool declares as output.',
  ),
  detected(
    'contradictory_state',
    boolean,
    'anomaly',
    "Whether an equal call that changes something already ran in this task, or a number in the agent's words contradicts the arguments.",
  ),
  detected(
    'repeated_failure',
    count('calls'),
    'sentiment',
    'How many calls of this tool in this task failed or were rejected in a row before this one was proposed.',
  ),
  detected(
    'steps_without_effect',
    count('steps'),
    'stall',
    'After how many planner steps in a row nothing was executed before this call was proposed.',
  ),
  detected(
    'repeated_proposal',
    count('calls'),
    'stall',
    'How often this very call was proposed before in this task.',
  ),
  detected(
    'minutes_to_deadline',
    { kind: 'number', min: -NO_DEADLINE_MINUTES, max: NO_DEADLINE_MINUTES, unit: 'minutes', whole: false },
    'sla',
    `Minutes from the proposal of the call as it stands to the deadline of the task; ${NO_DEADLINE_MINUTES} when the task has none.`,
  ),
  detected(
    'pressure_language',
    boolean,
    'risk',
    "Whether the agent's words press the reviewer: false authority, urgency, threat, flattery.",
  ),
  detected(
    'control_characters',
    boolean,
    'risk',
    "Whether arguments, request or agent's words hold control characters.",
  ),
  detected(
    'bidi_controls',
    boolean,
    'risk',
    "Whether arguments, request or agent's words hold characters that reorder text.",
  ),
  detected(
    'invisible_characters',
    boolean,
    'risk',
    "Whether arguments, request or agent's words hold zero-width, tag or other invisible characters.",
  ),
  detected(
    'mixed_scripts',
    boolean,
    'risk',
    "Whether a word of arguments, request or agent's words mixes Latin, Cyrillic and Greek look-alikes.",
  ),
  detected('check_requested', boolean, 'request', 'Whether the agent itself asks a person to check.'),
];

const SPECS: ReadonlyMap<string, ReadingSpec> = new Map(READINGS.map((spec) => [spec.name, spec]));

/** Whether only the gate may give a reading of this name. */
export function isDetectedName(name: string): boolean {
  return SPECS.get(name)?.by === 'detected';
}

/**
 * The claims that count: none under a name that only the gate may use, and of the documented ones those that have their type and lie in their
 * range. What does not count is missing, so that every rule which reads it errs and thereby asks.
 */
export function soundClaims(claims: Readings): Readings {
  const sound = Object.entries(claims).filter(([name, value]) => isSound(SPECS.get(name), value));
  return Object.fromEntries(sound);
}

function isSound(spec: ReadingSpec | undefined, value: Readings[string]): boolean {
  if (typeof value === 'number' && !Number.isFinite(value)) return false;
  if (spec === undefined) return true;
  if (spec.by === 'detected' || typeof value !== spec.type.kind) return false;
  if (spec.type.kind !== 'number' || typeof value !== 'number') return true;
  const { min, max, whole } = spec.type;
  return value >= min && (max === null || value <= max) && (!whole || Number.isSafeInteger(value));
}
