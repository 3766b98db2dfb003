import { setTimeout as sleep } from 'node:timers/promises';
import { limited } from '../contract/time-limit.js';
import type { Database } from '../store/database.js';
import { closedAmong, type TaskRow } from '../store/tasks.js';

/** Waits for a task to close, for its time to be over, or for the asker to go. */
export type UntilClosed = (row: TaskRow, waitMs: number, gone: AbortSignal) => Promise<void>;

interface Waiting {
  readonly row: TaskRow;
  readonly wake: () => void;
}

/** One query looks for everybody who waits; the more wait, the longer the pause, so that their number costs no more. */
export function watchClosed(database: Database, shortestMs = 40, longestMs = 500): UntilClosed {
  const waiting = new Set<Waiting>();
  let looking = false;

  async function look(): Promise<void> {
    looking = true;
    while (waiting.size > 0) {
      await sleep(Math.min(longestMs, shortestMs + waiting.size), undefined, { ref: false });
      const asked = [...waiting];
      const closed = await closedAmong(
        database,
        asked.map(({ row }) => row),
      ).catch(() => undefined);
      // Without an answer from the database every asker looks for themselves, and is told so.
      for (const { row, wake } of asked) if (closed?.has(`${row.tenant}/${row.task}`) ?? true) wake();
    }
    looking = false;
  }

  return async (row, waitMs, gone) => {
    if (row.closedAt !== null || waitMs <= 0 || gone.aborted) return;
    await limited({ ms: waitMs, signals: [gone] }, async (over) => {
      let entry: Waiting | undefined;
      await new Promise<void>((wake) => {
        entry = { row, wake };
        waiting.add(entry);
        over.addEventListener('abort', () => wake(), { once: true });
        if (!looking) void look();
      });
      if (entry) waiting.delete(entry);
    });
  };
}
