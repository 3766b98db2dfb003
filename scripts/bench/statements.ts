import type pg from 'pg';
import { LOOK } from './asked-questions.js';

/** One statement of ours, per run. */
export interface StatementShare {
  readonly statement: string;
  readonly calls: number;
  /** Time inside Postgres, ms. */
  readonly ms: number;
}

/** Begins to count anew. */
export async function resetStatements(admin: pg.Client): Promise<void> {
  await admin.query('select pg_stat_statements_reset()');
}

/** What we sent to our database since, the most frequent first; those given in one turn made one round trip. */
export async function readStatements(
  admin: pg.Client,
  database: string,
  runs: number,
): Promise<StatementShare[]> {
  const { rows } = await admin.query<{ query: string; calls: string; ms: number }>(
    `select s.query, s.calls, s.total_exec_time + s.total_plan_time as ms from pg_stat_statements s
     join pg_database d on d.oid = s.dbid where d.datname = $1 and s.toplevel and not starts_with(s.query, $2)
     order by s.calls desc, ms desc`,
    [database, LOOK],
  );
  return rows.map(({ query, calls, ms }) => ({
    statement: query.replace(/\s+/g, ' ').trim(),
    calls: Number(calls) / runs,
    ms: ms / runs,
  }));
}
