import { CountersignError } from '../domain/errors.js';
import type { Io } from './io.js';

/** One option of a command, GNU style. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  /** How its value is called in the help. */
  readonly value?: string;
  readonly help: string;
  /** One letter that means the same. */
  readonly short?: string;
  readonly multiple?: true;
  /** The number that is meant when none follows. */
  readonly bare?: string;
  /** For tests and supervisors; not in the help. */
  readonly hidden?: true;
}

/** One positional argument. */
export interface ArgumentSpec {
  readonly name: string;
  readonly help: string;
  readonly optional?: true;
}

/** The groups of the help, in order. */
export const GROUPS = ['run', 'tasks', 'review', 'stop', 'policy', 'evidence', 'access'] as const;

/** A command is data: help, parsing and running all read the same. */
export interface Command {
  readonly meta: {
    /** As typed: one word, or two (`policy check`). */
    readonly name: string;
    readonly group: (typeof GROUPS)[number];
    readonly summary: string;
    readonly example?: string;
    /** What else a person should know: settings, and exit codes that mean something of their own here. */
    readonly notes?: readonly string[];
  };
  readonly args: readonly ArgumentSpec[];
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Ends with an exit code; nothing = 0. */
  run(input: Input): Promise<number | void>;
}

/** What a command was given. */
export interface Input {
  readonly command: Command;
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly io: Io;
}

/** Options that every command which speaks to the gateway has. */
export const REMOTE = {
  as: {
    type: 'string',
    value: 'SUBJECT',
    help: 'act as this person, by the tokens of the running dev stack',
  },
  url: {
    type: 'string',
    value: 'URL',
    help: 'address of the gateway; default COUNTERSIGN_URL, else the running dev stack',
  },
} as const satisfies Record<string, OptionSpec>;

/** Options of every command. */
const COMMON = {
  json: { type: 'boolean', help: 'print JSON only' },
  help: { type: 'boolean', short: 'h', help: 'show this help' },
} as const satisfies Record<string, OptionSpec>;

/** All options of a command: its own and those of every command. */
export function optionsOf(command: Command): Readonly<Record<string, OptionSpec>> {
  return { ...command.options, ...COMMON };
}

/** A positional argument that must be there; the parser has made sure. */
export function arg(input: Input, index: number): string {
  return input.args[index] ?? '';
}

/** A text option, if given. */
export function text(input: Input, name: string): string | undefined {
  const value = input.options[name];
  return typeof value === 'string' ? value : undefined;
}

/** A text option that must be given. Throws `usage`. */
export function needed(input: Input, name: string): string {
  const value = text(input, name);
  if (value === undefined || value.trim() === '') throw usage(input.command, `--${name} is missing`);
  return value;
}

/** A whole number in a range, if given. Throws `usage`. */
export function wholeNumber(
  input: Input,
  name: string,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  const value = text(input, name);
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max) return Number(value);
  throw usage(input.command, `--${name} ${value} is not a number from ${min} to ${max}`);
}

/** All values of an option that may be given several times. */
export function texts(input: Input, name: string): readonly string[] {
  const value = input.options[name];
  return Array.isArray(value) ? value.map(String) : [];
}

/** Whether a switch is on. */
export function flag(input: Input, name: string): boolean {
  return input.options[name] === true;
}

/** A wrong call of a command: exit 2, with the way to its help. */
export function usage(command: Command | undefined, problem: string): CountersignError {
  const name = command === undefined ? 'countersign' : `countersign ${command.meta.name}`;
  return new CountersignError('usage', `${problem}. See: \`${name} --help\``);
}
