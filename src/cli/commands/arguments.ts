import { parseStrictJson } from '../../contract/strict-json.js';
import type { Json } from '../../domain/action.js';
import { CountersignError } from '../../domain/errors.js';
import { parseEscalationId } from '../../domain/ids.js';
import { readTextFile } from '../../text-file.js';
import { arg, text, usage, type ArgumentSpec, type Input, type OptionSpec } from '../command.js';

export const TASK_ARGUMENT: ArgumentSpec = { name: 'TASK', help: 'name of the task' };
export const ESCALATION_ARGUMENT: ArgumentSpec = {
  name: 'ESC',
  help: 'id of the question, as the inbox shows it: task:operation',
};

/** The question a command is about. Throws `usage` for what cannot be the id of one. */
export function escalationArg(input: Input): string {
  const given = arg(input, 0);
  if (parseEscalationId(given) !== undefined) return given;
  throw usage(
    input.command,
    `${given} is not the id of a question, such as refund-7:1; the inbox shows them`,
  );
}

/** Arguments of a call on the command line, the same wherever a command takes them. */
export const ARGS_OPTION = {
  type: 'string',
  value: 'JSON',
  help: 'JSON, @FILE with it, or - for standard input',
} as const satisfies OptionSpec;

/** `--args` as JSON, if given: spelt out, out of `@FILE`, or (`-`) from standard input. Throws `usage`. */
export async function argsOf(input: Input): Promise<Json | undefined> {
  const given = text(input, 'args');
  if (given === undefined) return undefined;
  if (given === '-') return parsed(await input.io.readInput(), '--args -');
  if (!given.startsWith('@')) return parsed(given, '--args', 'a file is named with @FILE');
  const file = given.slice(1);
  return parsed(readTextFile(file, 'Name the file with the arguments, as @FILE.'), file);
}

/** JSON as somebody wrote it. Throws `usage` that says where it is none. */
export function parsed(source: string, what: string, hint = 'a text needs quotes'): Json {
  const json = parseStrictJson(source);
  if ('value' in json) return json.value;
  const [problem] = json.problems;
  throw new CountersignError(
    'usage',
    `${what} is not JSON (${hint}): ${problem?.path ?? '$'}: ${problem?.message ?? ''}`,
  );
}
