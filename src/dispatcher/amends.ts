import type { Notifier } from '../activities/ports.js';
import { leaseAmends, markAmended, putAmendBack, type AmendRow } from '../store/amends.js';
import { noticeFacts } from '../store/outbox.js';
import { outcomeOf } from './notice-words.js';
import { faultOf, LEASE_MS, LONGEST_SEND_MS, type NoticeDeps } from './notices.js';

/** A message that cannot be changed within about ten minutes stays as it is: its button still opens the review. */
const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 5_000;

/** Has messages tell how their question ended; returns how many were looked at. */
export async function amendNotices(deps: NoticeDeps, notifier: Notifier, now: number): Promise<number> {
  const { channel } = notifier;
  const over = await leaseAmends(deps.database, { channel, now, leaseMs: LEASE_MS });
  const signal = AbortSignal.timeout(LONGEST_SEND_MS);
  await Promise.all(over.map((row) => amendOne(deps, notifier, row, signal)));
  return over.length;
}

async function amendOne(
  deps: NoticeDeps,
  notifier: Notifier,
  row: AmendRow,
  signal: AbortSignal,
): Promise<void> {
  const { database, publicUrl } = deps;
  const facts = await noticeFacts(database, row);
  try {
    if (facts)
      await notifier.amend?.(
        row.reference,
        outcomeOf(row, facts, { to: [], publicUrl, now: await database.now() }),
        signal,
      );
    await markAmended(database, row.id, null);
  } catch (thrown) {
    const { code: error, permanent, retryAfterMs, unsent } = faultOf(thrown);
    if (unsent) return putAmendBack(database, row.id, await database.now());
    const last = permanent || row.amends >= ATTEMPTS;
    deps.log('warn', 'notice-not-amended', { id: row.id, channel: row.channel, last, error });
    const pauseMs = Math.max(retryAfterMs, FIRST_PAUSE_MS * 3 ** (row.amends - 1));
    await markAmended(database, row.id, last ? null : (await database.now()) + pauseMs);
  }
}
