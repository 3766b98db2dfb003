import type { Queries } from './database.js';

/** A Temporal namespace: one that is made anew under the same name has another id. */
export interface Namespace {
  readonly id: string;
  readonly name: string;
}

/** The namespace that holds the runs of this database's tasks; where none is kept yet, this one is from now on. */
export async function keepNamespace(queries: Queries, found: Namespace): Promise<Namespace> {
  await queries.query('insert into temporal_namespace (id, name) values ($1, $2) on conflict do nothing', [
    found.id,
    found.name,
  ]);
  const [kept] = await queries.query<Namespace>('select id, name from temporal_namespace');
  return kept ?? found;
}

/** Lets the next worker or gateway that starts keep its own. */
export async function forgetNamespace(queries: Queries): Promise<void> {
  await queries.query('delete from temporal_namespace');
}
