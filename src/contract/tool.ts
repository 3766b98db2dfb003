import type { z } from 'zod';
import type { Impact, Json, ToolFacts } from '../domain/action.js';
import type { Digest } from '../domain/ids.js';
import { CountersignError } from '../domain/errors.js';
import { labelled } from './digest.js';
import { parseDuration } from './duration.js';
import { maskSecrets } from './secret.js';
import { atOnce, checkedFingerprint, checkedImpact, checkedPreview } from './tool-answers.js';
import { resultJson } from './result-json.js';
import { outputProblem } from './tool-output.js';
import { normaliseArgs, parseArgs, viewArgs } from './tool-arguments.js';
import type { ParsedArgs } from './tool-arguments.js';
import type { Preview, RunContext, ToolDefinition } from './tool-definition.js';
import { definitionFaults, outputSchemaOf, schemaOf } from './tool-faults.js';

const DEFAULT_TIMEOUT_MS = 60_000;

/** A tool as the gate uses it: arguments are what parseArgs returned (or its masked form). */
export interface Tool extends ToolFacts {
  /** JSON Schema 2020-12 of the input, secrets marked `x-secret`. */
  readonly schema: Json;
  readonly schemaDigest: Digest;
  /** JSON Schema 2020-12 of a result; null when the tool declares none. */
  readonly outputSchema: Json | null;
  readonly timeoutMs: number;
  /** Null: the tool honours no key, so a call that may have happened is never repeated. */
  readonly keyLifetimeMs: number | null;
  /** Whether it tells what a call changes at all; where not, `impact` gives nothing. */
  readonly statesImpact: boolean;
  /** Checks arguments that are shown and run as they are: what the tool would read as anything else is a problem. */
  parseArgs(args: Json): ParsedArgs;
  /** The arguments as the tool reads them: defaults filled in, texts trimmed, whatever its schema does. For a proposal, before it is stored. */
  normaliseArgs(args: Json): ParsedArgs;
  /** Stored arguments as people look at them: each secret is its mask, whatever the schema says of the text behind it. */
  viewArgs(stored: Json): ParsedArgs;
  describe(args: Json): string;
  /** Throws CountersignError `invalid` when the tool's answer is not usable, and whatever the tool throws. So do preview and fingerprint. */
  impact(args: Json): Impact;
  /** Null when the tool has none. */
  readonly preview: ((args: Json, context: { readonly signal: AbortSignal }) => Promise<Preview>) | null;
  readonly fingerprint: ((args: Json, context: { readonly signal: AbortSignal }) => Promise<string>) | null;
  readonly undo: ((args: Json, result: Json, context: RunContext) => Promise<Json>) | null;
  /** Where a result, as JSON, is not what the tool declares as output; null = it fits, or nothing is declared. Quotes no value. Never throws. */
  checkOutput(result: Json): string | null;
  /** The result as JSON: nothing becomes null, what JSON cannot hold is told as text (the effect has happened all the same). */
  run(args: Json, context: RunContext): Promise<Json>;
}

// Registered symbols: the tools module may have loaded a copy of this package of its own.
const MADE = Symbol.for('countersign.tool');
const FAILURE = Symbol.for('countersign.tool-failure');

/**
 * A definite failure: the call did not happen. The agent gets `code` and the message; any other throw from `run` means unknown, or at tier 1 failed.
 * `instanceof` holds for failures of another copy of this class too.
 */
export class ToolFailure extends Error {
  override readonly name = 'ToolFailure';
  readonly code: string;
  readonly [FAILURE] = true;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && Reflect.get(value, FAILURE) === true;
  }
}

/** Declares a tool. Throws CountersignError `config` that lists everything wrong with the definition. */
export function defineTool<Input extends z.ZodObject>(definition: ToolDefinition<Input>): Tool {
  const faults = definitionFaults(definition);
  const schema = schemaOf(definition.input, faults);
  const outputSchema = outputSchemaOf(definition.output, faults);
  if (faults.length > 0) {
    const named = JSON.stringify(definition.name ?? null);
    throw new CountersignError('config', `tool ${named}: ${faults.join('; ')}`);
  }
  type Args = z.output<Input>;
  const typed = (args: Json) => args as Args; // parseArgs made them, and replaced secrets by strings only
  const { name } = definition;
  const has = (part: 'preview' | 'fingerprint' | 'undo') => definition[part] !== undefined;
  const tool: Tool = {
    name,
    version: definition.version,
    tier: definition.tier,
    categories: [...(definition.categories ?? [])],
    hasUndo: has('undo'),
    schema,
    schemaDigest: labelled('tool-schema', schema),
    outputSchema,
    timeoutMs: parseDuration(definition.timeout ?? '') ?? DEFAULT_TIMEOUT_MS,
    keyLifetimeMs: parseDuration(definition.idempotency?.keyLifetime ?? '') ?? null,
    statesImpact: definition.impact !== undefined,
    parseArgs: (args) => parseArgs(definition.input, args),
    normaliseArgs: (args) => normaliseArgs(definition.input, args),
    viewArgs: (stored) => viewArgs(definition.input, stored),
    describe: (args) => atOnce(`the description of ${name}`, definition.describe(typed(args))),
    impact: (args) => (definition.impact ? checkedImpact(name, definition.impact(typed(args))) : {}),
    preview: has('preview')
      ? async (args, context) => checkedPreview(name, await definition.preview?.(typed(args), context))
      : null,
    fingerprint: has('fingerprint')
      ? async (args, context) =>
          checkedFingerprint(name, await definition.fingerprint?.(typed(args), context))
      : null,
    undo: has('undo')
      ? async (args, result, context) => resultJson(await definition.undo?.(typed(args), result, context))
      : null,
    checkOutput: (result) =>
      definition.output === undefined ? null : outputProblem(definition.output, outputSchema, result),
    run: async (args, context) => resultJson(await definition.run(typed(args), context)),
  };
  Object.defineProperty(tool, MADE, { value: true });
  return Object.freeze(tool);
}

/** Whether a value was made by defineTool. */
export function isTool(value: unknown): value is Tool {
  return typeof value === 'object' && value !== null && Reflect.get(value, MADE) === true;
}

/** What judging needs of a tool. */
export function toolFacts({ name, version, tier, categories, hasUndo }: Tool): ToolFacts {
  return { name, version, tier, categories, hasUndo };
}

/** The tool's plain words for stored (masked inside) arguments, or null when it has none to give: the call is then uninspectable. Never throws. */
export function describeCall(tool: Tool | undefined, args: Json): string | null {
  if (tool === undefined) return null;
  try {
    const text: unknown = tool.describe(maskSecrets(args));
    return typeof text === 'string' && text.trim() !== '' ? text : null;
  } catch {
    return null; // what it threw may quote a hostile argument; the flag says enough
  }
}

/** What the call would change by its stored arguments, or null when the tool cannot read them or cannot say: it is then judged strictest. Never throws. */
export function impactOfCall(tool: Tool, args: Json): Impact | null {
  try {
    const parsed = tool.viewArgs(args);
    return 'args' in parsed ? tool.impact(parsed.args) : null;
  } catch {
    return null;
  }
}
