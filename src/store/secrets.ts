import type { TenantId } from '../domain/ids.js';
import type { Queries, Transaction } from './database.js';

/** A secret as stored: sealed, under the reference that stands for it in arguments. */
export interface SealedSecret {
  readonly reference: string;
  readonly sealed: string;
}

/** Stores sealed values; one that is there already stays. */
export function storeSecrets(
  tx: Transaction,
  tenant: TenantId,
  secrets: readonly SealedSecret[],
  now: number,
): void {
  if (secrets.length === 0) return;
  tx.send(
    `insert into secrets (tenant, ref, sealed, stored_at) select $1, ref, sealed, $4 from unnest($2::text[], $3::text[]) as s (ref, sealed)
     on conflict do nothing`,
    [tenant, secrets.map((secret) => secret.reference), secrets.map((secret) => secret.sealed), now],
  );
}

/** The sealed values of these references; ones that were never stored are missing. */
export async function readSecrets(
  queries: Queries,
  tenant: TenantId,
  references: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (references.length === 0) return new Map();
  const rows = await queries.query<{ ref: string; sealed: string }>(
    'select ref, sealed from secrets where tenant = $1 and ref = any($2)',
    [tenant, references],
  );
  return new Map(rows.map((row) => [row.ref, row.sealed]));
}
