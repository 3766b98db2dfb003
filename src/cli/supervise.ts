import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Environment } from '../temporal-config.js';
import { identify } from '../dev/process-identity.js';

/** A child process that is started again whenever it ends by itself. */
export interface Supervised {
  /** The first line of its output that `ready` took something from. */
  readonly ready: Promise<string>;
  stop(): Promise<void>;
}

/** What to run and how to know that it works. */
export interface Supervision {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Environment;
  readonly logFile: string;
  /** Names the living child, so that whoever comes after a killed supervisor can end it. */
  readonly pidFile: string;
  /** Finds in a line of output that the process is ready, and what is to be told of it. */
  readonly ready: (line: string) => string | undefined;
  /** Told whenever the process ended by itself and is started again. */
  readonly ended: (how: string, errors: string) => void;
}

/** A child ended that should not have: its exit code, and what it said last. */
export class ChildEnded extends Error {
  readonly exit: number | null;
  constructor(child: { name: string; how: string; exit: number | null; errors: readonly string[] }) {
    const from = child.errors.findIndex((line) => line.startsWith('countersign: '));
    const said = child.errors.slice(Math.max(0, from)).join('\n');
    super(said.replace(/^countersign: /, '') || `The ${child.name} ended (${child.how}) without a word.`);
    this.exit = child.exit;
  }
}

const STOP_MS = 15_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
const KEPT_LINES = 30;

/** Runs this program's own command as a child. One that ends before it was ever ready is not started again: `ready` rejects with {@link ChildEnded}. */
export function supervise(plan: Supervision): Supervised {
  const log = openSync(plan.logFile, 'a', 0o600);
  let child: ChildProcess | undefined;
  let stopping = false;
  let wasReady = false;
  let pauseMs = FIRST_PAUSE_MS;
  let timer: NodeJS.Timeout | undefined;
  const ready = settleable();
  const heard = (line: string) => {
    const told = plan.ready(line);
    if (told === undefined) return;
    wasReady = true;
    pauseMs = FIRST_PAUSE_MS;
    ready.resolve(told);
  };
  const start = () => {
    const errors: string[] = [];
    const started = ownCommand(plan);
    child = started;
    record(started, plan.pidFile);
    const keep = (line: string) => void writeSync(log, `${line}\n`);
    lines(started.stdout, (line) => [keep(line), heard(line)]);
    lines(started.stderr, (line) => [keep(line), errors.push(line) > KEPT_LINES && errors.shift()]);
    started.once('close', (exit, signal) => {
      if (stopping) return;
      const how = signal ?? `exit ${exit}`;
      if (!wasReady) return ready.reject(new ChildEnded({ name: plan.name, how, exit, errors }));
      plan.ended(how, errors.join('\n'));
      timer = setTimeout(start, pauseMs);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    });
  };
  start();
  return {
    ready: ready.promise,
    async stop() {
      stopping = true;
      clearTimeout(timer);
      if (child) await end(child);
      rmSync(plan.pidFile, { force: true });
      closeSync(log);
    },
  };
}

/** A command that runs to its end: how long it may take, and what ends it before. */
export interface Errand extends Pick<Supervision, 'name' | 'args' | 'env'> {
  readonly withinMs: number;
  readonly stopping: AbortSignal;
}

/** Runs this program's own command to its end and answers its standard output. Rejects with {@link ChildEnded} unless it ends with 0, and with `late` when its time is over. */
export function runToEnd(plan: Errand, late: () => Error): Promise<string> {
  return new Promise((resolve, reject) => {
    const [output, errors]: [string[], string[]] = [[], []];
    const started = ownCommand(plan);
    started.stdin?.end();
    lines(started.stdout, (line) => output.push(line));
    lines(started.stderr, (line) => errors.push(line));
    const over = () => {
      reject(plan.stopping.aborted ? new Error('stopped') : late());
      started.kill('SIGKILL');
    };
    const timer = setTimeout(over, plan.withinMs).unref();
    plan.stopping.addEventListener('abort', over, { once: true });
    if (plan.stopping.aborted) over();
    started.once('error', reject);
    started.once('close', (exit, killedBy) => {
      clearTimeout(timer);
      plan.stopping.removeEventListener('abort', over);
      const how = killedBy ?? `exit ${exit}`;
      if (exit === 0) resolve(output.join('\n'));
      else reject(new ChildEnded({ name: plan.name, how, exit, errors }));
    });
  });
}

/** Its standard input ends with this process, however that ends. */
function ownCommand({ args, env }: Pick<Supervision, 'args' | 'env'>): ChildProcess {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', ...args], {
    env: { ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined);
  return child;
}

function lines(stream: ChildProcess['stdout'], heard: (line: string) => unknown): void {
  if (stream) createInterface({ input: stream }).on('line', heard);
}

function record({ pid }: ChildProcess, file: string): void {
  const identity = pid === undefined ? undefined : identify(pid);
  if (identity !== undefined) writeFileSync(file, JSON.stringify(identity));
}

/** A promise with its two ends. */
function settleable(): {
  promise: Promise<string>;
  resolve(value: string): void;
  reject(error: Error): void;
} {
  let [resolve, reject]: [(value: string) => void, (error: Error) => void] = [
    () => undefined,
    () => undefined,
  ];
  const promise = new Promise<string>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => undefined); // whoever waits hears of it; after `ready` nobody does
  return { promise, resolve: (value) => resolve(value), reject: (error) => reject(error) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await closed;
  clearTimeout(late);
}
