import { SECRET_MASK } from '../../contract/secret.js';
import { isList, isMembers, schemasAt, type Members, type Path } from '../../contract/schema-at.js';
import { parseStrictJson } from '../../contract/strict-json.js';
import type { Json } from '../../domain/action.js';
import { visible } from '../../domain/sanitise.js';

/** One input of a form made from a tool's JSON Schema. */
export interface SchemaField {
  /** Of the input: `arg:` and the JSON Pointer (RFC 6901) of the value. */
  readonly name: string;
  readonly path: readonly string[];
  readonly kind: 'text' | 'lines' | 'integer' | 'number' | 'choice' | 'secret' | 'json';
  readonly required: boolean;
  /** For `choice`: JSON of each. */
  readonly choices: readonly string[];
  /** What stands in the input; what comes back the same leaves the value as it is. */
  readonly shown: string;
  readonly hint: string;
  /** Absent = not given so far. */
  readonly value: Json | undefined;
}

/** Deeper values are edited as JSON. */
const DEEPEST = 2;

/** The inputs for a value of this schema, one for each member; a schema that says nothing leaves it to the values. */
export function schemaFields(schema: Json, value: Json): readonly SchemaField[] {
  return membersOf(schema, isMembers(schema) ? schema : {}, isMembers(value) ? value : {}, []);
}

function membersOf(
  root: Json,
  schema: Members,
  value: Members,
  path: readonly string[],
): readonly SchemaField[] {
  const properties = asMembers(schema['properties']);
  const required = isList(schema['required'] ?? null) ? (schema['required'] as readonly Json[]) : []; // just looked at
  const names = [...new Set([...Object.keys(properties), ...Object.keys(value)])];
  return names.flatMap((name) => {
    const own = asMembers(Object.hasOwn(properties, name) ? properties[name] : undefined);
    const now = Object.hasOwn(value, name) ? value[name] : undefined;
    const at = [...path, name];
    const opens = at.length < DEEPEST && isPlainObject(own) && now !== undefined && isMembers(now);
    return opens && Object.keys(now).length > 0
      ? membersOf(root, own, now, at)
      : [fieldOf(own, now, at, { required: required.includes(name), secret: isSecretAt(root, at) })];
  });
}

function asMembers(value: Json | undefined): Members {
  return value !== undefined && isMembers(value) ? value : {};
}

/** An object whose members are all it says: no branches, no references. */
function isPlainObject(schema: Members): boolean {
  return (
    schema['type'] === 'object' &&
    isMembers(schema['properties'] ?? null) &&
    !['anyOf', 'oneOf', 'allOf', '$ref'].some((key) => Object.hasOwn(schema, key))
  );
}

function fieldOf(
  schema: Members,
  value: Json | undefined,
  path: readonly string[],
  { required, secret }: { readonly required: boolean; readonly secret: boolean },
): SchemaField {
  const kind = secret && isTextOrNothing(value) ? 'secret' : kindOf(schema, value);
  const base = {
    name: `arg:${pointer(path)}`,
    path,
    kind,
    required,
    value,
    hint: hintOf(schema, kind, required),
  };
  const choices = kind === 'choice' ? choicesOf(schema).map((choice) => plainJson(choice)) : [];
  return { ...base, choices, shown: shownOf(kind, value) };
}

/** Whether any branch of the schema marks the text at a path as secret. */
function isSecretAt(root: Json, path: Path): boolean {
  return schemasAt(root, path).some((part) => part['x-secret'] === true);
}

function isTextOrNothing(value: Json | undefined): boolean {
  return value === undefined || value === null || typeof value === 'string';
}

/** The value at a path of a schema with a mask for each text that is marked as secret. */
export function masked(root: Json, value: Json, path: Path = []): Json {
  if (typeof value === 'string') return isSecretAt(root, path) ? SECRET_MASK : value;
  if (isList(value)) return value.map((one, index) => masked(root, one, [...path, index]));
  if (!isMembers(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, masked(root, one, [...path, name])]),
  );
}

/** By the schema, unless the value that is there is of another type. */
function kindOf(schema: Members, value: Json | undefined): SchemaField['kind'] {
  if (value === SECRET_MASK) return 'secret';
  const choices = choicesOf(schema);
  if (choices.length > 0 && (value === undefined || choices.some((choice) => choice === value)))
    return 'choice';
  const type = schema['type'] ?? typeOf(value);
  if (type === 'string' && (value === undefined || typeof value === 'string'))
    return textKind(value ?? '', schema);
  if ((type === 'integer' || type === 'number') && (value === undefined || typeof value === 'number'))
    return type;
  return 'json';
}

/** A text whose characters an input would lose or hide is edited as JSON, where all of them show. */
function textKind(text: string, schema: Members): 'text' | 'lines' | 'json' {
  if (visible(text, { block: true }) !== text) return 'json';
  const long = text.length > 60 || text.includes('\n') || Number(schema['maxLength'] ?? 0) > 200;
  return long ? 'lines' : 'text';
}

function typeOf(value: Json | undefined): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value === 'boolean' ? 'boolean' : typeof value;
}

function choicesOf(schema: Members): readonly Json[] {
  const listed = schema['enum'] ?? null;
  if (isList(listed)) return listed.every((choice) => typeof choice !== 'object') ? listed : [];
  if (Object.hasOwn(schema, 'const')) return [schema['const'] ?? null];
  return schema['type'] === 'boolean' ? [true, false] : [];
}

function shownOf(kind: SchemaField['kind'], value: Json | undefined): string {
  if (value === undefined || kind === 'secret') return '';
  return typeof value === 'string' && (kind === 'text' || kind === 'lines')
    ? value
    : plainJson(value, kind === 'json' ? 2 : 0);
}

/** JSON in which every character that could hide is written as an escape: it reads as what it is, and means the same. */
export function plainJson(value: Json, indent = 0): string {
  return JSON.stringify(value, null, indent).replace(/[^\n\x20-\x7e]/g, (character) =>
    visible(character) === character
      ? character
      : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const KINDS: Readonly<Record<SchemaField['kind'], string>> = {
  text: 'Text',
  lines: 'Text',
  integer: 'Whole number',
  number: 'Number',
  choice: 'One of these',
  secret: 'Secret: empty keeps it as it is',
  json: 'JSON (a text needs quotes)',
};

const BOUNDS: readonly (readonly [string, string])[] = [
  ['minimum', 'at least'],
  ['exclusiveMinimum', 'more than'],
  ['maximum', 'at most'],
  ['exclusiveMaximum', 'less than'],
  ['minLength', 'characters, at least'],
  ['maxLength', 'characters, at most'],
  ['pattern', 'pattern'],
];

function hintOf(schema: Members, kind: SchemaField['kind'], required: boolean): string {
  const described = typeof schema['description'] === 'string' ? `${schema['description']} ` : '';
  const bounds = BOUNDS.filter(([key]) => isSaid(schema[key])).map(
    ([key, words]) => `${words} ${plainJson(schema[key] ?? null)}`,
  );
  const optional = required || kind === 'secret' ? [] : ['empty leaves it out'];
  return `${described}${[KINDS[kind], ...bounds, ...optional].join(', ')}.`;
}

/** zod writes the bounds of safe integers into every schema; they are no news to anybody. */
function isSaid(bound: Json | undefined): boolean {
  return bound !== undefined && Math.abs(Number(bound)) !== Number.MAX_SAFE_INTEGER;
}

function pointer(path: readonly string[]): string {
  return path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** What is wrong with one input, for whoever filled it in. */
export interface FieldProblem {
  readonly name: string;
  readonly what: string;
}

/** The value that a posted form means: untouched inputs leave their values as they were, of whatever type. */
export function readSchemaForm(
  fields: readonly SchemaField[],
  posted: ReadonlyMap<string, string>,
): { readonly value: Members; readonly problems: readonly FieldProblem[] } {
  const problems: FieldProblem[] = [];
  const root: { [key: string]: Json } = {};
  for (const field of fields) {
    const read = readField(field, posted.get(field.name)?.replaceAll('\r\n', '\n'));
    if (read !== undefined && 'what' in read) problems.push({ name: field.name, what: read.what });
    else if (read !== undefined) put(root, field.path, read.value);
  }
  return { value: root, problems };
}

function readField(
  { kind, shown, value, required, choices }: SchemaField,
  text: string | undefined,
): { readonly value: Json } | { readonly what: string } | undefined {
  const kept = value === undefined ? undefined : { value };
  if (text === undefined) return kept;
  if (text === shown && (value !== undefined || !required)) return kept;
  if (text === '' && kind !== 'text' && kind !== 'lines')
    return required ? { what: 'A value is needed.' } : undefined;
  if (text === '' && !required) return undefined;
  if (kind === 'text' || kind === 'lines' || kind === 'secret') return { value: text };
  if (kind === 'choice') return choices.includes(text) ? parsed(text) : { what: 'Choose one of the list.' };
  if (kind === 'json') return parsed(text);
  const number = Number(text);
  const fits =
    /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) &&
    (kind === 'number' ? Number.isFinite(number) : Number.isSafeInteger(number));
  return fits
    ? { value: number }
    : { what: kind === 'integer' ? 'This must be a whole number.' : 'This must be a number.' };
}

function parsed(text: string): { readonly value: Json } | { readonly what: string } {
  const json = parseStrictJson(text);
  return 'value' in json
    ? { value: json.value }
    : { what: `This is not JSON: ${json.problems[0]?.message ?? ''}` };
}

function put(root: { [key: string]: Json }, path: readonly string[], value: Json): void {
  let here = root;
  for (const step of path.slice(0, -1)) {
    const next = Object.hasOwn(here, step) ? here[step] : undefined;
    const opened: { [key: string]: Json } = next !== undefined && isMembers(next) ? next : {};
    set(here, step, opened);
    here = opened;
  }
  set(here, path.at(-1) ?? '', value);
}

/** `__proto__` is a name like any other. */
function set(target: { [key: string]: Json }, key: string, value: Json): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}
