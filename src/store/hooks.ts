import type { HookEntry, HookKind } from '../contract/hook-event.js';
import type { TenantId } from '../domain/ids.js';
import type { Database, Queries } from './database.js';
import { appendJournal, TENANT_CHAIN } from './journal.js';

/** For how long one message is tried, and how long it stays on record after that. */
export const TRIED_FOR_MS = 3 * 24 * 3_600_000;
const KEPT_FOR_MS = 30 * 24 * 3_600_000;

/** A target as workers publish it: whom the journal's trigger tells of what. Address and secrets stay with the workers. */
export interface PublishedTarget {
  readonly id: string;
  readonly tenant: TenantId;
  readonly events: readonly HookKind[];
}

/** Publishes the targets of a starting worker; the latest worker's file stands, and a target that left it is told nothing more. */
export async function publishHooks(
  database: Database,
  targets: readonly PublishedTarget[],
  now: number,
): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query('delete from hook_targets where id <> all($1)', [targets.map(({ id }) => id)]);
    for (const { id, tenant, events } of targets)
      await tx.query(
        `insert into hook_targets (id, tenant, events, published_at) values ($1, $2, $3, $4) on conflict (id) do update
         set tenant = excluded.tenant, events = excluded.events, published_at = excluded.published_at`,
        [id, tenant, events, now],
      );
  });
}

/** Whether a tenant has a target of this name. */
export async function isTarget(queries: Queries, tenant: TenantId, id: string): Promise<boolean> {
  const rows = await queries.query('select 1 from hook_targets where tenant = $1 and id = $2', [tenant, id]);
  return rows.length === 1;
}

/** Which of these targets have something that is due. */
export async function targetsWithDue(
  queries: Queries,
  ids: readonly string[],
  now: number,
): Promise<readonly string[]> {
  const rows = await queries.query<{ id: string }>(
    `select t.id from hook_targets t where t.id = any($1) and t.disabled_at is null
       and exists (select 1 from hook_deliveries d where d.target = t.id and d.dead_at is null and d.due_at <= $2)`,
    [ids, now],
  );
  return rows.map(({ id }) => id);
}

/** A message that is due, leased. */
export interface Delivery extends HookEntry {
  readonly delivery: number;
  readonly target: string;
  /** Counted from 1, this one included. */
  readonly attempts: number;
  /** Since when it is tried: when the entry was made, or the reminder due. */
  readonly since: number;
}

/** Leases what is due for a target by moving its due time; reminders of questions that no longer wait on that rung are dropped first. */
export async function leaseDeliveries(
  queries: Queries,
  lease: { target: string; now: number; leaseMs: number; limit: number },
): Promise<readonly Delivery[]> {
  const { target, now, leaseMs, limit } = lease;
  await queries.query(
    `delete from hook_deliveries d using journal j where d.target = $1 and d.dead_at is null and d.due_at <= $2 and d.kind = 'reminded'
       and j.tenant = d.tenant and j.task = d.task and j.seq = d.seq and not exists (select 1 from questions q where ${QUESTION} and q.status = 'open'
         and q.rung = (j.body::json ->> 'rung')::int)`,
    [target, now],
  );
  return queries.query<Delivery>(
    `with leased as (update hook_deliveries set due_at = $2::bigint + $3::bigint, attempts = attempts + 1 where id in
       (select d.id from hook_deliveries d join hook_targets t on t.id = d.target and t.disabled_at is null
        where d.target = $1 and d.dead_at is null and d.due_at <= $2 order by d.due_at, d.id limit $4 for update of d skip locked)
       returning id, target, tenant, task, seq, kind, since, attempts)
     select l.id as delivery, l.target, l.tenant, l.task, l.seq, l.kind, l.since, l.attempts, j.type, j.body, j.hash,
       case when l.kind = 'reminded' then l.since else j.at end as at,
       case when j.type in ('asked', 'decision-stored', 'decision-applied') then (select q.tier from questions q where ${QUESTION}) end as tier
     from leased l join journal j on j.tenant = l.tenant and j.task = l.task and j.seq = l.seq order by l.id`,
    [target, now, leaseMs, limit],
  );
}

/** The question of an entry that the store wrote itself: what a run tells may hold anything. */
const QUESTION = `q.tenant = j.tenant and q.task = j.task and q.operation = (j.body::json ->> 'operation')::int
  and q.generation = (j.body::json ->> 'generation')::int and q.round = (j.body::json ->> 'round')::int`;

/** Takes a message out that was taken: the journal keeps what it told. */
export async function markDelivered(
  queries: Queries,
  { delivery, target }: Pick<Delivery, 'delivery' | 'target'>,
  now: number,
): Promise<void> {
  await queries.query(
    'with gone as (delete from hook_deliveries where id = $1) update hook_targets set delivered_at = $3 where id = $2',
    [delivery, target, now],
  );
}

/** Notes a failed attempt: another one at `retryAt`, or none. `error` is a code. */
export async function markUndelivered(
  queries: Queries,
  delivery: number,
  failure: { error: string; retryAt: number | null; now: number },
): Promise<void> {
  await queries.query(
    'update hook_deliveries set error = $2, due_at = coalesce($3, due_at), dead_at = case when $3::bigint is null then $4::bigint end where id = $1',
    [delivery, failure.error, failure.retryAt, failure.now],
  );
}

/** Gives up what is too old, also of targets that are disabled or gone, and forgets what was given up long ago. */
export async function sweepDeliveries(queries: Queries, now: number): Promise<number> {
  const given = await queries.query(
    "update hook_deliveries set dead_at = $1, error = coalesce(error, 'not-sent') where dead_at is null and since <= $2 returning 1",
    [now, now - TRIED_FOR_MS],
  );
  await queries.query('delete from hook_deliveries where dead_at <= $1', [now - KEPT_FOR_MS]);
  return given.length;
}

/** Sends a target nothing more, on record; false when that was so before. */
export async function disableTarget(database: Database, id: string): Promise<boolean> {
  return database.transaction(async (tx) => {
    const now = await tx.now();
    const [row] = await tx.query<{ tenant: TenantId }>(
      'update hook_targets set disabled_at = $2 where id = $1 and disabled_at is null returning tenant',
      [id, now],
    );
    if (!row) return false;
    const event = { id: `hook/${id}/disabled/${now}`, type: 'hook-disabled', body: { target: id } };
    await tx.last(appendJournal(tx, { tenant: row.tenant, task: TENANT_CHAIN, now, events: [event] }));
    return true;
  });
}

/** Sends a target again, what waited meanwhile first, on record; false when the tenant has no such target. One that is enabled stays so. */
export async function enableTarget(
  database: Database,
  { tenant, id, by }: { tenant: TenantId; id: string; by: string },
): Promise<boolean> {
  return database.transaction(async (tx) => {
    const [row] = await tx.query<{ disabledAt: number | null }>(
      'select disabled_at as "disabledAt" from hook_targets where tenant = $1 and id = $2 for update',
      [tenant, id],
    );
    if (row?.disabledAt == null) return row !== undefined;
    const now = await tx.now();
    tx.send('update hook_targets set disabled_at = null where id = $1', [id]);
    tx.send('update hook_deliveries set due_at = $2 where target = $1 and dead_at is null and attempts > 0', [
      id,
      now,
    ]);
    const event = {
      id: `hook/${id}/enabled/${now}`,
      type: 'hook-enabled',
      body: { target: id },
      texts: { by },
    };
    await tx.last(appendJournal(tx, { tenant, task: TENANT_CHAIN, now, events: [event] }));
    return true;
  });
}

/** A target as its tenant sees it. */
export interface TargetRow {
  readonly id: string;
  readonly events: readonly string[];
  readonly disabledAt: number | null;
  readonly deliveredAt: number | null;
  /** Messages that wait for their first or another attempt. */
  readonly waiting: number;
  /** Messages that were given up in the last thirty days. */
  readonly dead: number;
  /** Why the latest attempt of one that is not delivered failed, a code; null = none failed. */
  readonly error: string | null;
}

/** The targets of a tenant, with what waits and what was given up. */
export async function listTargets(queries: Queries, tenant: TenantId): Promise<readonly TargetRow[]> {
  return queries.query<TargetRow>(
    `select t.id, t.events, t.disabled_at as "disabledAt", t.delivered_at as "deliveredAt",
       (select count(*) from hook_deliveries d where d.target = t.id and d.dead_at is null and (d.attempts > 0 or d.kind <> 'reminded')) as waiting,
       (select count(*) from hook_deliveries d where d.target = t.id and d.dead_at is not null) as dead,
       (select d.error from hook_deliveries d where d.target = t.id and d.error is not null order by d.id desc limit 1) as error
     from hook_targets t where t.tenant = $1 order by t.id`,
    [tenant],
  );
}
