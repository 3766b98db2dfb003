import type { Io } from '../../src/cli/io.js';
import { inertJson, shown } from '../../src/cli/io.js';
import { runCli } from '../../src/cli/run-cli.js';

/** What a command line did: its exit code and what it printed. */
export interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line without a terminal, unless `answer` types something. */
export async function run(
  line: readonly string[],
  rest: { answer?: string; input?: string; now?: number } = {},
): Promise<Ran> {
  const printed = { out: '', err: '' };
  const { answer } = rest;
  const io: Io = {
    print: (lines) => void (printed.out += shown(lines)),
    complain: (lines) => void (printed.err += shown(lines)),
    printJson: (value) => void (printed.out += `${inertJson(value)}\n`),
    readInput: async () => rest.input ?? '',
    ask: answer === undefined ? undefined : async () => answer,
    width: 80,
    zone: 'Europe/Berlin',
    now: () => rest.now ?? Date.now(),
    sleep: async () => undefined,
    untilStopped: async () => undefined,
  };
  const exit = await runCli(line, io);
  return { exit, ...printed };
}

/** Every character that could act on a terminal or hide; a newline and plain text are none. */
export const DANGEROUS = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u{fe00}-\u{fe0f}\u{e0000}-\u{e007f}]/u;
