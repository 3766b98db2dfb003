import type { TenantId } from '../domain/ids.js';
import type { Queries } from './database.js';

/**
 * Remembers a message for `keptMs` and tells whether it is the first under its id, the same again, or another one. What is older is
 * forgotten on the way: by then its time alone refuses it.
 */
export async function rememberMessage(
  queries: Queries,
  message: { integration: string; id: string; digest: string; now: number; keptMs: number },
): Promise<'new' | 'again' | 'another'> {
  const { integration, id, digest, now, keptMs } = message;
  const [row] = await queries.query<{ known: string | null }>(
    `with old as (delete from hook_receipts where (integration, id) in
         (select integration, id from hook_receipts where at < $5 and (integration, id) <> ($1, $2) limit 100 for update skip locked)),
       made as (insert into hook_receipts (integration, id, digest, at) values ($1, $2, $3, $4)
         on conflict (integration, id) do update set at = hook_receipts.at returning digest, xmax = 0 as first)
     select case when first then null else digest end as known from made`,
    [integration, id, digest, now, now - keptMs],
  );
  if (row?.known == null) return 'new';
  return row.known === digest ? 'again' : 'another';
}

/** Counts a message that an older secret signed, so that it can be seen when nobody needs that secret any more. */
export async function countOldSecret(queries: Queries, tenant: TenantId, integration: string): Promise<void> {
  await queries.query(
    'insert into counters as c (tenant, key, amount) values ($1, $2, 1) on conflict (tenant, key) do update set amount = c.amount + 1',
    [tenant, keyOf(integration)],
  );
}

/** How many messages older secrets signed, by integration; those of none are left out. */
export async function oldSecretCounts(
  queries: Queries,
  tenant: TenantId,
  integrations: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  const rows = await queries.query<{ id: string; amount: number }>(
    `select i.id, c.amount from unnest($2::text[], $3::text[]) as i (id, key) join counters c on c.tenant = $1 and c.key = i.key`,
    [tenant, integrations, integrations.map(keyOf)],
  );
  return Object.fromEntries(rows.map(({ id, amount }) => [id, amount]));
}

/** Limits are counted under keys that begin otherwise. */
function keyOf(integration: string): string {
  return `hook/${integration}/old-secret`;
}
