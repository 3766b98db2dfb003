import type { Live } from './live.js';

/** Every row of every table, as text. */
export async function heldByDatabase({ running }: Live): Promise<string> {
  const { query } = running.database;
  const tables = await query<{ name: string }>(
    "select table_name as name from information_schema.tables where table_schema = 'public'",
  );
  const rows = await Promise.all(
    tables.map(({ name }) => query<{ t: string }>(`select t::text from "${name}" t`)),
  );
  return rows
    .flat()
    .map((row) => row.t)
    .join('\n');
}

/** All that Temporal holds of a task: history with every payload readable, attributes, what the run answers. */
export async function heldByTemporal(live: Live, task: string): Promise<string> {
  const handle = live.handle(task);
  const { raw, searchAttributes, typedSearchAttributes, memo } = await handle.describe();
  const held = { history: await handle.fetchHistory(), raw, searchAttributes, typedSearchAttributes, memo };
  const details: unknown = await handle.query('__temporal_workflow_metadata');
  // Protocol messages write the bytes of a payload as base64.
  return JSON.stringify([held, await live.view(task), details], (key, value: unknown) =>
    key === 'data' && typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : value,
  );
}
