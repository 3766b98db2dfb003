import { NotTaken, type Notifier } from '../activities/ports.js';
import { leaseNotices, markRetry, markSent, noticeFacts, putBack, type NoticeRow } from '../store/outbox.js';
import { failNotice, skipNotice } from '../store/undelivered.js';
import type { DispatcherDeps } from './deps.js';
import { noticeOf } from './notice-words.js';
import { faultName } from '../domain/failure-facts.js';

/** Six attempts over four minutes, or longer where the server asks for it; then the channel has failed for this notice. */
const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 2_000;
/** When a send is given up. Servers may hold their greeting back for half of it on purpose. */
export const LONGEST_SEND_MS = 40_000;
/** Far longer than a send: while one lasts, no other worker sends the same. */
export const LEASE_MS = 3 * LONGEST_SEND_MS;

/** What the sending of notices works with. */
export type NoticeDeps = Pick<DispatcherDeps, 'database' | 'addressesOf' | 'publicUrl' | 'log'>;

/** Sends what is due on one channel, side by side; returns how many were looked at. */
export async function sendNotices(deps: NoticeDeps, notifier: Notifier, now: number): Promise<number> {
  const due = await leaseNotices(deps.database, { channel: notifier.channel, now, leaseMs: LEASE_MS });
  if (due.length === 0) return 0;
  const signal = AbortSignal.timeout(LONGEST_SEND_MS);
  const ends = await Promise.allSettled(due.map((row) => sendOne(deps, notifier, row, signal)));
  const lost = ends.find((end) => end.status === 'rejected');
  if (lost) throw new Error('a notice has no end on record', { cause: lost.reason });
  return due.length;
}

async function sendOne(
  deps: NoticeDeps,
  notifier: Notifier,
  row: NoticeRow,
  signal: AbortSignal,
): Promise<void> {
  const { database, publicUrl } = deps;
  const to = await deps.addressesOf(row.tenant, row.role, row.channel);
  if (to.length === 0) return skipNotice(database, row);
  const facts = await noticeFacts(database, row);
  if (!facts) return failNotice(database, row, 'no-question');
  let reference: string | null;
  try {
    const notice = noticeOf(row, facts, { to, publicUrl, now: await database.now() });
    reference = await notifier.send(notice, signal);
  } catch (error) {
    return failed(deps, row, error);
  }
  await database.transaction(async (tx) => markSent(tx, row, { reference, now: await tx.now() }));
}

async function failed(deps: NoticeDeps, row: NoticeRow, thrown: unknown): Promise<void> {
  const { id, channel, attempts } = row;
  const { code: error, permanent, retryAfterMs, unsent } = faultOf(thrown);
  if (unsent) return putBack(deps.database, row, await deps.database.now());
  const last = permanent || attempts >= ATTEMPTS;
  deps.log('warn', 'notice-failed', { id, channel, attempts, last, error });
  if (last) return failNotice(deps.database, row, error);
  const pauseMs = Math.max(retryAfterMs, FIRST_PAUSE_MS * 3 ** (attempts - 1));
  await markRetry(deps.database, row, { error, retryAt: (await deps.database.now()) + pauseMs });
}

/** What went wrong; an adapter's own mistake counts as a fault that may pass. */
export function faultOf(error: unknown): NotTaken {
  return error instanceof NotTaken ? error : new NotTaken(faultName(error));
}
