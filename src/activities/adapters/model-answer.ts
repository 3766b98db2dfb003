import { z } from 'zod';
import type { Json } from '../../domain/action.js';
import { isToolName } from '../../domain/tool-name.js';
import { isMembers } from '../../contract/schema-at.js';
import { maskedSecrets } from '../../contract/secret.js';
import { parseStrictJson, type JsonProblem } from '../../contract/strict-json.js';
import type { Tool } from '../../contract/tool.js';
import type { Toolbox } from '../load-tools.js';
import type { ToolNames } from './model-tools.js';

/** A call as the model wrote it. */
export interface WireCall {
  readonly name: string;
  /** Should be a JSON object. */
  readonly text: string;
}

/** An answer that cannot be taken. `faults` by the index of the call; empty when it is the answer itself. */
export interface Faulty {
  readonly content: string | null;
  readonly calls: readonly WireCall[];
  readonly faults: ReadonlyMap<number, string>;
  /** The tool that was meant; null where that cannot be told. */
  readonly tool: string | null;
  /** What is wrong, for people: names of tools and of declared arguments, no values. */
  readonly what: string;
}

/** What one answer comes to. */
export type ModelAnswer =
  | { readonly done: true }
  | {
      readonly content: string | null;
      readonly proposed: readonly { readonly tool: string; readonly args: Json }[];
    }
  | { readonly faulty: Faulty };

const completion = z.object({
  choices: z.tuple(
    [
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({
          content: z.unknown().optional(),
          tool_calls: z
            .array(z.object({ function: z.object({ name: z.string(), arguments: z.string() }) }))
            .nullish(),
        }),
      }),
    ],
    z.unknown(),
  ),
});

const NO_ANSWER: Faulty = {
  content: null,
  calls: [],
  faults: new Map(),
  tool: null,
  what: 'an answer that is no chat completion',
};
const MOST_DETAIL = 2_000;

/**
 * Reads a completion. What ended for another reason than its own end may be half of what was meant, and counts as nothing. `scrub` masks the
 * key of the endpoint: in the words; a call that repeats it is faulty, since what would run is never rewritten.
 */
export function readAnswer(
  body: unknown,
  tools: Toolbox,
  names: ToolNames,
  scrub: (text: string) => string,
): ModelAnswer {
  const parsed = completion.safeParse(body);
  if (!parsed.success) return { faulty: NO_ANSWER };
  const [{ finish_reason: finish, message }] = parsed.data.choices;
  const content =
    typeof message.content === 'string' && message.content !== '' ? scrub(message.content) : null;
  const calls = (message.tool_calls ?? []).map((call) => ({
    name: call.function.name,
    text: call.function.arguments,
  }));
  if (finish !== 'stop' && (finish !== 'tool_calls' || calls.length === 0))
    return { faulty: { ...NO_ANSWER, what: `an answer that ended as ${endWord(finish)}` } };
  if (calls.length === 0) return { done: true };
  const read = calls.map((call) => readCall(call, tools, names, scrub));
  const proposed = read.flatMap((one) => ('args' in one ? [one] : []));
  if (proposed.length === calls.length) return { content, proposed };
  const faults = new Map(
    read.flatMap((one, index) => ('detail' in one ? [[index, one.detail] as const] : [])),
  );
  const what = read.flatMap((one) => ('detail' in one ? [one.what] : [])).slice(0, 3);
  const [tool = null] = read.flatMap((one) => ('detail' in one && one.tool !== null ? [one.tool] : []));
  return { faulty: { content, calls, faults, tool, what: what.join('; ') } };
}

function endWord(finish: string | null | undefined): string {
  return typeof finish === 'string' && /^[a-z_]{1,30}$/i.test(finish) ? finish : 'nobody knows what';
}

type ReadCall =
  | { readonly tool: string; readonly args: Json }
  | { readonly tool: string | null; readonly detail: string; readonly what: string };

function readCall(
  { name, text }: WireCall,
  tools: Toolbox,
  names: ToolNames,
  scrub: (text: string) => string,
): ReadCall {
  const named = names.tool(name);
  if (!isToolName(named) || scrub(named) !== named)
    return { tool: null, detail: 'no tool can have this name', what: 'a name that no tool can have' };
  const faulty = (detail: string, what: string) => ({ tool: named, detail, what: `${named}: ${what}` });
  // Many servers write the arguments of a tool that takes none as nothing at all.
  const json = parseStrictJson(text.trim() === '' ? '{}' : text);
  if ('problems' in json)
    return faulty(detailOf(json.problems), 'its arguments are not JSON without surprises');
  if (!isMembers(json.value))
    return faulty('the arguments must be one JSON object', 'its arguments are no JSON object');
  const written = JSON.stringify(json.value);
  if (scrub(written) !== written)
    return faulty(
      'the arguments may not hold the key of this endpoint',
      "its arguments hold the endpoint's key",
    );
  const tool = tools.get(named);
  const problems = tool === undefined ? [] : misfits(tool, json.value);
  if (tool === undefined || problems.length === 0) return { tool: named, args: json.value };
  return faulty(detailOf(problems), placesOf(tool.schema, problems));
}

/** Masks first: a model that repeats an earlier call has read them there, and a schema may find them too short and say only that. */
function misfits(tool: Tool, args: Json): readonly JsonProblem[] {
  const masked = maskedSecrets(tool.schema, args);
  if (masked.length > 0) return masked;
  const fits = tool.normaliseArgs(args);
  return 'args' in fits ? [] : fits.problems;
}

function detailOf(problems: readonly JsonProblem[]): string {
  const lines = problems.slice(0, 20).map(({ path, message }) => `${path}: ${message}`);
  return lines.join('; ').slice(0, MOST_DETAIL);
}

/** Names of arguments that the tool declares; a path may hold more than these, and a model may have written it. */
function placesOf(schema: Json, problems: readonly JsonProblem[]): string {
  const declared = isMembers(schema) ? (schema['properties'] ?? null) : null;
  const names = Object.keys(declared !== null && isMembers(declared) ? declared : {});
  const places = names.filter((name) =>
    problems.some(
      ({ path }) => path === `$.${name}` || path.startsWith(`$.${name}.`) || path.startsWith(`$.${name}[`),
    ),
  );
  return places.length === 0 ? 'its arguments do not fit' : `${places.join(', ')} does not fit`;
}
