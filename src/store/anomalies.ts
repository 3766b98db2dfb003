import type { ClosedAs } from '../contract/closing-record.js';
import type { AnomalyIdentity } from '../contract/digest.js';
import type { AnomalyId, TaskId, TenantId } from '../domain/ids.js';
import type { Database, Queries, Transaction } from './database.js';
import { appendJournal, TENANT_CHAIN } from './journal.js';
import { findTask } from './tasks.js';

/** A class of anomalies as stored. Of its closing only the signature counts; the columns beside it are for reading. */
export interface AnomalyRow extends AnomalyIdentity {
  readonly id: AnomalyId;
  /** The role that answered for the agent when it was last seen. */
  readonly owner: string;
  readonly state: 'open' | 'closed';
  readonly count: number;
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  readonly lastTask: TaskId;
  readonly lastOperation: number;
  /** The last closing, also of one that was seen again since; null = never closed. */
  readonly closing: string | null;
  readonly closedAs: ClosedAs | null;
  readonly closedBy: string | null;
  readonly closedAt: number | null;
  readonly learnt: string | null;
  readonly expiresAt: number | null;
}

const COLUMNS = `a.id, a.tenant, a.agent, a.tool, a.rule, a.rule_digest as "ruleDigest", a.situation, a.owner, a.state, a.count,
  a.first_seen_at as "firstSeenAt", a.last_seen_at as "lastSeenAt", a.last_task as "lastTask", a.last_operation as "lastOperation",
  a.closing, a.closed_as as "closedAs", a.closed_by as "closedBy", a.closed_at as "closedAt", a.learnt, a.expires_at as "expiresAt"`;

/** Anomalies that were met in one asking: all of one call. */
export interface Sighting {
  readonly tenant: TenantId;
  readonly agent: string;
  readonly tool: string;
  readonly situation: string;
  readonly owner: string;
  readonly task: TaskId;
  readonly operation: number;
  readonly classes: readonly Pick<AnomalyRow, 'id' | 'rule' | 'ruleDigest'>[];
  readonly now: number;
}

/** What is seen again although it was closed opens again, unless it is expected and that is not over. */
const OVER = `(a.state = 'closed' and not (a.closed_as = 'expected' and a.expires_at > excluded.last_seen_at))`;

/**
 * Counts what was seen, in the order of the ids, so that two askings never wait for each other in a circle. Answers what opened again: a
 * row says it of its last sighting, since an upsert cannot tell what was before.
 */
export async function sightAnomalies(tx: Transaction, sighting: Sighting): Promise<readonly AnomalyId[]> {
  const { tenant, agent, tool, situation, owner, task, operation, classes, now } = sighting;
  const rows = await tx.query<{ id: AnomalyId; reopened: boolean }>(
    `insert into anomalies as a
       (id, tenant, agent, tool, rule, rule_digest, situation, owner, first_seen_at, last_seen_at, last_task, last_operation)
     select c.id, $4, $5, $6, c.rule, c.rule_digest, $7, $8, $9, $9, $10, $11
     from unnest($1::text[], $2::text[], $3::text[]) as c (id, rule, rule_digest) order by c.id
     on conflict (id) do update set count = a.count + 1, owner = excluded.owner, last_seen_at = greatest(a.last_seen_at, excluded.last_seen_at),
       last_task = excluded.last_task, last_operation = excluded.last_operation, reopened = ${OVER},
       state = case when ${OVER} then 'open' else a.state end
     returning a.id, a.reopened`,
    [
      classes.map(({ id }) => id),
      classes.map(({ rule }) => rule),
      classes.map(({ ruleDigest }) => ruleDigest),
      tenant,
      agent,
      tool,
      situation,
      owner,
      now,
      task,
      operation,
    ],
  );
  return rows.filter(({ reopened }) => reopened).map(({ id }) => id);
}

/** The signed closings of those that are closed as expected, as their rows say; only found here, nothing of it is checked. */
export async function expectedClosings(
  queries: Queries,
  ids: readonly AnomalyId[],
): Promise<readonly { readonly id: AnomalyId; readonly jws: string | null }[]> {
  return queries.query<{ id: AnomalyId; jws: string | null }>(
    "select id, jws from anomalies where id = any($1) and state = 'closed' and closed_as = 'expected'",
    [ids],
  );
}

/** One of a tenant. */
export async function findAnomaly(
  queries: Queries,
  tenant: TenantId,
  id: string,
): Promise<AnomalyRow | undefined> {
  const [row] = await queries.query<AnomalyRow>(
    `select ${COLUMNS} from anomalies a where a.id = $1 and a.tenant = $2`,
    [id, tenant],
  );
  return row;
}

/** Those of a tenant, the newest first, after a place in that order. */
export async function listAnomalies(
  queries: Queries,
  filter: {
    readonly tenant: TenantId;
    readonly state: AnomalyRow['state'] | null;
    readonly after: { readonly firstSeenAt: number; readonly id: string } | undefined;
    readonly limit: number;
  },
): Promise<readonly AnomalyRow[]> {
  const { tenant, state, after, limit } = filter;
  return queries.query<AnomalyRow>(
    `select ${COLUMNS} from anomalies a where a.tenant = $1 and ($2::text is null or a.state = $2)
       and ($3::bigint is null or a.first_seen_at < $3 or (a.first_seen_at = $3 and a.id > $4))
     order by a.first_seen_at desc, a.id limit $5`,
    [tenant, state, after?.firstSeenAt ?? null, after?.id ?? '', limit],
  );
}

/** A closing to be stored. */
export interface NewClosing {
  readonly tenant: TenantId;
  readonly anomaly: AnomalyId;
  readonly id: string;
  readonly as: ClosedAs;
  readonly by: string;
  readonly learnt: string;
  readonly learntSalt: string;
  /** How long it is expected; null for the others. */
  readonly forMs: number | null;
  /** Throws unless the row, as it stands under its lock, may be closed; `requester` asked for the task it was last seen in. Answers the role. */
  readonly admit: (row: AnomalyRow, requester: string | null) => string;
  readonly sign: (signed: {
    readonly at: number;
    readonly until: number | null;
    readonly role: string;
  }) => string;
}

/** Closes an anomaly, journalled; undefined when there is none. A repeat of the same closing changes nothing. */
export async function closeAnomaly(database: Database, closing: NewClosing): Promise<AnomalyRow | undefined> {
  return database.transaction(async (tx) => {
    const [row] = await lockAnomaly(tx, closing);
    if (!row || row.closing === closing.id) return row;
    // A later statement: only now nobody can move `lastTask` any more.
    const [task, at] = await Promise.all([findTask(tx, row.tenant, row.lastTask), tx.now()]);
    const role = closing.admit(row, task?.requester ?? null);
    const until = closing.forMs === null ? null : at + closing.forMs;
    storeClosing(tx, closing, { at, until, jws: closing.sign({ at, until, role }) });
    const { agent, tool, rule } = row;
    const { anomaly, id, as, by, learnt } = closing;
    const event = {
      id: `anomaly/${anomaly}/${id}`,
      type: 'anomaly-closed',
      body: { anomaly, closing: id, as, until, agent, tool, rule, role },
      texts: { by, learnt },
    };
    await tx.last(
      appendJournal(tx, { tenant: closing.tenant, task: TENANT_CHAIN, now: at, events: [event] }),
    );
    const state = 'closed' as const;
    return { ...row, state, closing: id, closedAs: as, closedBy: by, closedAt: at, learnt, expiresAt: until };
  });
}

function lockAnomaly(tx: Transaction, { anomaly, tenant }: NewClosing) {
  return tx.query<AnomalyRow>(
    `select ${COLUMNS} from anomalies a where a.id = $1 and a.tenant = $2 for update`,
    [anomaly, tenant],
  );
}

function storeClosing(
  tx: Transaction,
  { anomaly, id, as, by, learnt, learntSalt }: NewClosing,
  { at, until, jws }: { readonly at: number; readonly until: number | null; readonly jws: string },
): void {
  tx.send(
    `update anomalies set state = 'closed', closing = $2, closed_as = $3, closed_by = $4, closed_at = $5, learnt = $6, learnt_salt = $7,
       expires_at = $8, jws = $9 where id = $1`,
    [anomaly, id, as, by, at, learnt, learntSalt, until, jws],
  );
}
