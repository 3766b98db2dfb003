import { z } from 'zod';
import type { Json } from '../domain/action.js';
import { isToolName, TOOL_NAME_RULE } from '../domain/tool-name.js';
import { LONGEST_CALL_MS } from '../domain/call-times.js';
import { parseDuration } from './duration.js';
import { isMembers } from './schema-at.js';
import { isSecret } from './secret.js';
import type { ToolDefinition } from './tool-definition.js';

const CATEGORIES: readonly unknown[] = [
  'deploy-production',
  'external-communication',
  'money',
  'delete-data',
  'change-privileges',
];

/** Every member of a definition: what is none of them would be a promise that nothing keeps. */
const MEMBERS: Readonly<Record<keyof ToolDefinition<z.ZodObject>, true>> = {
  name: true,
  version: true,
  tier: true,
  input: true,
  output: true,
  describe: true,
  impact: true,
  categories: true,
  preview: true,
  fingerprint: true,
  undo: true,
  idempotency: true,
  timeout: true,
  run: true,
};

/** Everything wrong with a tool's definition but its input, one line each. */
export function definitionFaults(given: ToolDefinition<z.ZodObject>): string[] {
  const { name, version, tier, categories = [], timeout, idempotency } = given;
  const faults: string[] = [];
  const need = (holds: boolean, fault: string) => void (holds || faults.push(fault));
  need(isToolName(name), `\`name\` must be ${TOOL_NAME_RULE}`);
  need(
    typeof version === 'string' && /^[\x21-\x7e]{1,64}$/.test(version),
    '`version` must be 1 to 64 visible ASCII characters',
  );
  need(
    [1, 2, 3, 4].includes(tier),
    '`tier` must be 1 (read-only), 2 (reversible), 3 (external) or 4 (irreversible)',
  );
  need(
    Array.isArray(categories) && categories.every((category) => CATEGORIES.includes(category)),
    `\`categories\` may hold ${CATEGORIES.join(', ')}`,
  );
  need(
    typeof given.describe === 'function',
    '`describe` is missing: reviewers need plain words made from the arguments',
  );
  need(typeof given.run === 'function', '`run` is missing');
  const unknown = Object.keys(given).filter((member) => !Object.hasOwn(MEMBERS, member));
  need(
    unknown.length === 0,
    `${unknown.map((member) => `\`${member}\``).join(', ')}: nothing reads it; known are ${Object.keys(MEMBERS).join(', ')}`,
  );
  for (const part of ['describe', 'impact'] as const)
    need(!isAsync(given[part]), `\`${part}\` must answer at once: it is async`);
  for (const part of ['impact', 'preview', 'fingerprint', 'undo'] as const) {
    need(given[part] === undefined || typeof given[part] === 'function', `\`${part}\` must be a function`);
  }
  need(
    timeout === undefined || isBetween(parseDuration(timeout), 1, LONGEST_CALL_MS),
    '`timeout` must be a time such as 30s or 5m, 10m at most: start what takes longer, and look for its end with another tool',
  );
  need(
    idempotency === undefined || (parseDuration(idempotency.keyLifetime) ?? 0) > 0,
    '`idempotency.keyLifetime` must be a time such as 24h',
  );
  return faults;
}

function isAsync(made: unknown): boolean {
  return typeof made === 'function' && made.constructor.name === 'AsyncFunction';
}

function isBetween(ms: number | undefined, least: number, most: number): boolean {
  return ms !== undefined && ms >= least && ms <= most;
}

/** The JSON Schema that reviewers, editors and the secret walk go by. What JSON Schema cannot say would run differently than it is shown. */
export function schemaOf(input: z.ZodObject, faults: string[]): Json {
  if (!(input instanceof z.ZodObject)) {
    faults.push('`input` must be an object of zod 4: z.strictObject({ ... })');
    return {};
  }
  const schema = jsonSchemaOf(input, { name: '`input`', so: 'what is shown is what runs' }, faults);
  if (hasMarkOnOther(schema)) faults.push('only strings can be secret()');
  let lost = false;
  const read = z.toJSONSchema(input, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      lost ||= hasMarkedPart(zodSchema) || (isSecret(zodSchema) && jsonSchema['x-secret'] !== true);
    },
  });
  if (lost || marksIn(schema) < marksIn(read) || hasMarkOnNames(schema))
    faults.push(
      'a secret() is lost: it marks what a `pipe` reads, the names of a record, or a part of a text, or its mark was written over; mark the value itself, last',
    );
  return schema;
}

/** The JSON Schema of what the tool declares as output; null when it declares nothing. */
export function outputSchemaOf(output: z.ZodType | undefined, faults: string[]): Json | null {
  if (output === undefined) return null;
  if (output instanceof z.ZodType)
    return jsonSchemaOf(output, { name: '`output`', so: 'it can be checked', io: 'input' }, faults);
  faults.push('`output` must be a zod schema: z.object({ ... })');
  return null;
}

function jsonSchemaOf(
  type: z.ZodType,
  { name, so, io = 'output' }: { name: string; so: string; io?: 'input' | 'output' },
  faults: string[],
): Json {
  let async = false;
  const override = ({ zodSchema }: { readonly zodSchema: z.core.$ZodType }) => {
    async ||= hasAsyncCheck(zodSchema);
  };
  try {
    const schema = JSON.parse(JSON.stringify(z.toJSONSchema(type, { io, override }))) as Json; // JSON by construction
    if (async) faults.push(`${name} has a check that is async: it must answer at once`);
    return schema;
  } catch (error) {
    faults.push(
      `${name} must be plain JSON, so that ${so} (no transforms, dates, maps, bigints): ${error instanceof Error ? error.message : String(error)}`,
    );
    return {};
  }
}

/** Nobody would wait for such a check of a value, and its failure would end the process. */
function hasAsyncCheck({ _zod: { def } }: z.core.$ZodType): boolean {
  return def.checks?.some((check) => isAsync(Reflect.get(check._zod.def, 'fn'))) ?? false;
}

function marksIn(schema: unknown): number {
  return JSON.stringify(schema).split('"x-secret":true').length - 1;
}

/** The parts of a template literal are no values of their own: its JSON Schema is one pattern. */
function hasMarkedPart({ _zod: { def } }: z.core.$ZodType): boolean {
  const parts: readonly unknown[] = 'parts' in def && Array.isArray(def.parts) ? def.parts : [];
  return parts.some(
    (part) => part instanceof z.ZodType && marksIn(z.toJSONSchema(part, { unrepresentable: 'any' })) > 0,
  );
}

function hasMarkOnNames(schema: Json): boolean {
  if (Array.isArray(schema)) return schema.some(hasMarkOnNames);
  if (!isMembers(schema)) return false;
  const { type, propertyNames: names = null } = schema;
  const marked = type === 'object' && isMembers(names) && names['x-secret'] === true;
  return marked || Object.values(schema).some(hasMarkOnNames);
}

function hasMarkOnOther(schema: Json): boolean {
  if (Array.isArray(schema)) return schema.some(hasMarkOnOther);
  if (!isMembers(schema)) return false;
  return (
    (schema['x-secret'] === true && schema['type'] !== 'string') || Object.values(schema).some(hasMarkOnOther)
  );
}
