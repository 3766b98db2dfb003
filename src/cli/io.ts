import { CountersignError } from '../domain/errors.js';
import { visible } from '../domain/sanitise.js';
import { decodeText } from '../text-file.js';
import { drawnTerminal, plainTerminal, type Terminal } from './prompts.js';

/** The outside of a command: everything a test replaces. */
export interface Io {
  /** Prints lines; every hidden character in them is made visible, whoever wrote it. */
  print(lines: string | readonly string[]): void;
  /** The same on standard error. */
  complain(lines: string | readonly string[]): void;
  /** Prints a value as JSON, hidden characters escaped. */
  printJson(value: unknown): void;
  /** All of standard input. */
  readInput(): Promise<string>;
  /** The same on one line, for streams. */
  printJsonLine(value: unknown): void;
  /** The person at the terminal, `plain` for one that nothing is drawn on; undefined when there is no terminal. */
  readonly terminal: ((plain: boolean) => Terminal) | undefined;
  /** Columns to use, 40 to 120. */
  readonly width: number;
  /** Columns for errors; null when no person reads them at a terminal: a message then stays on its line, for logs. */
  readonly errorWidth: number | null;
  /** IANA name of the reader's zone. */
  readonly zone: string;
  now(): number;
  sleep(ms: number): Promise<void>;
  /** Settles when somebody asks this process to end. */
  untilStopped(): Promise<void>;
}

/** What a terminal would act on, or a reader not see, inside JSON text: written as escapes, so that the value stays the same. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]/gu;

/** JSON text that is inert on a terminal and parses to the same value. */
export function inertJson(value: unknown, indent = 2): string {
  const escape = (character: string) =>
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join('');
  return JSON.stringify(value, null, indent).replace(HIDDEN, (character) =>
    character === '\n' ? character : escape(character),
  );
}

/** Lines as they may reach a terminal. */
export function shown(lines: string | readonly string[]): string {
  const text = typeof lines === 'string' ? lines : lines.join('\n');
  return `${visible(text, { block: true })}\n`;
}

/** This process' own terminal, pipes and signals. */
export function processIo(): Io {
  const { stdin, stdout, stderr } = process;
  return {
    print: (lines) => void stdout.write(shown(lines)),
    complain: (lines) => void stderr.write(shown(lines)),
    printJson: (value) => void stdout.write(`${inertJson(value)}\n`),
    readInput: readAll,
    printJsonLine: (value) => void stdout.write(`${inertJson(value, 0)}\n`),
    terminal:
      stdin.isTTY && stdout.isTTY
        ? (plain) =>
            (plain || !stdout.hasColors() || stdout.columns < 40 ? plainTerminal : drawnTerminal)(
              stdin,
              stdout,
            )
        : undefined,
    width: Math.max(40, Math.min(120, stdout.columns ?? 80)),
    errorWidth: stderr.isTTY ? Math.max(40, Math.min(80, stderr.columns)) : null,
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    now: () => Date.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    untilStopped: () =>
      new Promise((resolve) => {
        // A terminal that closes; under nohup there is none, and what runs lives on.
        const signals = stdin.isTTY
          ? (['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
          : (['SIGINT', 'SIGTERM'] as const);
        for (const signal of signals) process.once(signal, () => resolve());
      }),
  };
}

async function readAll(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  const text = decodeText(Buffer.concat(chunks));
  if (text === undefined) throw new CountersignError('usage', 'Standard input is not UTF-8 text.');
  return text;
}
