import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase, type Database, type Queries } from '../../src/store/database.js';
import { testDatabase } from '../support/stack.js';

let database: Database;
beforeAll(async () => {
  const { url } = await testDatabase();
  database = openDatabase({ url, maxConnections: 1 });
});
afterAll(() => database.close());

const transactionOf = async (queries: Queries) =>
  (await queries.query<{ id: string }>('select txid_current()::text as id'))[0]?.id;

// Seen to fail: the same connection is asked (what is left of the failed work was part of the next transaction).
it.each([
  ['a transaction', (work: (queries: Queries) => Promise<void>) => database.transaction(work)],
  ['reads', (work: (queries: Queries) => Promise<void>) => database.reads(work)],
])("what is left of %s that failed asks nothing on a connection that is somebody else's", async (_, lend) => {
  let left: Queries | undefined;
  const failing = lend(async (queries) => {
    left = queries;
    await queries.query('select 1');
    throw new Error('refused');
  });
  await expect(failing).rejects.toThrow('refused');
  await database.transaction(async (tx) => {
    const mine = await transactionOf(tx);
    const stray = left && transactionOf(left);
    await expect(stray).rejects.toThrow('has failed already');
    expect(await transactionOf(tx)).toBe(mine);
  });
});
