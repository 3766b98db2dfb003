import type { Json } from '../domain/action.js';
import { wellFormed } from './brief-arguments.js';
import { valueFault } from './json-faults.js';
import { plainJsonProblem } from './plain-json.js';
import { textOf } from './tool-answers.js';

/** Deeper than any result is meant to be, and not so deep that the stack ends. */
const MOST_LEVELS = 500;

/**
 * What `run` gave, as JSON: what JSON cannot hold (a bigint, NaN, a member that throws) is told as text in its place, and takes nothing else
 * with it. The effect has happened, so nothing here may throw.
 */
export function resultJson(value: unknown): Json {
  const read = told(() => value, []) ?? null;
  return plainJsonProblem(read) === undefined ? read : { unserialisable: JSON.stringify(read) };
}

/** A value that may throw when it is read, below those in which it stands; undefined = nothing that a result could mean. */
function told(read: () => unknown, above: readonly unknown[]): Json | undefined {
  try {
    const value = read();
    return typeof value === 'object' && value !== null ? objectTold(value, above) : primitiveTold(value);
  } catch (error) {
    return wellFormed(`unreadable: ${textOf(() => (error instanceof Error ? error.message : error))}`);
  }
}

function primitiveTold(value: unknown): Json | undefined {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return valueFault(value + 0) === undefined ? value + 0 : String(value); // -0 + 0 is 0
  if (typeof value === 'bigint' || typeof value === 'symbol') return wellFormed(String(value));
  return typeof value === 'string' ? wellFormed(value) : undefined;
}

function objectTold(value: object, above: readonly unknown[]): Json | undefined {
  if (above.includes(value)) return 'what it is in itself';
  if (above.length === MOST_LEVELS) return `nested deeper than ${MOST_LEVELS} levels`;
  const within = [...above, value];
  const shown = shownAs(value);
  if (typeof shown !== 'object' || shown === null) return primitiveTold(shown);
  if (Array.isArray(shown)) return Array.from(shown, (_, index) => told(() => shown[index], within) ?? null);
  const members = Object.keys(shown).map((key) => [
    wellFormed(key),
    told(() => Reflect.get(shown, key), within),
  ]);
  return Object.fromEntries(members.filter(([, member]) => member !== undefined)) as Json; // each member was told
}

/** As JSON.stringify takes an object, and what it would take for empty with its content. */
function shownAs(value: object): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? String(value) : value.toJSON();
  const toJson: unknown = Reflect.get(value, 'toJSON');
  if (typeof toJson === 'function') return Reflect.apply(toJson, value, ['']);
  if (value instanceof Map || value instanceof Set) return [...value];
  if (value instanceof Number || value instanceof String || value instanceof Boolean) return value.valueOf();
  return value instanceof Error ? Object.assign({ name: value.name, message: value.message }, value) : value;
}
