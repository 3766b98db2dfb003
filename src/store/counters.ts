import type { TenantId } from '../domain/ids.js';
import type { Reservation } from '../domain/verdict.js';
import { sqlState, type Queries, type Transaction } from './database.js';
import type { RoundRef } from './questions.js';
import { storedJson } from './stored-json.js';

/** What the counters hold now, for judging; keys that were never counted are 0. */
export async function readCounters(
  queries: Queries,
  tenant: TenantId,
  keys: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  if (keys.length === 0) return {};
  const rows = await queries.query<{ key: string; amount: number }>(
    'select key, amount from counters where tenant = $1 and key = any($2)',
    [tenant, keys],
  );
  return Object.fromEntries(rows.map((row) => [row.key, row.amount]));
}

/** What the counters hold that a round was judged by: most likely those that its claim is judged by. */
export async function countersOfRound(
  queries: Queries,
  ref: RoundRef,
): Promise<Readonly<Record<string, number>>> {
  const rows = await queries.query<{ key: string; amount: number }>(
    `select r ->> 'key' as key, coalesce(c.amount, 0) as amount
     from questions q cross join json_array_elements(${storedJson('q.verdict')} -> 'reservations') r
       left join counters c on c.tenant = q.tenant and c.key = r ->> 'key'
     where q.tenant = $1 and q.task = $2 and q.operation = $3 and q.generation = $4 and q.round = $5`,
    [ref.tenant, ref.task, ref.operation, ref.generation, ref.round],
  );
  return Object.fromEntries(rows.map((row) => [row.key, row.amount]));
}

/**
 * Adds to each counter, in key order so that two claims never wait for each other in a circle. Without a person's approval the sum must
 * stay within the limit: otherwise the transaction fails with `isOverLimit`.
 */
export function reserve(
  tx: Transaction,
  claim: { tenant: TenantId; reservations: readonly Reservation[]; approved: boolean },
): void {
  for (const { key, amount, limit } of claim.reservations.toSorted((a, b) => (a.key < b.key ? -1 : 1)))
    tx.send('select counter_reserve($1, $2, $3, $4, $5)', [claim.tenant, key, amount, limit, claim.approved]);
}

/** Whether a transaction failed because a counter would have passed its limit. */
export function isOverLimit(error: unknown): boolean {
  return sqlState(error) === 'CS001';
}

/** Gives back what a claim reserved, after it was proven that nothing ran. */
export function release(tx: Transaction, tenant: TenantId, reservations: readonly Reservation[]): void {
  for (const { key, amount } of reservations.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    tx.send('update counters set amount = amount - $3 where tenant = $1 and key = $2', [tenant, key, amount]);
  }
}
