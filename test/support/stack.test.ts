import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { timeSkippingEnv } from './environments.js';
import { testDatabase, testTemporal } from './stack.js';

describe('the servers of a test run', () => {
  it('gives each caller a migrated database of its own', async () => {
    const [one, two] = await Promise.all([testDatabase(), testDatabase()]);
    expect(one.url).not.toBe(two.url);
    const client = new pg.Client({ connectionString: one.url });
    await client.connect();
    const { rows } = await client.query(
      'select count(*)::int as tables from pg_tables where schemaname = $1',
      ['public'],
    );
    await client.end();
    expect(rows[0].tables).toBeGreaterThan(1);
  });

  it('gives each caller a task queue of its own on one server', async () => {
    const [one, two] = await Promise.all([testTemporal(), testTemporal()]);
    expect(one.address).toBe(two.address);
    expect(one.taskQueue).not.toBe(two.taskQueue);
  });

  it('skips seven days in no time', async () => {
    const env = await timeSkippingEnv();
    const before = await env.currentTimeMs();
    await env.sleep('7 days');
    expect((await env.currentTimeMs()) - before).toBeGreaterThanOrEqual(7 * 86_400_000);
    await env.teardown();
  });
});
