import type { Json } from '../domain/action.js';
import { normalised } from '../domain/sanitise.js';
import { canonicalJson } from '../contract/canonical.js';
import type { TaskCourse } from '../contract/readings.js';
import { scrubJson } from '../contract/secret.js';
import { hadEffect, type LedgerRow } from '../store/ledger.js';
import type { Toolbox } from './load-tools.js';

/** What happened in a task before something is proposed. */
export interface Past {
  /** Every generation of every operation, in order. */
  readonly calls: readonly LedgerRow[];
  /** Operations that a person rejected. */
  readonly rejected: ReadonlySet<number>;
  /** The operations that each step of the planner proposed, oldest first. */
  readonly steps: readonly (readonly number[])[];
}

interface Proposed {
  readonly tool: string;
  readonly args: Json;
}

/** What the course of the task says of each call of one step, in the order proposed. Pure: it is stored with the call and never asked again. */
export function coursesOf(past: Past, proposed: readonly Proposed[], tools: Toolbox): readonly TaskCourse[] {
  const everyStep = {
    unexpected_shape: past.calls.some((call) => call.unexpectedShape),
    steps_without_effect: stepsWithoutEffect(past),
  };
  const before = past.calls.filter((call) => call.generation === 1).map(nameOf);
  const ran = new Set(past.calls.filter(hadEffect).map(nameOf));
  return proposed.map((call) => {
    const name = nameOf(call);
    const repeated_proposal = before.filter((earlier) => earlier === name).length;
    before.push(name);
    return {
      ...everyStep,
      repeated_proposal,
      repeated_failure: repeatedFailure(past, call.tool),
      // What only reads contradicts nothing when it reads again.
      contradictory_state: ran.has(name) && tools.get(call.tool)?.tier !== 1,
    };
  });
}

/** Equal for calls that a person would read as the same: composed or not, with or without invisible characters. */
function nameOf({ tool, args }: Proposed): string {
  return `${tool} ${canonicalJson(scrubJson(args, normalised))}`;
}

function stepsWithoutEffect({ calls, steps }: Past): number {
  const took = new Set(calls.filter(hadEffect).map((call) => call.operation));
  return steps.length - 1 - steps.findLastIndex((operations) => operations.some((each) => took.has(each)));
}

/** Calls without an outcome, and those that ended with their task or with nobody's answer, neither count nor break the row. */
function repeatedFailure({ calls, rejected }: Past, tool: string): number {
  const own = calls.filter((call) => call.tool === tool);
  const worked = new Set(own.filter(hadEffect).map((call) => call.operation));
  const failed = new Set(own.filter((call) => call.status === 'failed').map((call) => call.operation));
  const told = [...new Set(own.map((call) => call.operation))].filter(
    (each) => worked.has(each) || failed.has(each) || rejected.has(each),
  );
  return told.length - 1 - told.findLastIndex((each) => worked.has(each));
}
