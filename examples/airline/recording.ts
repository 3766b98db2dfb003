import { appendFileSync, readFileSync } from 'node:fs';
import { ToolFailure } from 'countersign';
import { z } from 'zod';

const recordedCall = z.object({ tool: z.string(), result: z.unknown() });

/** Recorded runs by task: the calls of each in order, operation 1 first. */
const recordedRuns = z.record(z.string(), z.array(recordedCall));

/** The shape of the recording file: `{ "TASK": [{ "tool": ..., "result": ... }] }`. */
export type Recording = z.infer<typeof recordedRuns>;

/** Which call of which run is asked for. */
export interface Asked {
  readonly tool: string;
  readonly task: string;
  readonly operation: number;
  readonly idempotencyKey: string;
}

const settings = { recording: 'AIRLINE_RECORDING', effects: 'AIRLINE_EFFECTS' } as const;
let loaded: Recording | undefined;

/** What the airline answered to this call when it was recorded. Throws ToolFailure if it was never made. */
export function recordedResult({ task, operation, tool }: Asked): unknown {
  loaded ??= recordedRuns.parse(JSON.parse(readFileSync(setting('recording'), 'utf8')));
  const call = loaded[task]?.[operation - 1];
  if (call?.tool !== tool)
    throw new ToolFailure(
      'not-recorded',
      `no call of ${tool} was recorded as operation ${operation} of ${task}`,
    );
  return call.result;
}

/** Counts an effect in a file that outlives every process: one line each, so that doubles can be seen from outside. */
export function noteEffect({ idempotencyKey: key, tool, task, operation }: Asked): void {
  appendFileSync(setting('effects'), `${JSON.stringify({ key, tool, task, operation })}\n`);
}

function setting(which: keyof typeof settings): string {
  const name = settings[which];
  // oxlint-disable-next-line node/no-process-env -- a setting of this example, not of the product
  const value = process.env[name];
  if (!value) throw new Error(`set ${name}: this example answers from recorded runs`);
  return value;
}
