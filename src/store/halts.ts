import type { HaltId, TaskId, TenantId } from '../domain/ids.js';
import { holdClaims } from './claim-locks.js';
import { appendJournal, TENANT_CHAIN } from './journal.js';
import type { Database, Queries, Transaction } from './database.js';

/** How far a halt reaches. */
export type HaltScope = 'task' | 'agent' | 'tenant' | 'all';

/** A reserved name: the halts of scope `all`, which reach every tenant, and their chain of the journal belong to it. */
export const EVERY_TENANT = 'all-tenants' as TenantId; // a valid name

/** The task that a halt may concern; whose agent it is, its row says. */
interface Subject {
  readonly tenant: TenantId;
  readonly task: TaskId;
}

/** A halt as stored. */
export interface HaltRow {
  readonly id: HaltId;
  readonly scope: HaltScope;
  readonly tenant: TenantId;
  readonly target: string;
  readonly why: string;
  readonly whySalt: string;
  readonly setBy: string;
  readonly setRole: string;
  readonly jws: string;
  readonly setAt: number;
  readonly liftedAt: number | null;
  readonly liftedBy: string | null;
  readonly liftedRole: string | null;
  readonly liftJws: string | null;
}

const COLUMNS = `id, scope, tenant, target, why, why_salt as "whySalt", set_by as "setBy", set_role as "setRole", jws, set_at as "setAt",
  lifted_at as "liftedAt", lifted_by as "liftedBy", lifted_role as "liftedRole", lift_jws as "liftJws"`;

/** A halt that is in force over a task. */
export interface HaltInForce {
  readonly id: HaltId;
  readonly scope: HaltScope;
}

/** The halts in force for a task, the narrowest first, and when the latest lifted one that covered it was lifted (0 = never). */
export async function haltsOver(
  queries: Queries,
  subject: Subject,
): Promise<{ inForce: readonly HaltInForce[]; lastLiftAt: number }> {
  const rows = await queries.query<{ id: HaltId; scope: HaltScope; liftedAt: number | null }>(
    `select id, scope, lifted_at as "liftedAt" from halts
     where (scope = 'all' and tenant = $3)
        or (tenant = $1 and ((scope = 'tenant' and target = $1) or (scope = 'task' and target = $2)
          or (scope = 'agent' and target = (select agent from tasks where tenant = $1 and task = $2))))
     order by array_position(array['task', 'agent', 'tenant', 'all'], scope), set_at`,
    [subject.tenant, subject.task, EVERY_TENANT],
  );
  return {
    inForce: rows.filter((row) => row.liftedAt === null),
    lastLiftAt: rows.reduce((latest, row) => Math.max(latest, row.liftedAt ?? 0), 0),
  };
}

/**
 * The rounds of a task that were asked before a halt over it was lifted: what was seen under another state of things. Those that were
 * asked anew too: a worker may have died before its run heard so. In order, so that a run may come to the last of them.
 */
export async function outlivedRounds(
  queries: Queries,
  subject: Subject,
): Promise<readonly { operation: number; round: number; halt: HaltId }[]> {
  return queries.query<{ operation: number; round: number; halt: HaltId }>(
    `select distinct on (q.operation, q.round) q.operation, q.round, h.id as halt
     from questions q join halts h on h.lifted_at >= q.asked_at and (h.scope = 'all' and h.tenant = $3
       or h.tenant = $1 and (h.scope = 'tenant' or h.scope = 'agent' and h.target = q.agent or h.scope = 'task' and h.target = $2))
     where q.tenant = $1 and q.task = $2 and (q.status = 'open' or q.closed_as = 'asked-anew')
       and q.kind not in ('hand-over', 'confirmation')
     order by q.operation, q.round, h.lifted_at desc`,
    [subject.tenant, subject.task, EVERY_TENANT],
  );
}

/** A halt to be set; `sign` is called with its time, under the exclusive lock. */
export interface NewHalt {
  readonly id: HaltId;
  readonly scope: HaltScope;
  readonly tenant: TenantId;
  readonly target: string;
  readonly why: string;
  readonly whySalt: string;
  readonly by: string;
  readonly role: string;
  readonly sign: (at: number) => Promise<string> | string;
}

/** Sets a halt. When this returns, no claim that had not committed before can pass. A repeat with the same id returns the first, also one of another scope that is set at the same time. */
export async function setHalt(database: Database, halt: NewHalt): Promise<HaltRow> {
  const key =
    halt.scope === 'all'
      ? 'all'
      : `${halt.scope}/${halt.tenant}${halt.scope === 'tenant' ? '' : `/${halt.target}`}`;
  return database.transaction(async (tx) => {
    await holdClaims(tx, `halt/${key}`);
    const existing = await findHalt(tx, halt.id);
    if (existing) return existing;
    const now = await tx.now();
    const inserted = await tx.query(
      `insert into halts (id, scope, tenant, target, why, why_salt, set_by, set_role, jws, set_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (id) do nothing returning 1`,
      [
        halt.id,
        halt.scope,
        halt.tenant,
        halt.target,
        halt.why,
        halt.whySalt,
        halt.by,
        halt.role,
        await halt.sign(now),
        now,
      ],
    );
    if (inserted.length === 1) await journalSet(tx, halt, now);
    const row = await findHalt(tx, halt.id);
    if (!row) throw new Error(`halt ${halt.id} vanished in its own transaction`);
    return row;
  });
}

function journalSet(tx: Transaction, halt: NewHalt, now: number): Promise<void> {
  return journalHalt(tx, {
    tenant: halt.tenant,
    scope: halt.scope,
    target: halt.target,
    now,
    id: `halt/${halt.id}/set`,
    type: 'halt-set',
    halt: halt.id,
    role: halt.role,
    texts: { by: halt.by, why: halt.why },
  });
}

/** Lifts a halt; undefined when there is none. One that was lifted before stays as it was lifted then. */
export async function liftHalt(
  database: Database,
  lift: { id: HaltId; by: string; role: string; why: string; sign: (at: number) => Promise<string> | string },
): Promise<HaltRow | undefined> {
  return database.transaction(async (tx) => {
    const [found] = await tx.query<HaltRow>(`select ${COLUMNS} from halts where id = $1 for update`, [
      lift.id,
    ]);
    if (!found || found.liftedAt !== null) return found;
    const now = await tx.now();
    await tx.query(
      'update halts set lifted_at = $2, lifted_by = $3, lifted_role = $4, lift_jws = $5, fanned_out_at = null, fan_lease = 0 where id = $1',
      [lift.id, now, lift.by, lift.role, await lift.sign(now)],
    );
    await journalHalt(tx, {
      ...found,
      now,
      id: `halt/${lift.id}/lifted`,
      type: 'halt-lifted',
      halt: lift.id,
      role: lift.role,
      texts: { by: lift.by, why: lift.why },
    });
    return findHalt(tx, lift.id);
  });
}

async function journalHalt(
  tx: Transaction,
  event: {
    tenant: TenantId;
    scope: HaltScope;
    target: string;
    now: number;
    id: string;
    type: string;
    halt: HaltId;
    role: string;
    texts: Record<string, string>;
  },
): Promise<void> {
  await appendJournal(tx, {
    tenant: event.tenant,
    task: event.scope === 'task' ? (event.target as TaskId) : TENANT_CHAIN, // a task halt's target is a task id
    now: event.now,
    events: [
      {
        id: event.id,
        type: event.type,
        body: { halt: event.halt, scope: event.scope, target: event.target, role: event.role },
        texts: event.texts,
      },
    ],
  });
}

/** One halt. */
export async function findHalt(queries: Queries, id: HaltId): Promise<HaltRow | undefined> {
  const [row] = await queries.query<HaltRow>(`select ${COLUMNS} from halts where id = $1`, [id]);
  return row;
}

/** The halts a tenant can see, newest first: everything that is in force, and the newest 500 of those that were lifted. */
export async function listHalts(
  queries: Queries,
  tenant: TenantId,
  state: 'in-force' | 'lifted' | 'all',
): Promise<readonly HaltRow[]> {
  return queries.query<HaltRow>(
    `select * from (
       (select ${COLUMNS} from halts where (tenant = $1 or scope = 'all') and lifted_at is null and $2 <> 'lifted')
       union all
       (select ${COLUMNS} from halts where (tenant = $1 or scope = 'all') and lifted_at is not null and $2 <> 'in-force'
        order by set_at desc limit 500)
     ) as seen order by "setAt" desc, id`,
    [tenant, state],
  );
}

/** Leases halts and lifts whose tasks were not all told yet. */
export async function leaseFanOut(
  queries: Queries,
  now: number,
  leaseMs: number,
): Promise<readonly HaltRow[]> {
  return queries.query<HaltRow>(
    `update halts set fan_lease = $1::bigint + $2::bigint where id in
       (select id from halts where fanned_out_at is null and fan_lease <= $1 order by set_at limit 20 for update skip locked)
     returning ${COLUMNS}`,
    [now, leaseMs],
  );
}

/** Marks a fan-out as done, unless the halt was lifted since it was read. */
export async function markFannedOut(queries: Queries, halt: HaltRow, now: number): Promise<void> {
  await queries.query(
    'update halts set fanned_out_at = $2 where id = $1 and lifted_at is not distinct from $3',
    [halt.id, now, halt.liftedAt],
  );
}

/** Leases these until then, but those that were lifted since they were read; answers which. */
export async function holdFanOut(
  queries: Queries,
  halts: readonly HaltRow[],
  until: number,
): Promise<readonly HaltId[]> {
  const rows = await queries.query<{ id: HaltId }>(
    `update halts h set fan_lease = $3::bigint from unnest($1::text[], $2::bigint[]) as l (id, lifted_at)
     where h.id = l.id and h.lifted_at is not distinct from l.lifted_at returning h.id`,
    [halts.map((halt) => halt.id), halts.map((halt) => halt.liftedAt), until],
  );
  return rows.map((row) => row.id);
}

/** The open tasks that a halt concerns, by name, or one page of them. */
export async function tasksUnder(
  queries: Queries,
  halt: HaltRow,
  page?: { after: { tenant: TenantId; task: TaskId } | undefined; limit: number },
): Promise<readonly { tenant: TenantId; task: TaskId }[]> {
  const { scope, tenant, target } = halt;
  const after = [page?.after?.tenant ?? '', page?.after?.task ?? '', page?.limit ?? null];
  return queries.query<{ tenant: TenantId; task: TaskId }>(
    `select tenant, task from tasks where closed_at is null and (tenant, task) > ($1, $2)${UNDER[scope]} order by tenant, task limit $3`,
    scope === 'all' ? after : [...after, tenant, ...(scope === 'tenant' ? [] : [target])],
  );
}

/** Written per scope, so that an index leads to a tenant's tasks. */
const UNDER: Readonly<Record<HaltScope, string>> = {
  all: '',
  tenant: ' and tenant = $4',
  agent: ' and tenant = $4 and agent = $5',
  task: ' and tenant = $4 and task = $5',
};
