import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StackError } from './errors.js';
import { readIdentity } from './folder-lock.js';
import { identify, isRunning } from './process-identity.js';

/** A server that runs as a child process and can be restarted on the same data and address. */
export interface ManagedServer {
  /** Undefined while it does not run. */
  readonly pid: number | undefined;
  /** Resolves when the server answers; does nothing if it runs already. */
  start(): Promise<void>;
  /** Orderly; SIGKILL when it takes longer than its time-out. */
  stop(): Promise<void>;
  /** SIGKILL, as a crash would end it. */
  kill(): Promise<void>;
  /** Told how it ended whenever it does by itself after it answered. */
  crashed(heard: (how: string) => void): void;
}

/** How to run, probe and end one server. */
export interface ServerSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** The other user to run as, when this process is root and the server refuses to be. */
  readonly account?: { readonly uid: number; readonly gid: number } | undefined;
  readonly logFile: string;
  readonly pidFile: string;
  readonly stopSignal: NodeJS.Signals;
  /** Rejects until the server answers. */
  readonly probe: () => Promise<void>;
  /** An early exit whose log matches is tried again until the time is over (left-overs of a crash going away). */
  readonly retryExit?: RegExp;
  readonly readyTimeoutMs?: number;
  readonly stopTimeoutMs?: number;
}

const POLL_MS = 25;

/** Describes a server; nothing runs before `start`. An orphan of an earlier owner is ended by `start` first. */
export function manageServer(spec: ServerSpec): ManagedServer {
  const { readyTimeoutMs = 30_000, stopTimeoutMs = 10_000 } = spec;
  let child: ChildProcess | undefined;
  let wanted = false;
  const answers = new WeakSet<ChildProcess>();
  let tell: (how: string) => void = () => undefined;
  const end = async (signal: NodeJS.Signals) => {
    const ending = child;
    [child, wanted] = [undefined, false];
    if (ending !== undefined) await endChild(ending, signal, stopTimeoutMs);
    rmSync(spec.pidFile, { force: true });
  };
  return {
    get pid() {
      return child !== undefined && isLiving(child) ? child.pid : undefined;
    },
    async start() {
      if (child !== undefined && isLiving(child)) return;
      wanted = true;
      await endOrphan({ pidFile: spec.pidFile, signal: spec.stopSignal, timeoutMs: stopTimeoutMs });
      const deadline = performance.now() + readyTimeoutMs;
      for (;;) {
        if (!wanted) throw new StackError(`${spec.name} was stopped while it started.`);
        const started = launch(spec);
        child = started;
        started.once('exit', (code, signal) => {
          if (child === started && answers.has(started)) tell(signal ?? `exit ${code}`);
        });
        if (await becomesReady(spec, started, deadline)) return void answers.add(started);
        const tail = logTail(spec.logFile);
        if (spec.retryExit?.test(tail) === true && performance.now() < deadline && !isLiving(started)) {
          await delay(10 * POLL_MS);
          continue;
        }
        const problem = isLiving(started) ? `did not answer within ${readyTimeoutMs} ms` : 'ended at once';
        await end('SIGKILL');
        throw new StackError(`${spec.name} ${problem}. Its log, ${spec.logFile}, ends with:\n${tail}`);
      }
    },
    stop: () => end(spec.stopSignal),
    kill: () => end('SIGKILL'),
    crashed: (heard) => void (tell = heard),
  };
}

/** Ends a server that an earlier owner left behind: by its recorded pid and start time, never by name. */
export async function endOrphan(orphan: { pidFile: string; signal: NodeJS.Signals; timeoutMs: number }) {
  const identity = readIdentity(orphan.pidFile);
  if (identity !== undefined && isRunning(identity)) {
    process.kill(identity.pid, orphan.signal);
    const deadline = performance.now() + orphan.timeoutMs;
    while (isRunning(identity) && performance.now() < deadline) await delay(POLL_MS);
    if (isRunning(identity)) process.kill(identity.pid, 'SIGKILL');
    while (isRunning(identity)) await delay(POLL_MS);
  }
  rmSync(orphan.pidFile, { force: true });
}

/** A process group of its own: Ctrl-C reaches this process only, which then stops its servers in order. */
function launch(spec: ServerSpec): ChildProcess {
  const log = openSync(spec.logFile, 'a', 0o600);
  const child = spawn(spec.command, spec.args, {
    detached: true,
    stdio: ['ignore', log, log],
    ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
    ...spec.account,
  });
  closeSync(log);
  child.on('error', (error) => writeFileSync(spec.logFile, `${error.message}\n`, { flag: 'a' }));
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (identity !== undefined) writeFileSync(spec.pidFile, JSON.stringify(identity));
  return child;
}

async function becomesReady(spec: ServerSpec, child: ChildProcess, deadline: number): Promise<boolean> {
  while (isLiving(child) && performance.now() < deadline) {
    try {
      await spec.probe();
      // An answer of somebody else on the same port is not ours: the child must have lived through it.
      await delay(0);
      return isLiving(child);
    } catch {
      await delay(POLL_MS);
    }
  }
  return false;
}

async function endChild(child: ChildProcess, signal: NodeJS.Signals, timeoutMs: number): Promise<void> {
  if (!isLiving(child)) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  await exited;
  clearTimeout(timer);
}

function isLiving(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

function logTail(path: string): string {
  try {
    return readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-8)
      .map((line) => line.slice(0, 300))
      .join('\n');
  } catch {
    return `(no log at ${basename(path)})`;
  }
}
