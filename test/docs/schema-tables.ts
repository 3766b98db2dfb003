import { z } from 'zod';
import { duration, currency } from '../../src/contract/policy-fields.js';
import { name, toolName } from '../../src/contract/fields.js';
import { ladderEntry, policyJsonSchema, roleEntry } from '../../src/contract/policy-file.js';
import { table } from '../support/page.js';

/** As much of JSON Schema as the policy file needs. */
export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
}

/** The schema that loading applies. */
export const POLICY = policyJsonSchema() as Schema; // zod writes nothing else

/** Every section with keys of its own, by its place: `agents.NAME`, `rules[]`; the file itself is `file`. */
export function sectionsOf(schema: Schema, path = ''): ReadonlyMap<string, Schema> {
  const own: [string, Schema][] = schema.properties === undefined ? [] : [[path || 'file', schema]];
  return new Map([...own, ...innerOf(schema, path).flatMap(([at, inner]) => [...sectionsOf(inner, at)])]);
}

function innerOf(schema: Schema, path: string): readonly (readonly [string, Schema])[] {
  const { properties = {}, items, additionalProperties: entries } = schema;
  return [
    ...Object.entries(properties).map(([key, inner]) => [`${path}${path && '.'}${key}`, inner] as const),
    ...(items === undefined ? [] : [[`${path}[]`, items] as const]),
    ...(typeof entries === 'object' ? [[`${path}.NAME`, entries] as const] : []),
  ];
}

/** The keys that a value uses, each with the place of its section, such as `agents.NAME.owner`. */
export function keysIn(value: unknown, schema: Schema, path = ''): readonly string[] {
  if (Array.isArray(value))
    return value.flatMap((item: unknown) => keysIn(item, schema.items ?? {}, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const known = schema.properties?.[key];
    const at = `${path}${path && '.'}${known === undefined ? 'NAME' : key}`;
    const next = known ?? schema.additionalProperties;
    return [...(known === undefined ? [] : [at]), ...keysIn(inner, typeof next === 'object' ? next : {}, at)];
  });
}

/** Every key that the schema knows, as `keysIn` names it. */
export function allKeys(): readonly string[] {
  return [...sectionsOf(POLICY)].flatMap(([path, { properties = {} }]) =>
    Object.keys(properties).map((key) => (path === 'file' ? key : `${path}.${key}`)),
  );
}

/** The keys of one section: type, default, meaning. */
export function keyTable({ properties = {}, required = [] }: Schema): string {
  return table(
    ['key', 'type', 'default', 'meaning'],
    Object.entries(properties).map(([key, schema]) => [
      `\`${key}\``,
      typeText(schema),
      required.includes(key) ? 'required' : defaultText(schema),
      schema.description ?? '',
    ]),
  );
}

function defaultText({ default: value }: Schema): string {
  if (value === undefined) return '';
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

/** Texts of a known make, in words. */
const TEXTS: ReadonlyMap<string, string> = new Map([
  [makeOf(z.toJSONSchema(name) as Schema), 'name'],
  [makeOf(z.toJSONSchema(toolName) as Schema), 'name of a tool'],
  [makeOf(z.toJSONSchema(currency) as Schema), 'currency'],
  [makeOf(z.toJSONSchema(duration(0, 1, '')) as Schema), 'duration'],
  [makeOf(z.toJSONSchema(ladderEntry.shape.remind) as Schema), 'share or duration'],
  [makeOf(z.toJSONSchema(z.iso.date()) as Schema), 'day'],
  [makeOf(z.toJSONSchema(z.email()) as Schema), 'mail address'],
  [makeOf(z.toJSONSchema(roleEntry.shape.slack) as Schema), 'id of a Slack channel'],
]);

function makeOf({ pattern, format, minLength, maxLength }: Schema): string {
  return JSON.stringify([pattern, format, minLength, maxLength]);
}

function typeText(schema: Schema): string {
  const { type, enum: values, const: only, items, additionalProperties: entries } = schema;
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(', ');
  if (only !== undefined) return `\`${only}\``;
  if (type === 'array') return `list: ${typeText(items ?? {})}${range(schema.minItems, schema.maxItems)}`;
  if (type === 'integer') return `whole number${range(schema.minimum, schema.maximum)}`;
  if (type === 'object') return typeof entries === 'object' ? `by name: ${typeText(entries)}` : 'section';
  return textText(schema);
}

function textText(schema: Schema): string {
  const known = TEXTS.get(makeOf(schema));
  if (known !== undefined) return known;
  if (schema.type !== 'string' || schema.pattern !== undefined)
    throw new Error(`no words for this type yet: ${JSON.stringify(schema)}`);
  return `text${range(schema.minLength, schema.maxLength)} characters`;
}

function range(least: number | undefined, most = Number.MAX_SAFE_INTEGER): string {
  const from = least !== undefined && least >= 0 ? least : null;
  if (most === Number.MAX_SAFE_INTEGER) return from === null ? '' : `, ${from} or more`;
  return from === null ? `, at most ${most}` : `, ${from} to ${most}`;
}
