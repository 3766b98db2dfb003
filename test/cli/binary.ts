import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { builtBundle } from '../support/stack.js';
import type { Ran } from './terminal.js';

const MAIN = resolve('dist/src/cli/main.js');

/** How to run the built command line: without any setting of this machine's but those given. */
export interface Call {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  /** In a process group of its own, as a shell starts it: a signal to the group is Ctrl-C. */
  readonly ownGroup?: boolean;
}

/** The environment of a process that nobody has configured. */
export function bareEnvironment(given: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(COUNTERSIGN|TEMPORAL)_(?!TEMPORAL_CLI)/.test(entry[0]),
  );
  return { ...Object.fromEntries(kept), TEMPORAL_CONFIG_FILE: '/nowhere/temporal.toml', ...given };
}

/** Starts the built command line; the caller ends it. */
export async function startBinary(line: readonly string[], { cwd, env, ownGroup = false }: Call) {
  await builtBundle();
  return spawn(process.execPath, [MAIN, ...line], {
    cwd,
    env: bareEnvironment(env),
    stdio: 'pipe',
    detached: ownGroup,
  });
}

const LONGEST_MS = 30_000;

/** Runs the built command line to its end; one that does not end is killed, and its code is -1. */
export async function runBinary(line: readonly string[], call: Call): Promise<Ran> {
  const child = await startBinary(line, call);
  const printed = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (printed.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed.err += chunk.toString()));
  child.stdin.on('error', () => undefined); // it may end without reading
  child.stdin.end(call.input ?? '');
  const late = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS);
  const exit = await new Promise<number>((done) => child.once('close', (code) => done(code ?? -1)));
  clearTimeout(late);
  return { exit, ...printed };
}
