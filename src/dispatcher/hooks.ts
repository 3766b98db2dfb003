import type { HookAnswer, HookSender } from '../activities/ports.js';
import type { TaskId } from '../domain/ids.js';
import {
  disableTarget,
  leaseDeliveries,
  markDelivered,
  markUndelivered,
  sweepDeliveries,
  targetsWithDue,
  TRIED_FOR_MS,
  type Delivery,
} from '../store/hooks.js';
import type { DispatcherDeps } from './deps.js';
import { faultName } from '../domain/failure-facts.js';

/** What is under way to one target at once; the others have their own. */
const SIDE_BY_SIDE = 8;
/** Three times as long as a post may last: while one does, no other worker sends the same. */
const LEASE_MS = 30_000;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 8 * 3_600_000;
const GIVE_UP_EVERY_MS = 60_000;

type Deps = Pick<DispatcherDeps, 'database' | 'log' | 'point'> & { readonly hooks: HookSender };

/** Sends what is due, each target by itself: one that is slow or dead holds up nobody else. */
export interface HookDesk {
  /** Begins with every target that has something due and nothing under way; returns with how many it began. */
  begin(): Promise<number>;
  /** Begins nothing more; settles when nothing is under way. */
  finish(): Promise<void>;
  /** Gives up what is under way, for another worker to send. */
  giveUp(): void;
}

/** Opens the desk of a worker. */
export function openHookDesk(deps: Deps): HookDesk {
  const busy = new Map<string, Promise<void>>();
  const stop = { finishing: false, sending: new AbortController() };
  let giveUpAt = 0;
  return {
    async begin() {
      if (performance.now() >= giveUpAt) {
        giveUpAt = performance.now() + GIVE_UP_EVERY_MS;
        await giveUpOld(deps);
      }
      const now = await deps.database.now();
      const due = await targetsWithDue(deps.database, deps.hooks.targets, now);
      const free = due.filter((target) => !busy.has(target));
      for (const target of free) {
        const end = drain(deps, target, stop)
          .catch((error: unknown) => tell(deps, error))
          .finally(() => busy.delete(target));
        busy.set(target, end);
      }
      return free.length;
    },
    async finish() {
      stop.finishing = true;
      await Promise.all(busy.values());
    },
    giveUp: () => stop.sending.abort(),
  };
}

interface Stop {
  readonly finishing: boolean;
  readonly sending: AbortController;
}

function tell({ log }: Deps, error: unknown): void {
  log('warn', 'dispatcher-failed', { error: faultName(error) });
}

async function drain(deps: Deps, target: string, stop: Stop): Promise<void> {
  const { signal } = stop.sending;
  while (!stop.finishing) {
    const now = await deps.database.now();
    const lease = { target, now, leaseMs: LEASE_MS, limit: SIDE_BY_SIDE };
    const due = await leaseDeliveries(deps.database, lease);
    if (due.length === 0) return;
    const ends = await Promise.allSettled(due.map((delivery) => sendOne(deps, delivery, now, signal)));
    const lost = ends.find((end) => end.status === 'rejected');
    if (lost) throw new Error('a message has no end on record', { cause: lost.reason });
  }
}

async function sendOne(deps: Deps, delivery: Delivery, now: number, signal: AbortSignal): Promise<void> {
  const answer = await deps.hooks.send(delivery.target, delivery, now, signal);
  const task = delivery.task as TaskId; // or a tenant's chain; only tests read it
  await deps.point?.('hook-sent', { task, operation: 0 });
  const after = await deps.database.now();
  if (answer.kind === 'delivered') return markDelivered(deps.database, delivery, after);
  const code = answer.kind === 'failed' ? answer.code : answer.kind;
  const retryAt = signal.aborted ? after : retryAtOf(delivery, answer, after);
  await markUndelivered(deps.database, delivery.delivery, { error: code, retryAt, now: after });
  const { target, attempts } = delivery;
  deps.log('warn', 'hook-failed', { target, kind: delivery.kind, code, attempts, last: retryAt === null });
  if (answer.kind === 'gone' && (await disableTarget(deps.database, target)))
    deps.log('error', 'hook-disabled', { target, todo: `mend it, then: countersign hooks enable ${target}` });
}

/** When the next attempt is due; null = there is none. Due times in the store do the waiting: see docs/decisions/022. */
function retryAtOf(
  { attempts, since }: Pick<Delivery, 'attempts' | 'since'>,
  answer: Exclude<HookAnswer, { kind: 'delivered' }>,
  now: number,
): number | null {
  if (answer.kind === 'unsendable') return null;
  const asked = answer.kind === 'failed' ? (answer.pauseMs ?? 0) : 0;
  const retryAt = now + Math.max(pauseAfter(attempts), asked);
  return retryAt > since + TRIED_FOR_MS ? null : retryAt;
}

/** Three times as long after each attempt, up to eight hours, and somewhere in the upper half of it, so that what failed together comes back apart. */
export function pauseAfter(attempts: number, random = Math.random()): number {
  const whole = Math.min(FIRST_PAUSE_MS * 3 ** (attempts - 1), LONGEST_PAUSE_MS);
  return Math.round(whole * (0.5 + random / 2));
}

/** Gives up what was tried for three days, and says so. */
async function giveUpOld({ database, log }: Pick<Deps, 'database' | 'log'>): Promise<void> {
  const messages = await sweepDeliveries(database, await database.now());
  if (messages > 0) log('error', 'hook-messages-given-up', { messages });
}
