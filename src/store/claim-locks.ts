import type { TaskId, TenantId } from '../domain/ids.js';
import type { Transaction } from './database.js';

/** One of the locks that every claim shares, and that whoever changes what claims go by takes alone: no claim is under way then. */
export type ClaimLock = `halt/${string}` | `policy/${TenantId}`;

/** Takes the locks of a claim. Read what they guard only in a later statement: the snapshot of this one is older than the lock. */
export function shareClaimLocks(
  tx: Transaction,
  { tenant, task }: { readonly tenant: TenantId; readonly task: TaskId },
): void {
  tx.send(
    `select pg_advisory_xact_lock_shared(hashtextextended(k, 0)) from tasks t,
       unnest(array['halt/all', 'halt/tenant/' || tenant, 'halt/agent/' || tenant || '/' || agent, 'halt/task/' || tenant || '/' || task,
         'policy/' || tenant]) as k
     where tenant = $1 and task = $2`,
    [tenant, task],
  );
}

/** Waits until no claim holds the lock; those that come wait for this transaction's end. */
export async function holdClaims(tx: Transaction, lock: ClaimLock): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [lock]);
}
