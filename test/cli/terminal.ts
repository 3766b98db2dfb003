import type { Io } from '../../src/cli/io.js';
import { inertJson, shown } from '../../src/cli/io.js';
import type { Terminal } from '../../src/cli/prompts.js';
import { runCli } from '../../src/cli/run-cli.js';

/** What a command line did: its exit code and what it printed. */
export interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** What stands in for a person and their terminal. */
export interface Typing {
  /** Typed to every question. */
  readonly answer?: string;
  /** Keys and lines in the order in which they are asked for; then the person leaves. */
  readonly typed?: readonly (string | (() => Promise<string | undefined>))[];
  readonly input?: string;
  readonly now?: number;
  readonly width?: number;
  readonly errorWidth?: number;
  /** Told what is complained while it runs. */
  readonly heard?: (told: string) => void;
  /** What happens between two looks of a command that goes on; after the last somebody stops it. */
  readonly looks?: readonly (() => Promise<unknown>)[];
}

/** Runs a command line without a terminal, unless `answer` or `typed` types something. */
export async function run(line: readonly string[], rest: Typing = {}): Promise<Ran> {
  const printed = { out: '', err: '' };
  const looks = [...(rest.looks ?? [])];
  let stop = () => {};
  const stopped = new Promise<void>((settle) => void (stop = settle));
  if (rest.looks === undefined) stop();
  const left = [...(rest.typed ?? [])];
  const next = async () => {
    const typed = left.shift();
    return typeof typed === 'function' ? typed() : typed;
  };
  const person: Terminal = {
    key: next,
    line: async (question) => {
      printed.out += shown(question);
      return rest.answer ?? next();
    },
  };
  const absent = rest.answer === undefined && rest.typed === undefined;
  const io: Io = {
    print: (lines) => void (printed.out += shown(lines)),
    complain(lines) {
      printed.err += shown(lines);
      rest.heard?.(shown(lines));
    },
    printJson: (value) => void (printed.out += `${inertJson(value)}\n`),
    readInput: async () => rest.input ?? '',
    printJsonLine: (value) => void (printed.out += `${inertJson(value, 0)}\n`),
    terminal: absent ? undefined : () => person,
    width: rest.width ?? 80,
    errorWidth: rest.errorWidth ?? null,
    zone: 'Europe/Berlin',
    now: () => rest.now ?? Date.now(),
    async sleep() {
      const look = looks.shift();
      if (look !== undefined) await look();
      else if (rest.looks !== undefined) {
        stop();
        await new Promise(() => {}); // whoever is stopped sleeps on
      }
    },
    untilStopped: () => stopped,
  };
  const exit = await runCli(line, io);
  return { exit, ...printed };
}

/** Every character that could act on a terminal or hide; a newline and plain text are none. */
export const DANGEROUS = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u{fe00}-\u{fe0f}\u{e0000}-\u{e007f}]/u;
