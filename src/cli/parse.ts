import { parseArgs, type ParseArgsConfig } from 'node:util';
import { optionsOf, usage, type Command, type Input } from './command.js';

/** The command a line begins with: two words before one. */
export function findCommand(commands: readonly Command[], line: readonly string[]): Command | undefined {
  const [first = '', second = ''] = line;
  return (
    commands.find(({ meta }) => meta.name === `${first} ${second}`) ??
    commands.find(({ meta }) => meta.name === first)
  );
}

/** Options and arguments of a command. Throws `usage` that says what is wrong; `--help` lets everything pass. */
export function parseLine(command: Command, line: readonly string[]): Pick<Input, 'args' | 'options'> {
  const { values, positionals } = parsed(command, line.slice(command.meta.name.split(' ').length));
  const options: Record<string, Input['options'][string]> = {};
  for (const [name, value] of Object.entries(values))
    options[name] = Array.isArray(value) ? value.map(String) : value;
  if (options['help'] !== true) checkArguments(command, positionals);
  return { args: positionals, options };
}

function parsed(command: Command, args: readonly string[]) {
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const [name, { type, multiple, short }] of Object.entries(optionsOf(command)))
    options[name] = { type, multiple: multiple ?? false, ...(short === undefined ? {} : { short }) };
  try {
    return parseArgs({
      args: withBare(command, idsLast(args)),
      options,
      strict: true,
      allowPositionals: true,
    });
  } catch (error) {
    // Node's message names the option; its advice on positionals does not apply here.
    const message = error instanceof Error ? (error.message.split(/\. To specify|\nDid you/)[0] ?? '') : '';
    throw usage(command, message.replace(/\.$/, '') || 'it cannot be read');
  }
}

/** One of our ids in 64 begins with `-`: it is an argument all the same, and no option is as long. */
function idsLast(args: readonly string[]): string[] {
  const ids = args.filter((text) => /^-[A-Za-z0-9_-]{42}$/.test(text));
  return ids.length === 0 ? [...args] : [...args.filter((text) => !ids.includes(text)), '--', ...ids];
}

/** Options whose number may be left out get the one that is then meant. */
function withBare(command: Command, args: readonly string[]): string[] {
  const options = optionsOf(command);
  return args.map((text, index) => {
    const bare = text.startsWith('--') ? options[text.slice(2)]?.bare : undefined;
    return bare === undefined || /^\d+$/.test(args[index + 1] ?? '') ? text : `${text}=${bare}`;
  });
}

function checkArguments(command: Command, given: readonly string[]): void {
  const missing = command.args[given.length];
  if (missing && missing.optional !== true)
    throw usage(command, `${missing.name} is missing (${missing.help})`);
  if (given.length > command.args.length)
    throw usage(command, `${given[command.args.length] ?? ''} is one argument too many`);
}
