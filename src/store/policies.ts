import type { Digest, TenantId } from '../domain/ids.js';
import { holdClaims } from './claim-locks.js';
import { appendJournal, TENANT_CHAIN } from './journal.js';
import type { Database, Queries } from './database.js';

/** A policy as stored: its source text under its hash. */
export interface PolicyRow {
  readonly hash: Digest;
  readonly version: string;
  readonly source: string;
}

/** Stores a policy and makes it the active one of a tenant; journalled with its author. When this returns, no claim passes that was judged by the one before. */
export async function activatePolicy(
  database: Database,
  activation: PolicyRow & { tenant: TenantId; author: string },
): Promise<void> {
  await database.transaction(async (tx) => {
    await holdClaims(tx, `policy/${activation.tenant}`);
    const now = await tx.now();
    await tx.query(
      'insert into policies (hash, version, source, stored_at) values ($1, $2, $3, $4) on conflict do nothing',
      [activation.hash, activation.version, activation.source, now],
    );
    const [before] = await tx.query<{ hash: string }>(
      'select hash from active_policies where tenant = $1 for update',
      [activation.tenant],
    );
    if (before?.hash === activation.hash) return;
    await tx.query(
      `insert into active_policies (tenant, hash, author, activated_at) values ($1, $2, $3, $4)
       on conflict (tenant) do update set hash = excluded.hash, author = excluded.author, activated_at = excluded.activated_at`,
      [activation.tenant, activation.hash, activation.author, now],
    );
    await appendJournal(tx, {
      tenant: activation.tenant,
      task: TENANT_CHAIN,
      now,
      events: [
        {
          id: `policy/${activation.hash}/${now}`,
          type: 'policy-activated',
          body: { policy: activation.hash, version: activation.version, before: before?.hash ?? null },
          texts: { by: activation.author },
        },
      ],
    });
  });
}

/** The hash of the active policy of a tenant; undefined when none was ever activated. */
export async function activePolicyHash(queries: Queries, tenant: TenantId): Promise<Digest | undefined> {
  const [row] = await queries.query<{ hash: Digest }>('select hash from active_policies where tenant = $1', [
    tenant,
  ]);
  return row?.hash;
}

/** A stored policy by hash. */
export async function findPolicy(queries: Queries, hash: Digest): Promise<PolicyRow | undefined> {
  const [row] = await queries.query<PolicyRow>('select hash, version, source from policies where hash = $1', [
    hash,
  ]);
  return row;
}
