import { z } from 'zod';
import { canonicalJson } from '../../src/contract/canonical.js';
import { json, jsonObject } from '../../src/contract/json-field.js';
import { parseStrictJson, pathText } from '../../src/contract/strict-json.js';
import type { Json, Tier } from '../../src/domain/action.js';
import { CountersignError } from '../../src/domain/errors.js';

const recordedCall = z.looseObject({ tool: z.string().min(1), args: jsonObject, result: json });
const steps = z.union(
  [recordedCall, z.looseObject({ user: z.string() }), z.looseObject({ say: z.string() })],
  {
    error: 'is none of {tool, args, result}, {user}, {say}',
  },
);
const line = z.looseObject({
  instruction: z.string(),
  steps: z.array(steps),
  expected_actions: z.array(z.looseObject({ tool: z.string().min(1), args: jsonObject })),
});

/** One call that a recorded agent made, and what it was answered. */
export interface RecordedCall {
  readonly tool: string;
  readonly args: Json;
  readonly result: Json;
  /** Whether it is one of the expected actions of its run; each of these makes one call right. */
  readonly right: boolean;
}

/** One recorded run as a task. */
export interface RecordedRun {
  readonly task: string;
  readonly goal: string;
  readonly calls: readonly RecordedCall[];
}

/** Reads a file of recorded runs, one JSON object a line. Throws CountersignError `invalid` that names the first bad line. */
export function readRuns(text: string): readonly RecordedRun[] {
  const runs = text.split('\n').flatMap((row, index) => (row.trim() === '' ? [] : [readRun(row, index + 1)]));
  if (runs.length === 0)
    throw new CountersignError('invalid', 'the file holds no run: one JSON object a line is expected');
  return runs;
}

function readRun(row: string, number: number): RecordedRun {
  const read = parseStrictJson(row);
  if ('problems' in read)
    throw broken(number, read.problems[0]?.path ?? '$', read.problems[0]?.message ?? 'not JSON');
  const parsed = line.safeParse(read.value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw broken(
      number,
      pathText((issue?.path ?? []).map((step) => (typeof step === 'symbol' ? String(step) : step))),
      issue?.message ?? 'wrong',
    );
  }
  const { instruction, steps, expected_actions: expected } = parsed.data;
  const calls = steps.flatMap((step) => recordedCall.safeParse(step).data ?? []);
  return {
    task: `run-${String(number).padStart(4, '0')}`,
    goal: instruction,
    calls: marked(calls, expected),
  };
}

function broken(number: number, path: string, message: string): CountersignError {
  return new CountersignError('invalid', `line ${number}: ${path} ${message}`);
}

interface Call {
  readonly tool: string;
  readonly args: Json;
}

/** Each expected action is used up by the first call that equals it. */
function marked(
  calls: readonly (Call & { readonly result: Json })[],
  expected: readonly Call[],
): RecordedCall[] {
  const open = expectations(expected);
  return calls.map(({ tool, args, result }) => ({ tool, args, result, right: open.take({ tool, args }) }));
}

/** A list of calls that are each wanted once. Equal = the same tool and the same canonical arguments, so 1 and 1.0 are one number. */
export function expectations(expected: readonly Call[]): { take(call: Call): boolean } {
  const open = new Map<string, number>();
  for (const call of expected) open.set(keyOf(call), (open.get(keyOf(call)) ?? 0) + 1);
  return {
    take(call) {
      const left = open.get(keyOf(call)) ?? 0;
      if (left > 0) open.set(keyOf(call), left - 1);
      return left > 0;
    },
  };
}

function keyOf({ tool, args }: Call): string {
  return canonicalJson([tool, args]);
}

/** What was proposed in all, by the file alone. */
export interface InputCount {
  readonly runs: number;
  readonly calls: Readonly<Record<`tier${Tier}`, number>>;
  /** Writes are calls of tier 3 and 4. */
  readonly wrongWrites: number;
  readonly rightWrites: number;
}

/** Counts a file's calls without running anything. */
export function countInput(runs: readonly RecordedRun[], tierOf: (tool: string) => Tier): InputCount {
  const calls = runs.flatMap((run) => run.calls);
  const ofTier = (tier: Tier) => calls.filter((call) => tierOf(call.tool) === tier).length;
  const writes = calls.filter((call) => tierOf(call.tool) >= 3);
  const rightWrites = writes.filter((call) => call.right).length;
  return {
    runs: runs.length,
    calls: { tier1: ofTier(1), tier2: ofTier(2), tier3: ofTier(3), tier4: ofTier(4) },
    wrongWrites: writes.length - rightWrites,
    rightWrites,
  };
}
