import type { Queries } from './database.js';

/** As many changes as make Postgres' own autovacuum take statistics of a table (`autovacuum_analyze_threshold`). */
const CHANGES = 50;

/**
 * Takes statistics of tables that have none and are no longer empty; answers their names. Autovacuum comes by once a minute. Until then the
 * planner holds every index that begins with the tenant for as good as the key, and what looks up one row reads all of the tenant's. Only a
 * table's owner may; another role leaves it to autovacuum. A table that another process is at is left to that one.
 */
export async function analyzeNewTables(queries: Queries): Promise<readonly string[]> {
  const rows = await queries.query<{ name: string }>(
    `select relname as name from pg_stat_user_tables
     where schemaname = current_schema() and last_analyze is null and last_autoanalyze is null and n_mod_since_analyze >= $1
       and pg_has_role((select relowner from pg_class where oid = relid), 'usage')`,
    [CHANGES],
  );
  const names = rows.map(({ name }) => name);
  if (names.length > 0)
    await queries.query(`analyze (skip_locked) ${names.map((name) => `"${name}"`).join(', ')}`);
  return names;
}
