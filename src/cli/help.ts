import { GROUPS, optionsOf, type Command, type OptionSpec } from './command.js';
import { wrap } from './render/layout.js';

/** What `countersign` alone prints: every command by group. */
export function overview(commands: readonly Command[], width: number): string[] {
  const room = Math.max(...commands.map(({ meta }) => meta.name.length)) + 4;
  const groups = GROUPS.flatMap((group) => {
    const members = commands.filter(({ meta }) => meta.group === group);
    return members.length === 0
      ? []
      : ['', group, ...members.flatMap(({ meta }) => entry(`  ${meta.name}`, meta.summary, room, width))];
  });
  return ['Usage: countersign COMMAND [ARGUMENTS] [OPTIONS]', ...groups, '', ...wrap(FOOT, width)];
}

const EXITS =
  'Exit codes: 0 done, 1 internal error, 2 usage, 3 not found, 4 not allowed, 5 unreachable, 6 refused, 7 recorded, not yet applied.';
const FOOT = `countersign COMMAND --help tells more. ${EXITS}`;

/** What `--help` prints for one command. */
export function help(command: Command, width: number): string[] {
  const { meta, args } = command;
  const places = args.map(({ name, optional }) => (optional === true ? `[${name}]` : name)).join(' ');
  const options = Object.entries(optionsOf(command)).filter(([, option]) => option.hidden !== true);
  const room =
    Math.max(
      ...options.map(([name, option]) => optionName(name, option).length),
      ...args.map(({ name }) => name.length + 2),
    ) + 2;
  return [
    ...wrap(`Usage: countersign ${meta.name} ${places}${places === '' ? '' : ' '}[OPTIONS]`, width),
    '',
    ...wrap(`${meta.summary.charAt(0).toUpperCase()}${meta.summary.slice(1)}.`, width),
    ...(args.length === 0
      ? []
      : ['', ...args.flatMap(({ name, help: words }) => entry(`  ${name}`, words, room, width))]),
    '',
    ...options.flatMap(([name, option]) => entry(optionName(name, option), option.help, room, width)),
    ...(meta.notes ?? []).flatMap((note) => ['', ...wrap(note, width)]),
    ...(meta.example === undefined ? [] : ['', ...wrap(`Example: ${meta.example}`, width)]),
    '',
    ...wrap(EXITS, width),
  ];
}

function optionName(name: string, { value, short }: OptionSpec): string {
  return `  ${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
}

function entry(name: string, words: string, room: number, width: number): string[] {
  const beside = Math.min(room, 30);
  const lines = wrap(words, width - beside);
  const [first = '', ...rest] = lines;
  const head =
    name.length < beside ? [`${name.padEnd(beside)}${first}`] : [name, `${' '.repeat(beside)}${first}`];
  return [...head, ...rest.map((line) => `${' '.repeat(beside)}${line}`)];
}
