import { randomUUID } from 'node:crypto';
import { inspect, isDeepStrictEqual } from 'node:util';
import type { RunContext } from '../contract/tool-definition.js';
import type { Tool } from '../contract/tool.js';
import type { Json } from '../domain/action.js';
import type { TaskId, TenantId } from '../domain/ids.js';

/** Looks at what a call changes, wherever that is; compared by value, as it was at that moment. Plain data, or what structuredClone takes. */
export type Look = () => unknown;

/**
 * "This tool is idempotent under its key": after a second call with the same key `effects` sees what it saw after the first. Rejects when
 * not, and when the first call changed nothing that it sees, because then nothing is proven. Gives true for runners and properties that want a value.
 */
export async function isIdempotent(
  tool: Tool,
  args: Json,
  { effects }: { readonly effects: Look },
): Promise<true> {
  const call = aCall(tool, args);
  await seenToChange(tool, effects, call.run);
  const once = await seen(effects);
  await call.run();
  const twice = await seen(effects);
  if (!isDeepStrictEqual(once, twice))
    throw new Error(
      `${tool.name} is not idempotent under its key: ${between('effects', ['one call', once], ['a second one with the same key', twice])}`,
    );
  return true;
}

/** "Undo undoes": after the call and its undo `state` sees what it saw before. Rejects when not, when the call changed nothing, and when there is no undo. */
export async function undoes(tool: Tool, args: Json, { state }: { readonly state: Look }): Promise<true> {
  const { undo } = tool;
  if (undo === null) throw new Error(`${tool.name} declares no undo`);
  const call = aCall(tool, args);
  const before = await seen(state);
  const result = await seenToChange(tool, state, call.run);
  await undo(call.args, result, { ...call.context, idempotencyKey: `${call.context.idempotencyKey}-undo` });
  const after = await seen(state);
  if (!isDeepStrictEqual(before, after))
    throw new Error(
      `the undo of ${tool.name} does not undo: ${between('state', ['the call', before, 'before'], ['its undo', after])}`,
    );
  return true;
}

function aCall(tool: Tool, given: Json): { args: Json; context: RunContext; run: () => Promise<Json> } {
  const read = tool.normaliseArgs(given);
  if ('problems' in read) {
    const faults = read.problems.map(({ path, message }) => `${path}: ${message}`);
    throw new Error(`${tool.name} cannot read these arguments: ${faults.join('; ')}`);
  }
  const { args } = read;
  const context: RunContext = {
    idempotencyKey: `testing-${randomUUID()}`, // another one each time: the world under test may remember keys
    signal: new AbortController().signal,
    tenant: 'testing' as TenantId, // no tenant in particular
    task: 'testing' as TaskId, // the same
    operation: 1,
  };
  return { args, context, run: () => tool.run(args, context) };
}

async function seenToChange(tool: Tool, look: Look, run: () => Promise<Json>): Promise<Json> {
  const before = await seen(look);
  const result = await run();
  const after = await seen(look);
  if (isDeepStrictEqual(before, after))
    throw new Error(
      `a call of ${tool.name} changed nothing that was looked at, so nothing is proven: look at what it changes (${shown(after)})`,
    );
  return result;
}

/** A copy: what a tool changes in place must not change what was seen before. */
async function seen(look: Look): Promise<unknown> {
  const found = await look();
  try {
    return structuredClone(found);
  } catch (cause) {
    throw new Error('a look cannot be kept for later: give plain data, without functions', { cause });
  }
}

function between(what: string, ...looks: readonly (readonly [string, unknown, string?])[]): string {
  return looks
    .map(([moment, value, when = 'after']) => `${what} ${when} ${moment} ${shown(value)}`)
    .join(', ');
}

function shown(value: unknown): string {
  return inspect(value, { depth: 8, breakLength: Infinity, maxStringLength: 500 });
}
