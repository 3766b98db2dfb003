import pg from 'pg';
import { afterEach, expect, it, vi } from 'vitest';
import { openDatabase } from '../../src/store/database.js';
import { migrate } from '../../src/store/migrate.js';
import { testDatabase } from '../support/stack.js';

afterEach(() => vi.restoreAllMocks());

// Seen to fail: migrate over a pool like every other (a step of more than 30 s could never be done); the time for locks set for all.
it('a migration may take as long as it does; everything else has an end', async () => {
  const { url } = await testDatabase();
  const pool = vi.spyOn(pg.Pool.prototype, 'connect');
  await migrate(url);
  expect(pool.mock.contexts.at(-1)).not.toHaveProperty('options.query_timeout');
  const lockTimeout = async (patient: boolean) => {
    const database = openDatabase({ url, patient, maxConnections: 1 });
    const [row] = await database.query<{ lock_timeout: string }>('show lock_timeout');
    await database.close();
    return row?.lock_timeout;
  };
  expect([await lockTimeout(true), await lockTimeout(false)]).toEqual(['0', '20s']);
  expect(pool.mock.contexts.at(-1)).toHaveProperty('options.query_timeout', 30_000);
});
