import type { Queries } from '../../src/store/database.js';

/** Polls until `look` gives something; the wait is for an event in another process, and it has an end. */
export async function waitFor<T>(
  look: () => Promise<T | undefined> | T | undefined,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Until so many in this database wait for another's lock. */
export async function untilLocked(queries: Queries, many = 1): Promise<void> {
  await waitFor(async () => {
    const waiting = await queries.query(
      "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    return waiting.length >= many || undefined;
  });
}
