import type { Tier } from '../domain/action.js';
import type { TaskId, TenantId } from '../domain/ids.js';
import type { RoundRef } from './questions.js';
import type { Queries, Transaction } from './database.js';

/** What a notification is about. */
export type NoticeKind = 'asked' | 'reminder' | 'notice' | 'hand-over';

/** A notification that is due. */
export interface NoticeRow extends RoundRef {
  readonly id: number;
  readonly rung: number;
  readonly kind: NoticeKind;
  readonly channel: string;
  readonly role: string;
  readonly attempts: number;
}

/** Puts notifications into the outbox, in the transaction that makes them true. A due time in the future is a reminder's. */
export function enqueueNotices(
  tx: Transaction,
  notices: RoundRef & {
    rung: number;
    kind: NoticeKind;
    channels: readonly string[];
    role: string;
    dueAt: number;
  },
): void {
  if (notices.channels.length === 0) return;
  tx.send(
    `insert into outbox (tenant, task, operation, generation, round, rung, kind, channel, role, due_at)
     select $1, $2, $3, $4, $5, $6, $7, channel, $9, $10 from unnest($8::text[]) as channel`,
    [
      notices.tenant,
      notices.task,
      notices.operation,
      notices.generation,
      notices.round,
      notices.rung,
      notices.kind,
      notices.channels,
      notices.role,
      notices.dueAt,
    ],
  );
}

/** Leases due notifications by moving their due time; reminders of questions that are no longer open on that rung are dropped. */
export async function leaseNotices(
  queries: Queries,
  now: number,
  leaseMs: number,
): Promise<readonly NoticeRow[]> {
  await queries.query(
    `update outbox o set failed_at = $1, error = 'not open any more' where sent_at is null and failed_at is null and due_at <= $1 and kind = 'reminder'
       and not exists (select 1 from questions q where q.tenant = o.tenant and q.task = o.task and q.operation = o.operation
         and q.generation = o.generation and q.round = o.round and q.rung = o.rung and q.status = 'open')`,
    [now],
  );
  return queries.query<NoticeRow>(
    `update outbox set due_at = $1::bigint + $2::bigint, attempts = attempts + 1 where id in
       (select id from outbox where sent_at is null and failed_at is null and due_at <= $1 order by due_at limit 10 for update skip locked)
     returning id, tenant, task, operation, generation, round, rung, kind, channel, role, attempts`,
    [now, leaseMs],
  );
}

/** What a notification may say: nothing of the arguments. */
export interface NoticeFacts {
  readonly tool: string;
  readonly tier: Tier;
  readonly answerBy: number | null;
}

/** The facts a notification is made of; undefined when its question is gone. */
export async function noticeFacts(queries: Queries, ref: RoundRef): Promise<NoticeFacts | undefined> {
  const [row] = await queries.query<NoticeFacts>(
    `select tool, tier, answer_by as "answerBy" from questions where tenant = $1 and task = $2 and operation = $3 and generation = $4 and round = $5`,
    [ref.tenant, ref.task, ref.operation, ref.generation, ref.round],
  );
  return row;
}

/** Notes a sent notification. */
export async function markSent(queries: Queries, id: number, now: number): Promise<void> {
  await queries.query('update outbox set sent_at = $2 where id = $1', [id, now]);
}

/** Takes a notification out that has nobody to go to. */
export async function dropNotice(queries: Queries, id: number): Promise<void> {
  await queries.query('delete from outbox where id = $1', [id]);
}

/** Notes a failed attempt: another one at `retryAt`, or none. */
export async function markFailed(
  tx: Queries,
  id: number,
  failure: { error: string; retryAt: number | null; now: number },
): Promise<void> {
  await tx.query(
    'update outbox set error = $2, due_at = coalesce($3, due_at), failed_at = case when $3::bigint is null then $4::bigint end where id = $1',
    [id, failure.error, failure.retryAt, failure.now],
  );
}

/** Whether every channel that had an address for an asking has failed for good. */
export async function everyChannelFailed(
  queries: Queries,
  ref: RoundRef & { rung: number },
): Promise<boolean> {
  const [row] = await queries.query<{ total: number; failed: number }>(
    `select count(*) as total, count(failed_at) as failed from outbox
     where tenant = $1 and task = $2 and operation = $3 and generation = $4 and round = $5 and rung = $6 and kind = 'asked'`,
    [ref.tenant, ref.task, ref.operation, ref.generation, ref.round, ref.rung],
  );
  return row !== undefined && row.total > 0 && row.total === row.failed;
}

/** Open rounds that reached nobody, leased by moving their mark, so that their runs are told again until they have moved on. */
export async function leaseUndeliveredRounds(queries: Queries, now: number, leaseMs: number) {
  return queries.query<{ tenant: TenantId; task: TaskId }>(
    `update questions set undelivered_lease = $1::bigint + $2::bigint where (tenant, task, operation, generation, round) in
       (select tenant, task, operation, generation, round from questions where status = 'open' and undelivered and undelivered_lease <= $1
        limit 50 for update skip locked)
     returning tenant, task`,
    [now, leaseMs],
  );
}

/** The rungs of a task that reached nobody. */
export async function undeliveredRounds(queries: Queries, tenant: TenantId, task: TaskId) {
  return queries.query<{ operation: number; round: number; rung: number }>(
    "select operation, round, rung from questions where tenant = $1 and task = $2 and status = 'open' and undelivered",
    [tenant, task],
  );
}
