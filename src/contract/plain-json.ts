import type { Json } from '../domain/action.js';
import { CountersignError } from '../domain/errors.js';
import { valueFault } from './json-faults.js';
import { isPrototypeKey, JSON_LIMITS, pathText } from './strict-json.js';
import type { JsonProblem } from './strict-json.js';

type Path = readonly (string | number)[];

/** What keeps a value made in the program from being plain JSON: the first place, or nothing. Runs no code of the value (no getters, no toJSON). */
export function plainJsonProblem(value: unknown): JsonProblem | undefined {
  return fault(value, []);
}

/** The same value, now known to be plain JSON. Throws CountersignError `invalid` naming the first place that is not. */
export function assertPlainJson(value: unknown): Json {
  const problem = plainJsonProblem(value);
  if (problem !== undefined)
    throw new CountersignError('invalid', `not plain JSON at ${problem.path}: ${problem.message}`);
  return value as Json; // just checked, member by member
}

function fault(value: unknown, path: Path): JsonProblem | undefined {
  if (value === null || typeof value === 'boolean') return undefined;
  if (typeof value === 'string')
    return /\p{Surrogate}/u.test(value)
      ? at(path, 'text with half a character (a lone surrogate)')
      : undefined;
  if (typeof value === 'number') {
    const message = valueFault(value);
    return message === undefined ? undefined : at(path, message);
  }
  if (typeof value !== 'object') return at(path, `${typeof value} is not JSON`);
  if (path.length >= JSON_LIMITS.depth)
    return at(path.slice(0, 3), `nested deeper than ${JSON_LIMITS.depth} levels, or in itself`);
  return Array.isArray(value) ? arrayFault(value, path) : objectFault(value, path);
}

function arrayFault(value: readonly unknown[], path: Path): JsonProblem | undefined {
  if (Object.getPrototypeOf(value) !== Array.prototype)
    return at(path, 'an array of a class of its own is not JSON');
  if (Reflect.ownKeys(value).length !== value.length + 1)
    return at(path, 'an array with holes or names is not JSON');
  return membersFault(value, path, (key) => Number(key));
}

function objectFault(value: object, path: Path): JsonProblem | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    return at(path, `an object of a class (${className(prototype)}) is not JSON`);
  return membersFault(value, path, (key) => key);
}

function membersFault(
  value: object,
  path: Path,
  step: (key: string) => string | number,
): JsonProblem | undefined {
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === 'symbol') return at(path, 'a symbol key is not JSON');
    const member = Object.getOwnPropertyDescriptor(value, key);
    if (Array.isArray(value) && key === 'length') continue;
    const here = [...path, step(key)];
    if (isPrototypeKey(key)) return at(here, 'a key that could change a prototype is refused');
    if (/\p{Surrogate}/u.test(key)) return at(here, 'a key with half a character (a lone surrogate)');
    if (member === undefined || !('value' in member) || member.enumerable !== true)
      return at(here, 'a computed or hidden member is not JSON');
    const problem = fault(member.value, here);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function className(prototype: unknown): string {
  const maker: unknown =
    typeof prototype === 'object' && prototype !== null ? Reflect.get(prototype, 'constructor') : undefined;
  return typeof maker === 'function' ? maker.name : 'unknown';
}

function at(path: Path, message: string): JsonProblem {
  return { path: pathText([...path]), message };
}
