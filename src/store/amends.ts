import type { Queries } from './database.js';
import type { NoticeRow } from './outbox.js';

/** A message whose question is over, and that does not say so yet. */
export interface AmendRow extends NoticeRow {
  /** What its channel knows the message by. */
  readonly reference: string;
  /** How often it was tried, this time included. */
  readonly amends: number;
}

/**
 * Leases messages of a channel whose question is closed. One that a refused claim closed may be opened again: its message waits until a later
 * round has taken its place, or the task is over.
 */
export async function leaseAmends(
  queries: Queries,
  { channel, now, leaseMs }: { readonly channel: string; readonly now: number; readonly leaseMs: number },
): Promise<readonly AmendRow[]> {
  return queries.query<AmendRow>(
    `update outbox set amend_at = $1::bigint + $2::bigint, amends = amends + 1 where id in
       (select o.id from outbox o join questions q using (tenant, task, operation, generation, round)
        where o.channel = $3 and o.amend_at <= $1 and q.status = 'closed'
          and (q.closed_as not like 'refused: %' or exists (select 1 from questions n where n.tenant = q.tenant and n.task = q.task
            and n.operation = q.operation and n.round > q.round)
            or exists (select 1 from tasks t where t.tenant = q.tenant and t.task = q.task and t.closed_at is not null))
        order by o.amend_at limit 10 for update of o skip locked)
     returning id, tenant, task, operation, generation, round, rung, kind, channel, turn, role, attempts, reference, amends`,
    [now, leaseMs, channel],
  );
}

/** Notes when a message is tried again; null = it is left as it is from now on. */
export async function markAmended(queries: Queries, id: number, retryAt: number | null): Promise<void> {
  await queries.query('update outbox set amend_at = $2 where id = $1', [id, retryAt]);
}

/** Gives a lease back whose change was never sent. */
export async function putAmendBack(queries: Queries, id: number, now: number): Promise<void> {
  await queries.query('update outbox set amend_at = $2, amends = amends - 1 where id = $1', [id, now]);
}
