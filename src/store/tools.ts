import type { Json, ToolFacts } from '../domain/action.js';
import type { Queries } from './database.js';

/** What workers publish of their tools, for gateways that hold no tool code: facts and the JSON Schema with secrets marked. */
export interface ToolRow {
  readonly facts: ToolFacts;
  readonly schema: Json;
  /** JSON Schema of what it returns; null or absent = not declared. */
  readonly output?: Json | null;
}

/** Publishes the tools of a starting worker; the latest worker's versions stand. */
export async function publishTools(queries: Queries, tools: readonly ToolRow[], now: number): Promise<void> {
  for (const { facts, schema, output } of tools) {
    await queries.query(
      `insert into tools (name, version, facts, schema, output, seen_at) values ($1, $2, $3, $4, $5, $6)
       on conflict (name) do update
       set version = excluded.version, facts = excluded.facts, schema = excluded.schema, output = excluded.output, seen_at = excluded.seen_at`,
      [
        facts.name,
        facts.version,
        JSON.stringify(facts),
        JSON.stringify(schema),
        JSON.stringify(output ?? null),
        now,
      ],
    );
  }
}

/** One published tool; undefined = unknown. */
export async function findTool(queries: Queries, name: string): Promise<ToolRow | undefined> {
  const [row] = await queries.query<{ facts: string; schema: string; output: string | null }>(
    'select facts, schema, output from tools where name = $1',
    [name],
  );
  return (
    row && {
      facts: JSON.parse(row.facts) as ToolFacts, // written by publishTools
      schema: JSON.parse(row.schema) as Json, // written by publishTools
      output: JSON.parse(row.output ?? 'null') as Json, // written by publishTools
    }
  );
}

/** All published tools, for `policy check`. */
export async function listTools(queries: Queries): Promise<readonly ToolFacts[]> {
  const rows = await queries.query<{ facts: string }>('select facts from tools order by name');
  return rows.map((row) => JSON.parse(row.facts) as ToolFacts); // written by publishTools
}
