import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { GatewayOrders, WorkerOrders } from './orders.js';

const LONGEST_MS = 45_000;

/** A process of Countersign that a test kills from outside. */
export interface Victim {
  readonly pid: number;
  /** What it said when it was up: nothing for a worker, its URL for a gateway. */
  readonly ready: string;
  /** When it was up, by `performance.now()`. */
  readonly readyAt: number;
  /** Resolves when the process reported the point, for the n-th time; rejects when it ends or takes too long before. */
  reached(point: string, times?: number): Promise<void>;
  /** How often the process reported the point so far. */
  count(point: string): number;
  /** Lets a step go on at which the process stands still: `point task`. */
  release(step: string): void;
  /** SIGTERM, and waits until it has ended: its exit code, or the signal that ended it. */
  terminate(): Promise<string>;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
}

const living = new Set<ChildProcess>();

/** Kills what a test left running; for afterEach. */
export async function killLiving(): Promise<void> {
  await Promise.all([...living].map(kill));
}

/** Starts a worker and waits until it polls. */
export function startVictimWorker(
  orders: Omit<WorkerOrders, 'stopAt' | 'report' | 'bundle'> & Partial<WorkerOrders>,
): Promise<Victim> {
  return start('worker.process.ts', { stopAt: [], report: [], bundle: null, ...orders });
}

/** Starts a gateway and waits until it listens. */
export function startVictimGateway(
  orders: Pick<GatewayOrders, 'config'> & Partial<GatewayOrders>,
): Promise<Victim> {
  return start('gateway.process.ts', { stopAt: [], report: [], ...orders });
}

async function start(entry: string, orders: WorkerOrders | GatewayOrders): Promise<Victim> {
  const path = fileURLToPath(new URL(entry, import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', path, JSON.stringify(orders)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  living.add(child);
  const said: string[] = [];
  const listeners = new Set<() => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    said.push(line);
    for (const listener of listeners) listener();
  });
  let ended: string | undefined;
  child.once('exit', (code, signal) => {
    ended = String(signal ?? code);
    living.delete(child);
    for (const listener of listeners) listener();
  });
  const hear = (what: string, matches: (line: string) => boolean, times: number) =>
    new Promise<string>((resolve, reject) => {
      const timer = setTimeout(
        () =>
          finish(() =>
            reject(
              new Error(
                `${entry} did not say ${what} ${times}x within ${LONGEST_MS} ms, but: ${said.join('; ')}`,
              ),
            ),
          ),
        LONGEST_MS,
      );
      const look = () => {
        const hits = said.filter(matches);
        const last = hits[times - 1];
        if (last !== undefined) finish(() => resolve(last));
        else if (ended !== undefined)
          finish(() =>
            reject(
              new Error(
                `${entry} ended (${ended}) and had not said ${what} ${times}x, but: ${said.join('; ')}`,
              ),
            ),
          );
      };
      const finish = (how: () => void) => {
        clearTimeout(timer);
        listeners.delete(look);
        how();
      };
      listeners.add(look);
      look();
    });
  const at = (point: string) => (line: string) => line.startsWith(`point ${point} `);
  const ready = (await hear('ready', (line) => line.startsWith('ready'), 1)).slice('ready '.length);
  return {
    pid: child.pid ?? 0,
    ready,
    readyAt: performance.now(),
    reached: async (point, times = 1) => void (await hear(`point ${point}`, at(point), times)),
    count: (point) => said.filter(at(point)).length,
    release: (step) => void child.stdin.write(`${step}\n`),
    async terminate() {
      child.kill('SIGTERM');
      await once(child, 'exit');
      return String(child.signalCode ?? child.exitCode);
    },
    kill: () => kill(child),
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
