import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process of the system under test. */
export interface Child {
  readonly pid: number;
  /** SIGTERM and the end of it; SIGKILL after 20 s. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/** What to start: `ready` is tried until it does not throw. */
export interface ChildSpec {
  readonly name: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly ready: (pid: number) => Promise<unknown>;
}

const READY_MS = 60_000;

/** Starts Node with these arguments and waits until it is ready. Throws with the end of its log when it is not. */
export async function startChild(spec: ChildSpec): Promise<Child> {
  const log = openSync(spec.logFile, 'a');
  const child = spawn(process.execPath, spec.args, {
    stdio: ['ignore', log, log],
    env: { ...process.env, ...spec.environment },
  });
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${spec.name} could not be started`);
  const running: Child = {
    pid,
    stop: () => end(child, 'SIGTERM'),
    kill: () => end(child, 'SIGKILL'),
  };
  try {
    await becomeReady(spec, child, pid);
    return running;
  } catch (error) {
    await running.kill();
    throw error;
  }
}

async function becomeReady(spec: ChildSpec, child: ChildProcess, pid: number): Promise<void> {
  const until = performance.now() + READY_MS;
  for (;;) {
    try {
      await spec.ready(pid);
      return;
    } catch (error) {
      const ended = child.exitCode !== null || child.signalCode !== null;
      if (ended || performance.now() > until) {
        const tail = readFileSync(spec.logFile, 'utf8').trimEnd().split('\n').slice(-12).join('\n');
        const what = ended ? 'ended' : `was not ready within ${READY_MS} ms (${String(error)})`;
        throw new Error(`${spec.name} ${what}. Its log, ${spec.logFile}, ends with:\n${tail}`, {
          cause: error,
        });
      }
      await sleep(10);
    }
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await gone;
  clearTimeout(late);
}
