import type { z } from 'zod';
import type { Json } from '../domain/action.js';
import { canonicalJson } from './canonical.js';
import { plainJsonProblem } from './plain-json.js';
import { isMembers } from './schema-at.js';
import { forgedReferences, maskSecrets } from './secret.js';
import { pathText } from './strict-json.js';
import type { JsonProblem } from './strict-json.js';

/** Arguments as they will run, or what is wrong with them. */
export type ParsedArgs = { readonly args: Json } | { readonly problems: readonly JsonProblem[] };

/**
 * Checks arguments as they are stored, shown, judged and signed: what the tool would read as something else (trimmed, converted, with a
 * default filled in) does not pass, because that is what would run. Never throws.
 */
export function parseArgs(input: z.ZodObject, args: Json): ParsedArgs {
  const read = normaliseArgs(input, args);
  if ('problems' in read || canonicalJson(read.args) === canonicalJson(args)) return read;
  return { problems: changedProblems(args, read.args) };
}

/**
 * Stored arguments as `describe`, `impact` and `preview` get them: a mask for each secret, and nothing said against the mask itself, which
 * may be too short for the schema. A secret that does not fit is found where its value is known: at the proposal and before the call. Never throws.
 */
export function viewArgs(input: z.ZodObject, stored: Json): ParsedArgs {
  const masked = maskSecrets(stored);
  const read = parseArgs(input, masked);
  if ('args' in read) return read;
  const secrets = forgedReferences(stored);
  const ofOthers = (found: readonly JsonProblem[]) => found.filter(({ path }) => !secrets.includes(path));
  const wrong = ofOthers(read.problems);
  const problems = wrong.length > 0 ? wrong : ofOthers(changedProblems(masked, readDespite(input, masked)));
  return problems.length === 0 ? { args: masked } : { problems };
}

/** What a schema makes of arguments that it refuses: the rest of them, as it would run beside others in the refused places. */
function readDespite(input: z.ZodObject, args: Json): Json {
  const made = input._zod.run({ value: args, issues: [] }, { async: false });
  const read = made instanceof Promise ? null : made.value;
  return plainJsonProblem(read) === undefined ? (read as Json) : null; // plainJsonProblem found none
}

const OTHERWISE = 'the tool would read something else than is written here: write what is to run';

function changedProblems(args: Json, read: Json): readonly JsonProblem[] {
  const [before, after] = [membersOf(args), membersOf(read)];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = names.filter((name) => textOf(before[name]) !== textOf(after[name]));
  return changed.map((name) => ({ path: pathText([name]), message: OTHERWISE }));
}

function membersOf(args: Json): Readonly<Record<string, Json | undefined>> {
  return isMembers(args) ? args : {};
}

function textOf(value: Json | undefined): string | undefined {
  return value === undefined ? undefined : canonicalJson(value);
}

/** The arguments as the tool reads them, for what is stored from then on. Never throws. */
export function normaliseArgs(input: z.ZodObject, args: Json): ParsedArgs {
  const forged = forgedReferences(args).map((path) => ({
    path,
    message: 'only the gate may write a secret reference',
  }));
  if (forged.length > 0) return { problems: forged };
  try {
    return readTwice(input, args);
  } catch (error) {
    return {
      problems: [
        {
          path: '$',
          message: `the schema of the tool failed: ${error instanceof Error ? error.message : String(error)}`,
        },
      ],
    };
  }
}

/** Reads the arguments, and what came of it once more: a schema that changes its own output would run something else than was shown. */
function readTwice(input: z.ZodObject, args: Json): ParsedArgs {
  const parsed = input.safeParse(args);
  if (!parsed.success) return { problems: parsed.error.issues.map(problemOf) };
  const problem = plainJsonProblem(parsed.data);
  if (problem !== undefined) return { problems: [problem] };
  const read = parsed.data as Json; // plainJsonProblem found none
  const again = input.safeParse(read);
  const stable = again.success && canonicalJson(again.data as Json) === canonicalJson(read); // the same schema's output
  return stable
    ? { args: read }
    : { problems: [{ path: '$', message: 'the schema changes what it has read' }] };
}

function problemOf(issue: z.core.$ZodIssue): JsonProblem {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  return { path: pathText(path), message: issue.message };
}
