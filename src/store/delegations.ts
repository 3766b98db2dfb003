import type { TaskId, TenantId } from '../domain/ids.js';
import type { Queries, Transaction } from './database.js';
import { KEPT_MEMBERS, keptOf, type KeptMembers } from './staff.js';

/** The longest time for which somebody may pass on what they may decide. */
export const MAX_DELEGATION_MS = 30 * 24 * 3_600_000;

/** What one person passed on to another for a time: a role, or one question (`task` and `operation`). Times are epoch milliseconds. */
export interface Delegation {
  readonly tenant: TenantId;
  readonly id: string;
  readonly by: string;
  readonly to: string;
  readonly role: string | null;
  readonly task: TaskId | null;
  readonly operation: number | null;
  readonly from: number;
  readonly until: number;
  readonly why: string;
  readonly whySalt: string;
  readonly madeAt: number;
  readonly revokedAt: number | null;
  readonly revokedBy: string | null;
}

/** What of one says whether and for what it holds. */
export type Lent = Pick<Delegation, 'by' | 'role' | 'task' | 'operation' | 'from' | 'until'>;

/** How much one person may have passed on to another at once, and how much one can have from all. */
export const MOST_TO_EACH = 50;
const MOST_TO_ONE = 20 * MOST_TO_EACH;

const COLUMNS = `tenant, id, by_subject as by, to_subject as to, role, task, operation, starts_at as "from", ends_at as until, why,
  why_salt as "whySalt", made_at as "madeAt", revoked_at as "revokedAt", revoked_by as "revokedBy"`;

const NOW = '(extract(epoch from clock_timestamp()) * 1000)::bigint';

const LENT = 'by_subject as by, role, task, operation, starts_at as "from", ends_at as until';

/** Stores one; a repeat of the same id changes nothing. */
export function insertDelegation(tx: Transaction, made: Delegation): void {
  tx.send(
    `insert into delegations (tenant, id, by_subject, to_subject, role, task, operation, starts_at, ends_at, why, why_salt, made_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing`,
    [
      made.tenant,
      made.id,
      made.by,
      made.to,
      made.role,
      made.task,
      made.operation,
      made.from,
      made.until,
      made.why,
      made.whySalt,
      made.madeAt,
    ],
  );
}

/** One of them. */
export async function findDelegation(
  queries: Queries,
  tenant: TenantId,
  id: string,
): Promise<Delegation | undefined> {
  const [row] = await queries.query<Delegation>(
    `select ${COLUMNS} from delegations where tenant = $1 and id = $2`,
    [tenant, id],
  );
  return row;
}

/** Those to one person that nobody took back; whether one is in force now is for `isInForce`. */
export async function delegationsTo(
  queries: Queries,
  { tenant, subject }: { tenant: TenantId; subject: string },
): Promise<readonly Lent[]> {
  return queries.query<Lent>(
    `select ${LENT} from delegations where tenant = $1 and to_subject = $2 and revoked_at is null order by ends_at desc, id limit ${MOST_TO_ONE}`,
    [tenant, subject],
  );
}

/** What was passed on to the subject in this parameter and is not over, as one column; $1 is the tenant. */
export function lentColumn(subject: '$2' | '$5'): string {
  return `coalesce((select json_agg(l) from (select ${LENT} from delegations
    where tenant = $1 and to_subject = ${subject} and revoked_at is null and ends_at > ${NOW} order by ends_at desc, id limit ${MOST_TO_ONE}) l), '[]')`;
}

/** What the store says of somebody's authority at this moment: what was passed on to them, and who is in the roles that it keeps. */
export interface Authority {
  readonly lent: readonly Lent[];
  readonly kept: KeptMembers;
  readonly now: number;
}

/** All of it in one statement. */
export async function readAuthority(
  queries: Queries,
  { tenant, subject }: { tenant: TenantId; subject: string },
): Promise<Authority> {
  const [row] = await queries.query<{
    lent: readonly Lent[];
    kept: Record<string, readonly string[]> | null;
    now: number;
  }>(`select ${lentColumn('$2')} as lent, ${KEPT_MEMBERS} as kept, ${NOW} as now`, [tenant, subject]);
  return { lent: row?.lent ?? [], kept: keptOf(row?.kept ?? null), now: row?.now ?? 0 };
}

/** Those of a tenant that are not over at epoch milliseconds `now`, every one: roles first, then single questions. */
export async function openDelegations(
  queries: Queries,
  tenant: TenantId,
  now: number,
): Promise<readonly Delegation[]> {
  return queries.query<Delegation>(
    `select ${COLUMNS} from delegations where tenant = $1 and revoked_at is null and ends_at > $2 order by role is null, ends_at, id`,
    [tenant, now],
  );
}

/** Of those by one person to another that are not over at epoch milliseconds `now`: how many, and one (its id) of the same matter at the same time. */
export async function alreadyPassedOn(
  queries: Queries,
  about: Pick<Delegation, 'tenant' | 'by' | 'to' | 'role' | 'task' | 'operation' | 'from' | 'until'>,
  now: number,
): Promise<{ readonly count: number; readonly same: string | null }> {
  const { tenant, by, to, role, task, operation, from, until } = about;
  const [row] = await queries.query<{ count: number; same: string | null }>(
    `select count(*)::int as count, min(id) filter (where role is not distinct from $5 and task is not distinct from $6
       and operation is not distinct from $7 and starts_at < $9 and ends_at > $8) as same
     from delegations where tenant = $1 and to_subject = $2 and by_subject = $3 and revoked_at is null and ends_at > $4`,
    [tenant, to, by, now, role, task, operation, from, until],
  );
  return row ?? { count: 0, same: null };
}

/** Takes one back; false when it was before. */
export async function revokeDelegation(
  tx: Transaction,
  { tenant, id, by, now }: { tenant: TenantId; id: string; by: string; now: number },
): Promise<boolean> {
  const rows = await tx.query(
    'update delegations set revoked_at = $3, revoked_by = $4 where tenant = $1 and id = $2 and revoked_at is null returning 1',
    [tenant, id, now, by],
  );
  return rows.length === 1;
}

/** Whether one that nobody took back holds at epoch milliseconds `now`. */
export function isInForce({ from, until }: Pick<Delegation, 'from' | 'until'>, now: number): boolean {
  return from <= now && now < until;
}
