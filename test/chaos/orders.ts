import { createInterface } from 'node:readline';
import type { GatewayConfig, WorkerConfig } from '../../src/config.js';

/** At which point a victim stands still, and which it only reports. A name, or `name task`. */
export interface Orders {
  readonly stopAt: readonly string[];
  readonly report: readonly string[];
}

export interface WorkerOrders extends Orders {
  readonly config: WorkerConfig;
  /** The file of the fake world. */
  readonly book: string;
  /** Workflow code with `continue-points` in it, for the points around continue-as-new. */
  readonly bundle: string | null;
  /** How long a call may take, where a test needs longer than usual. */
  readonly callMs?: number;
}

export interface GatewayOrders extends Orders {
  readonly config: GatewayConfig;
}

/**
 * What a victim does at a point: says so on standard output and, when it was told to, stands still, its other work going on, until
 * somebody kills it or lets it go on.
 */
export function pointsOf(
  orders: Orders,
): (name: string, where?: { task: string; operation: number }) => Promise<void> {
  const named = (list: readonly string[], name: string, task: string) =>
    list.includes(name) || list.includes(`${name} ${task}`);
  return async (name, { task, operation } = { task: '-', operation: 0 }) => {
    const stop = named(orders.stopAt, name, task);
    if (stop || named(orders.report, name, task))
      process.stdout.write(`point ${name} ${task} ${operation}\n`);
    if (stop) await gateOf(`${name} ${task}`).opened;
  };
}

const gates = new Map<string, { readonly opened: Promise<void>; open(): void }>();

function gateOf(step: string): { readonly opened: Promise<void>; open(): void } {
  const known = gates.get(step);
  if (known) return known;
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  const gate = { opened, open: () => open() };
  gates.set(step, gate);
  return gate;
}

/**
 * A line `name task` on standard input lets that step go on, then and ever after. A victim does not outlive the test that started it: at the
 * end of its input it dies.
 */
export function obeyParent(): void {
  createInterface({ input: process.stdin })
    .on('line', (step) => gateOf(step).open())
    .on('close', () => process.kill(process.pid, 'SIGKILL'));
}

/** Stops in order at SIGTERM and says `point stopping` when that begins; the process then ends because nothing is left to do. */
export function stopInOrder(running: { stop(): Promise<void> }): void {
  process.once('SIGTERM', () => {
    process.stdout.write('point stopping - 0\n');
    void running.stop().then(() => process.stdin.unref());
  });
}
