import type { TenantId } from '../domain/ids.js';
import type { Queries, Transaction } from './database.js';

/** Somebody is away from one time to another, epoch milliseconds. */
export interface Absence {
  readonly subject: string;
  readonly from: number;
  readonly until: number;
}

/** Somebody stands in for another in a role for a time. */
export interface StandIn {
  readonly by: string;
  readonly to: string;
  readonly role: string;
  readonly from: number;
  readonly until: number;
}

/** What the store knows of a tenant's people. */
export interface Staff {
  /** Of the roles whose members stand here. */
  readonly members: KeptMembers;
  readonly absences: readonly Absence[];
  readonly standIns: readonly StandIn[];
}

interface StaffRow {
  readonly members: Readonly<Record<string, readonly string[]>> | null;
  readonly absences: readonly Absence[] | null;
  readonly standIns: readonly StandIn[] | null;
}

/** All of it that is not over yet, in one statement. */
export async function readStaff(queries: Queries, tenant: TenantId): Promise<Staff> {
  const [row] = await queries.query<StaffRow>(
    `select ${KEPT_MEMBERS} as members,
       (select json_agg(a) from (select subject, starts_at as "from", ends_at as until from absences
          where tenant = $1 and ends_at > extract(epoch from clock_timestamp()) * 1000 order by subject) a) as absences,
       (select json_agg(d) from (select by_subject as by, to_subject as to, role, starts_at as "from", ends_at as until from delegations
          where tenant = $1 and role is not null and revoked_at is null and ends_at > extract(epoch from clock_timestamp()) * 1000 order by id) d) as "standIns"`,
    [tenant],
  );
  return {
    members: keptOf(row?.members ?? null),
    absences: row?.absences ?? [],
    standIns: row?.standIns ?? [],
  };
}

/** The members of the roles whose members stand in the store. */
export type KeptMembers = ReadonlyMap<string, readonly string[]>;

/** As one column that {@link keptOf} reads; $1 is the tenant. */
export const KEPT_MEMBERS =
  '(select json_object_agg(role, subjects) from (select role, array_agg(subject order by subject) as subjects from role_members where tenant = $1 group by role) m)';

/** The members out of the column. */
export function keptOf(column: Readonly<Record<string, readonly string[]>> | null): KeptMembers {
  return new Map(Object.entries(column ?? {}));
}

/** What the store knows of a tenant's roles. */
export async function keptMembers(queries: Queries, tenant: TenantId): Promise<KeptMembers> {
  const [row] = await queries.query<{ kept: Record<string, readonly string[]> | null }>(
    `select ${KEPT_MEMBERS} as kept`,
    [tenant],
  );
  return keptOf(row?.kept ?? null);
}

/** Holds a tenant's lists of members until the end of the transaction: one change after the other, so that no two lists mix. */
export async function lockMembers(tx: Transaction, tenant: TenantId): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`countersign:roster:${tenant}`]);
}

/** Replaces the members of a role; the caller holds the lists. */
export function writeMembers(
  queries: Pick<Transaction, 'send'>,
  { tenant, role, members }: { tenant: TenantId; role: string; members: readonly string[] },
): void {
  queries.send('delete from role_members where tenant = $1 and role = $2 and subject <> all($3::text[])', [
    tenant,
    role,
    members,
  ]);
  queries.send(
    'insert into role_members (tenant, role, subject) select $1, $2, unnest($3::text[]) on conflict do nothing',
    [tenant, role, members],
  );
}

/** Notes when somebody is away; what was noted of them before is replaced. */
export function writeAbsence(
  queries: Pick<Transaction, 'send'>,
  { tenant, subject, from, until }: Absence & { tenant: TenantId },
): void {
  queries.send(
    `insert into absences (tenant, subject, starts_at, ends_at) values ($1, $2, $3, $4)
     on conflict (tenant, subject) do update set starts_at = $3, ends_at = $4`,
    [tenant, subject, from, until],
  );
}
