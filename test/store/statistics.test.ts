import { afterEach, beforeEach, expect, it } from 'vitest';
import { startDispatcher } from '../../src/dispatcher/dispatcher.js';
import { analyzeNewTables } from '../../src/store/statistics.js';
import { openGate, TENANT, type Gate } from '../support/gate.js';
import { waitFor } from '../support/wait.js';

let gate: Gate;
beforeEach(async () => {
  gate = await openGate();
});
afterEach(() => gate.close());

async function submit(count: number) {
  for (let n = 0; n < count; n++) await gate.submit(`task-${n}`, { tool: 'look', args: {} });
  await flushed(count);
}

/** Postgres counts what changed when a connection has been idle for a while, or is told to. */
async function flushed(count: number) {
  await gate.database.transaction((tx) => tx.query('select pg_stat_force_next_flush()'));
  const [row] = await gate.database.query<{ count: number }>(
    "select n_mod_since_analyze as count from pg_stat_user_tables where relname = 'tasks'",
  );
  expect(row?.count).toBe(count);
}

/** How the store looks an operation up, by a plan that is kept for all of them. */
async function planOfLookup(): Promise<string> {
  const lookup =
    'select 1 from ledger where tenant = $1 and task = $2 and operation = $3 and generation = $4';
  return gate.database.transaction(async (tx) => {
    tx.send('set local plan_cache_mode = force_generic_plan');
    tx.send(`prepare lookup (text, text, int, int) as ${lookup}`);
    const plan = await tx.query<{ 'QUERY PLAN': string }>(
      `explain execute lookup ('${TENANT}', 'task-1', 1, 1)`,
    );
    tx.send('deallocate lookup');
    return plan.map((row) => row['QUERY PLAN']).join('\n');
  });
}

/** Seen to fail: without statistics, the index of an agent's calls of a tool. */
it('an operation is looked up by its key as soon as there are enough of them', async () => {
  await submit(60);
  expect(await analyzeNewTables(gate.database)).toEqual(
    expect.arrayContaining(['tasks', 'ledger', 'journal', 'journal_heads']),
  );
  expect(await planOfLookup()).toContain('ledger_pkey');
  expect(await analyzeNewTables(gate.database), 'autovacuum goes on').toEqual([]);
});

it('a table with few rows is left alone', async () => {
  await submit(10);
  expect(await analyzeNewTables(gate.database)).toEqual([]);
});

/** Seen to fail: it tries, which Postgres answers with a warning in its log, each time. */
it('a role that does not own the tables leaves them to autovacuum', async () => {
  await submit(60);
  const names = await gate.database.transaction(async (tx) => {
    tx.send('set local role pg_read_all_data');
    return analyzeNewTables(tx);
  });
  expect(names).toEqual([]);
});

/** Seen to fail: it waits for the other. */
it('a table that somebody else is at is left to them', async () => {
  await submit(60);
  await gate.database.transaction(async (tx) => {
    await tx.query('lock table tasks in share update exclusive mode');
    expect(await analyzeNewTables(gate.database)).toContain('tasks');
  });
});

it('the dispatcher sees to it', async () => {
  await submit(60);
  const dispatcher = startDispatcher(
    {
      database: gate.database,
      tasks: gate.gateway.tasks,
      notifiers: [],
      addressesOf: () => Promise.resolve([]),
      publicUrl: undefined,
      closeEnded: () => Promise.resolve(),
      settleAbandoned: () => Promise.resolve(0),
      log: () => undefined,
    },
    { idleMs: 20, graceMs: 0 },
  );
  const byKey = async () => (await planOfLookup()).includes('ledger_pkey') || undefined;
  expect(await waitFor(byKey)).toBe(true);
  await dispatcher.stop();
});
