import { existsSync, readFileSync } from 'node:fs';
import { ConfigError } from '../config.js';
import { CountersignError, ERRORS } from '../domain/errors.js';
import { visible } from '../domain/sanitise.js';
import { StackError } from '../dev/errors.js';
import { COMMANDS } from './commands.js';
import { flag, usage, type Command, type Input } from './command.js';
import { help, overview } from './help.js';
import type { Io } from './io.js';
import { findCommand, parseLine } from './parse.js';
import { wrapHanging } from './render/layout.js';

/** Runs one command line; the answer is the exit code. Never throws. */
export async function runCli(
  line: readonly string[],
  io: Io,
  commands: readonly Command[] = COMMANDS,
): Promise<number> {
  const command = findCommand(commands, line);
  if (command === undefined) return withoutCommand(commands, line, io);
  try {
    const input: Input = { command, io, ...parseLine(command, line) };
    if (flag(input, 'help')) {
      io.print(help(command, io.width));
      return 0;
    }
    return (await command.run(input)) ?? 0;
  } catch (error) {
    return tell(error, line.includes('--json'), io);
  }
}

/** A line that names no command: help of all, of one or of those with the same first word, the version, or a mistake. */
function withoutCommand(commands: readonly Command[], line: readonly string[], io: Io): number {
  const [first, ...rest] = line;
  const about = first === 'help' ? findCommand(commands, rest) : undefined;
  const family = familyOf(commands, first);
  if (about !== undefined) io.print(help(about, io.width));
  else if (family.length > 0 && rest.some((word) => HELP.has(word))) io.print(overview(family, io.width));
  else if (first === '--version' || first === 'version') io.print(version());
  else if (
    first === undefined ||
    (HELP.has(first) && rest.every((word) => HELP.has(word) || word.startsWith('-')))
  )
    io.print(overview(commands, io.width));
  else if (first === 'help') return withoutCommand(commands, [...rest, 'help'], io);
  else return tell(usage(undefined, mistake(commands, first)), line.includes('--json'), io);
  return 0;
}

const HELP: ReadonlySet<string> = new Set(['help', '--help', '-h']);

function mistake(commands: readonly Command[], first: string): string {
  const family = familyOf(commands, first);
  return family.length === 0
    ? `there is no command ${first}`
    : `${first} what? There is ${family.map(({ meta }) => meta.name).join(', ')}`;
}

function familyOf(commands: readonly Command[], first: string | undefined): Command[] {
  return commands.filter(({ meta }) => meta.name.startsWith(`${first} `));
}

function version(): string {
  const path = ['../../../package.json', '../../package.json'].map((file) => new URL(file, import.meta.url));
  const { version: text }: { version: string } = JSON.parse(
    readFileSync(path.find((file) => existsSync(file)) ?? '', 'utf8'),
  );
  return `countersign ${text}`;
}

function tell(error: unknown, json: boolean, io: Io): number {
  const { code, detail, exit, extra } = readError(error);
  const problems = error instanceof ConfigError ? [] : problemLines(extra['problems']); // its message lists them
  if (json) io.printJson({ ...extra, code, detail, exit });
  else {
    const head = problems.length === 0 ? detail : detail.replace(/: see `problems`\.$/, ':');
    const lines = [`countersign: ${head}`, ...problems].flatMap((line) =>
      visible(line, { block: true }).split('\n'),
    );
    const { errorWidth } = io;
    io.complain(errorWidth === null ? lines : lines.flatMap((line) => wrapHanging(line, errorWidth)));
  }
  return exit;
}

function readError(error: unknown): {
  code: string;
  detail: string;
  exit: number;
  extra: Readonly<Record<string, unknown>>;
} {
  if (error instanceof CountersignError)
    return {
      code: error.code,
      detail: `${error.message}${winnerText(error)}`,
      exit: ERRORS[error.code].exit,
      extra: error.extra,
    };
  if (error instanceof ConfigError)
    return {
      code: 'config',
      detail: error.message,
      exit: error.exitCode,
      extra: { problems: error.issues.map(({ name, problem }) => ({ path: name, message: problem })) },
    };
  if (error instanceof StackError)
    return {
      code: error.exitCode === 2 ? 'config' : 'internal',
      detail: error.message,
      exit: error.exitCode,
      extra: {},
    };
  const detail =
    error instanceof Error
      ? `something failed that should not: ${error.stack ?? error.message}`
      : 'something failed that should not';
  return { code: 'internal', detail, exit: ERRORS.internal.exit, extra: {} };
}

function winnerText(error: CountersignError): string {
  const { winner } = error.extra;
  if (typeof winner !== 'object' || winner === null || !('decision' in winner)) return '';
  return ` (decision ${String(winner.decision)})`;
}

function problemLines(problems: unknown): string[] {
  if (!Array.isArray(problems)) return [];
  return problems.map((problem: unknown) => {
    if (typeof problem !== 'object' || problem === null) return '';
    const at = 'path' in problem ? String(problem.path) : '';
    const line = 'line' in problem ? `line ${String(problem.line)}: ` : '';
    const what =
      'message' in problem ? String(problem.message) : 'what' in problem ? String(problem.what) : '';
    return `  ${line}${at}: ${what}${'todo' in problem ? `; ${String(problem.todo)}` : ''}`;
  });
}
