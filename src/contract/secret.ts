import { createHmac } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Json, Readings } from '../domain/action.js';
import { CountersignError } from '../domain/errors.js';
import { isDeclared, isList, isMembers, schemasAt, valueAt } from './schema-at.js';
import type { Path } from './schema-at.js';
import { pathText, type JsonProblem } from './strict-json.js';

/** The key of a reference. No argument from outside may contain it, so that nobody can name a secret that is not theirs. */
export const SECRET_KEY = '$secret';

/** What stands for a secret wherever people look. */
export const SECRET_MASK = '••••••';

const MADE = new WeakSet<z.core.$ZodType>();

/** Marks a string of a tool's input as secret: `secret()`, or `secret(z.string().min(20))`. Shows in the JSON Schema as `x-secret: true`. */
export function secret(schema: z.ZodString = z.string()): z.ZodString {
  const made = schema.meta({ 'x-secret': true });
  MADE.add(made);
  return made;
}

/** Whether secret() made a schema, or one that it was made from; its JSON Schema says so too, unless something wrote over that. */
export function isSecret(type: z.core.$ZodType): boolean {
  const { parent } = type._zod;
  return MADE.has(type) || (parent !== undefined && isSecret(parent));
}

/** The keyed hash by which a secret is known to digests: `hmac-sha256:` + hex. The key is its own and never rotated. */
export function secretMac(key: Uint8Array, value: string): string {
  return `hmac-sha256:${createHmac('sha256', key).update(value, 'utf8').digest('hex')}`;
}

/** Paths of references in arguments that come from outside, where none may be. */
export function forgedReferences(args: Json): readonly string[] {
  const paths: string[] = [];
  rewrite(args, [], (value, path) => {
    if (isMembers(value) && Object.hasOwn(value, SECRET_KEY)) paths.push(pathText([...path]));
    return undefined;
  });
  return paths;
}

/** Puts the values back, right before the call; `open` throws when a reference is unknown. */
export function restoreSecrets(args: Json, open: (reference: string) => string): Json {
  return rewrite(args, [], (value) => {
    const reference = referenceOf(value);
    return reference === undefined ? undefined : open(reference);
  });
}

/** All references in stored arguments, each once, so that the values can be fetched beforehand. */
export function secretReferences(args: Json): readonly string[] {
  const found = new Set<string>();
  restoreSecrets(args, (reference) => {
    found.add(reference);
    return SECRET_MASK;
  });
  return [...found];
}

/** The arguments as people and `describe` see them: the mask in place of every reference, so that strings stay strings. */
export function maskSecrets(args: Json): Json {
  return restoreSecrets(args, () => SECRET_MASK);
}

/**
 * Masks these secrets in texts that quote them (the agent's words, a goal, what a tool answers), as they are or in one of quotedForms; longer
 * ones first.
 */
export function scrubberOf(values: readonly string[]): (text: string) => string {
  const known = [...new Set(values.flatMap(quotedForms))].sort((a, b) => b.length - a.length);
  return (text) => known.reduce((scrubbed, form) => scrubbed.replaceAll(form, () => SECRET_MASK), text);
}

/**
 * How a text may quote a secret: as it is, within JSON, within JSON that is within JSON, in a URL (RFC 3986) or a form's body (WHATWG URL,
 * section 5.2), and as the base64 of the whole of it (RFC 4648; either alphabet, padding or none).
 */
function quotedForms(value: string): readonly string[] {
  if (value === '') return [];
  const inJson = escaped(value);
  const bytes = Buffer.from(value, 'utf8');
  return [
    value,
    inJson,
    escaped(inJson),
    encodeURIComponent(value),
    new URLSearchParams({ '': value }).toString().slice(1),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
  ];
}

/** A text as it stands between the quotes of a JSON string. */
function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** Readings whose texts go through a scrubber. */
export function scrubReadings(readings: Readings, scrub: (text: string) => string): Readings {
  const entries = Object.entries(readings);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'string' ? scrub(value) : value]),
  );
}

/** Any value whose texts go through a scrubber; what has to be a key stays. */
export function scrubJson(value: Json, scrub: (text: string) => string): Json {
  return rewrite(value, [], (member) => (typeof member === 'string' ? scrub(member) : undefined));
}

/**
 * Puts the references of `original` back where an edit left their masks in place. Position says whose a secret is only under the keys that
 * the tool declares: a list, or an entry under a key of the caller's own, keeps its secrets while the whole of it is left as it was.
 */
export function carrySecrets(schema: Json, edited: Json, original: Json): Json {
  return rewrite(edited, [], (value, path) => {
    const whole = value === SECRET_MASK || isList(value) || (path.length > 0 && !isDeclared(schema, path));
    if (!whole) return undefined;
    const before = valueAt(original, path);
    return before !== undefined && isDeepStrictEqual(value, maskSecrets(before)) ? before : value;
  });
}

/**
 * The arguments that an edit made, as they are compared with those before: a secret that was typed is a new one, be it the one that was
 * there. To be told which it is, one at a time, is to find it out.
 */
export function withNewSecrets(typed: Json, args: Json): Json {
  return rewrite(args, [], (value, path) =>
    referenceOf(value) !== undefined && typeof valueAt(typed, path) === 'string'
      ? { [SECRET_KEY]: 'new' }
      : undefined,
  );
}

/** The reference in a value, if it is one: an object of this one member. */
export function referenceOf(value: Json): string | undefined {
  if (!isMembers(value)) return undefined;
  const reference = value[SECRET_KEY];
  return typeof reference === 'string' && Object.keys(value).length === 1 ? reference : undefined;
}

/**
 * Replaces every marked string by a reference; `seal` stores the value and answers with its reference (see secretMac). Where a schema leaves
 * several readings, whatever one of them marks is replaced. Throws CountersignError `invalid` when the arguments already contain a reference.
 */
export function replaceSecrets(schema: Json, args: Json, seal: (value: string) => string): Json {
  const forged = forgedReferences(args);
  if (forged.length > 0)
    throw new CountersignError('invalid', `arguments may not contain "${SECRET_KEY}": ${forged.join(', ')}`);
  return rewriteMarked(schema, args, (value) => ({ [SECRET_KEY]: seal(value) }));
}

/** Where a mask stands in a secret's place, alone or within a text: whoever wrote that has seen the call and does not know the secret. */
export function maskedSecrets(schema: Json, args: Json): readonly JsonProblem[] {
  const problems: JsonProblem[] = [];
  rewriteMarked(schema, args, (value, path) => {
    if (value.includes(SECRET_MASK))
      problems.push({ path: pathText([...path]), message: 'give the secret itself: this is its mask' });
    return undefined;
  });
  return problems;
}

/** Copies arguments; where `change` answers for a string that the schema marks, its answer takes the place. */
function rewriteMarked(
  schema: Json,
  args: Json,
  change: (value: string, path: Path) => Json | undefined,
): Json {
  if (!JSON.stringify(schema).includes('"x-secret"')) return args;
  return rewrite(args, [], (value, path) => {
    const marked =
      typeof value === 'string' && schemasAt(schema, path).some((part) => part['x-secret'] === true);
    return marked ? change(value, path) : undefined;
  });
}

/** Copies a value; where `change` answers, its answer takes the place. */
function rewrite(value: Json, path: Path, change: (value: Json, path: Path) => Json | undefined): Json {
  const changed = change(value, path);
  if (changed !== undefined) return changed;
  if (isList(value)) return value.map((member, index) => rewrite(member, [...path, index], change));
  if (!isMembers(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, rewrite(member, [...path, key], change)]),
  );
}
