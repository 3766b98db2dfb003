import type { TaskId, TenantId } from '../domain/ids.js';
import type { Transaction } from './database.js';

/** One of the locks that every claim shares, and that whoever changes what claims go by takes alone: no claim has it then. */
export type ClaimLock = `halt/${string}` | `policy/${TenantId}`;

/** Takes a claim's locks on halts. Read halts only in a later statement: the snapshot of this one is older than the lock. */
export function shareHaltLocks(
  tx: Transaction,
  { tenant, task }: { readonly tenant: TenantId; readonly task: TaskId },
): void {
  tx.send(
    `select pg_advisory_xact_lock_shared(hashtextextended('halt/' || k, 0)) from tasks t,
       unnest(array['all', 'tenant/' || tenant, 'agent/' || tenant || '/' || agent, 'task/' || tenant || '/' || task]) as k
     where tenant = $1 and task = $2`,
    [tenant, task],
  );
}

/** Takes a claim's lock on the policy, which is read in a later statement: behind the operation's rows, whose other holders a new policy need not wait for. */
export function sharePolicyLock(tx: Transaction, tenant: TenantId): void {
  tx.send(`select pg_advisory_xact_lock_shared(hashtextextended('policy/' || $1, 0))`, [tenant]);
}

/** Waits until no claim holds the lock; those that come wait for this transaction's end. */
export async function holdClaims(tx: Transaction, lock: ClaimLock): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [lock]);
}
