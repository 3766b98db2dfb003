import pg from 'pg';
import { afterEach, expect, it, vi } from 'vitest';
import { provision } from '../../src/provision.js';
import { openDatabase } from '../../src/store/database.js';
import { migrate } from '../../src/store/migrate.js';
import { testDatabase } from '../support/stack.js';

const NOTHING_ELSE = {
  tenant: 'default',
  policyFile: undefined,
  replace: false,
  tokensFile: undefined,
  forgetNamespace: false,
};

afterEach(() => vi.restoreAllMocks());

// Seen to fail: migrate over a pool like every other (a step of more than 30 s could never be done), there and in what the command runs.
it.each([
  ['by itself', migrate],
  ['by `countersign migrate`', (url: string) => provision({ databaseUrl: url, ...NOTHING_ELSE })],
])('a migration may take as long as it does, %s', async (_, run) => {
  const { url } = await testDatabase();
  const pool = vi.spyOn(pg.Pool.prototype, 'connect');
  await run(url);
  expect(pool.mock.contexts[0]).not.toHaveProperty('options.query_timeout');
});

// Seen to fail: the same limits for all; none for a statement (what nobody waited for any more went on in the server).
it('everything else has an end, in the server before its answer is given up', async () => {
  const { url } = await testDatabase();
  const pool = vi.spyOn(pg.Pool.prototype, 'connect');
  const limits = async (patient: boolean) => {
    const database = openDatabase({ url, patient, maxConnections: 1 });
    const rows = await database.query<{ setting: string }>(
      "select setting from pg_settings where name in ('lock_timeout', 'statement_timeout') order by name",
    );
    await database.close();
    return rows.map((row) => row.setting);
  };
  expect([await limits(true), await limits(false)]).toEqual([
    ['0', '0'],
    ['20000', '25000'],
  ]);
  expect(pool.mock.contexts.at(-1)).toHaveProperty('options.query_timeout', 30_000);
});
