import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { watchClosed } from '../../src/gateway/closed-watch.js';
import type { Database } from '../../src/store/database.js';
import type { TaskRow } from '../../src/store/tasks.js';

/** A database in which these tasks are closed. */
function holding(closed: readonly string[]): Database {
  const query = async () => closed.map((name) => ({ name }));
  return { query } as unknown as Database; // all that the watch asks for
}

const OPEN = { tenant: 'acme', task: 't1', closedAt: null } as TaskRow; // all that the watch looks at

describe('whoever waits for a task to close', () => {
  it('is woken when it closes, long before their time is over', async () => {
    const untilClosed = watchClosed(holding(['acme/t1']), 1);
    const { signal } = new AbortController();
    await untilClosed(OPEN, 600_000, signal);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('waits no longer than their time', async () => {
    const untilClosed = watchClosed(holding([]), 1);
    await expect(untilClosed(OPEN, 30, new AbortController().signal)).resolves.toBeUndefined();
  });

  it('waits no longer than they are there', async () => {
    const asker = new AbortController();
    const waiting = watchClosed(holding([]), 1)(OPEN, 600_000, asker.signal);
    asker.abort();
    await expect(waiting).resolves.toBeUndefined();
  });

  it('waits for nothing when it is closed already', async () => {
    const waiting = watchClosed(holding([]))({ ...OPEN, closedAt: 1 }, 600_000, new AbortController().signal);
    await expect(waiting).resolves.toBeUndefined();
  });
});
