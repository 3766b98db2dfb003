import type { Json, ToolFacts } from '../domain/action.js';
import type { Queries } from './database.js';

/** What workers publish of their tools, for gateways that hold no tool code: facts and the JSON Schema with secrets marked. */
export interface ToolRow {
  readonly facts: ToolFacts;
  readonly schema: Json;
}

/** Publishes the tools of a starting worker; the latest worker's versions stand. */
export async function publishTools(queries: Queries, tools: readonly ToolRow[], now: number): Promise<void> {
  for (const { facts, schema } of tools) {
    await queries.query(
      `insert into tools (name, version, facts, schema, seen_at) values ($1, $2, $3, $4, $5)
       on conflict (name) do update set version = excluded.version, facts = excluded.facts, schema = excluded.schema, seen_at = excluded.seen_at`,
      [facts.name, facts.version, JSON.stringify(facts), JSON.stringify(schema), now],
    );
  }
}

/** One published tool; undefined = unknown. */
export async function findTool(queries: Queries, name: string): Promise<ToolRow | undefined> {
  const [row] = await queries.query<{ facts: string; schema: string }>(
    'select facts, schema from tools where name = $1',
    [name],
  );
  return row && { facts: JSON.parse(row.facts) as ToolFacts, schema: JSON.parse(row.schema) as Json }; // written by publishTools
}

/** All published tools, for `policy check`. */
export async function listTools(queries: Queries): Promise<readonly ToolFacts[]> {
  const rows = await queries.query<{ facts: string }>('select facts from tools order by name');
  return rows.map((row) => JSON.parse(row.facts) as ToolFacts); // written by publishTools
}
