import { randomBytes } from 'node:crypto';
import type { Json } from '../domain/action.js';
import type { Digest, TaskId, TenantId } from '../domain/ids.js';
import { canonicalJson } from '../contract/canonical.js';
import { sealTexts } from '../contract/journal-chain.js';
import type { Database, Queries, Transaction } from './database.js';

/** Something to be journalled. `id` makes a repeat harmless; `texts` (names, free text) stand beside the chain, salted digests inside it. */
export interface JournalEvent {
  readonly id: string;
  readonly type: string;
  readonly body: Readonly<Record<string, Json | undefined>>;
  readonly texts?: Readonly<Record<string, string>>;
}

/** The end of a task's chain. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
}

/** One entry as it is stored. */
export interface JournalRow {
  readonly tenant: string;
  readonly task: string;
  readonly seq: number;
  readonly eventId: string;
  readonly type: string;
  readonly at: number;
  readonly body: string;
  readonly texts: string | null;
  readonly salt: string | null;
  readonly prev: string;
  readonly hash: string;
}

/** The chain of what concerns a whole tenant: policies, wider halts, tokens. No task can have this name. */
export const TENANT_CHAIN = '~tenant' as TaskId; // task names start with a letter or digit

/**
 * Appends to a task's chain under the lock of its head, which is always the last lock of a transaction. Of two transactions the one that
 * read the time first may come second: an entry is never dated before the one it follows. `runId` is set by the
 * workflow's activities: a run that the chain has not seen becomes an event first. Throws at once, before anything is sent, when an event
 * cannot be journalled: nothing may be committed behind it.
 */
export function appendJournal(
  tx: Transaction,
  entry: { tenant: TenantId; task: TaskId; now: number; runId?: string; events: readonly JournalEvent[] },
): Promise<Head> {
  const sealed = entry.events.map(seal);
  // A run that the chain has not seen is written into its task: everybody locks that before the head.
  if (entry.runId !== undefined)
    tx.send(
      'select 1 from tasks where tenant = $1 and task = $2 and run_id is distinct from $3 for no key update',
      [entry.tenant, entry.task, entry.runId],
    );
  const appended = tx.query<{ head_seq: number; head_hash: string }>(
    'select head_seq, head_hash from journal_append($1, $2, $3, $4, $5, $6, $7, $8, $9)',
    [
      entry.tenant,
      entry.task,
      entry.now,
      entry.runId ?? null,
      sealed.map((event) => event.id),
      sealed.map((event) => event.type),
      sealed.map((event) => event.body),
      sealed.map((event) => event.texts),
      sealed.map((event) => event.salt),
    ],
  );
  return appended.then(([head]) => {
    if (!head) throw new Error('journal_append gave no head');
    return { seq: head.head_seq, hash: head.head_hash };
  });
}

function seal(event: JournalEvent) {
  const body: Record<string, Json> = {};
  for (const [key, value] of Object.entries(event.body)) if (value !== undefined) body[key] = value;
  if (!event.texts)
    return { id: event.id, type: event.type, body: canonicalJson(body), texts: null, salt: null };
  const salt = randomBytes(16).toString('hex');
  body['sealed'] = sealTexts(event.texts, salt);
  return {
    id: event.id,
    type: event.type,
    body: canonicalJson(body),
    texts: canonicalJson(event.texts),
    salt,
  };
}

const COLUMNS = 'tenant, task, seq, event_id as "eventId", type, at, body, texts, salt, prev, hash';

/** Whether a task's chain has an entry of this event already; the caller holds what keeps it from coming meanwhile. */
export async function isJournalled(
  queries: Queries,
  of: { readonly tenant: TenantId; readonly task: TaskId; readonly id: string },
): Promise<boolean> {
  const rows = await queries.query(
    'select 1 from journal where tenant = $1 and task = $2 and event_id = $3 limit 1',
    [of.tenant, of.task, of.id],
  );
  return rows.length === 1;
}

/** A page of entries of one task in order, or of a tenant by time. */
export async function readJournal(
  queries: Queries,
  filter: { tenant: TenantId; task?: TaskId; afterSeq?: number; from?: number; to?: number; limit: number },
): Promise<readonly JournalRow[]> {
  if (filter.task !== undefined) {
    return queries.query<JournalRow>(
      `select ${COLUMNS} from journal where tenant = $1 and task = $2 and seq > $3 order by seq limit $4`,
      [filter.tenant, filter.task, filter.afterSeq ?? 0, filter.limit],
    );
  }
  return queries.query<JournalRow>(
    `select ${COLUMNS} from journal where tenant = $1 and at >= $2 and at <= $3 order by at, task, seq limit $4`,
    [filter.tenant, filter.from ?? 0, filter.to ?? Number.MAX_SAFE_INTEGER, filter.limit],
  );
}

/** Tenants with chains that grew since their last checkpoint. */
export async function tenantsToCheckpoint(queries: Queries): Promise<readonly TenantId[]> {
  const rows = await queries.query<{ tenant: TenantId }>(
    'select distinct tenant from journal_heads where checkpointed_seq < seq order by tenant',
  );
  return rows.map((row) => row.tenant);
}

/** Heads of a tenant's chains that grew since their last checkpoint, with what the checkpoint has to name. */
export async function headsToCheckpoint(queries: Queries, tenant: TenantId, limit: number) {
  return queries.query<{ tenant: TenantId; task: TaskId; seq: number; hash: string }>(
    'select tenant, task, seq, hash from journal_heads where tenant = $1 and checkpointed_seq < seq order by task limit $2',
    [tenant, limit],
  );
}

/** Up to which entry each chain of a tenant stands in a checkpoint, by name; those that never did are left out. */
export async function readAnchors(
  queries: Queries,
  filter: { tenant: TenantId; task: TaskId | undefined; after: string; limit: number },
) {
  return queries.query<{ tenant: TenantId; task: TaskId; seq: number }>(
    `select tenant, task, checkpointed_seq as seq from journal_heads
     where tenant = $1 and task > $2 and ($3::text is null or task = $3) and checkpointed_seq > 0 order by task limit $4`,
    [filter.tenant, filter.after, filter.task ?? null, filter.limit],
  );
}

/** Remembers that these heads stand in a checkpoint that was written. */
export async function markCheckpointed(
  queries: Queries,
  heads: readonly { tenant: TenantId; task: TaskId; seq: number }[],
): Promise<void> {
  await queries.query(
    `update journal_heads h set checkpointed_seq = c.seq
     from unnest($1::text[], $2::text[], $3::bigint[]) as c (tenant, task, seq)
     where h.tenant = c.tenant and h.task = c.task and h.checkpointed_seq < c.seq`,
    [heads.map((head) => head.tenant), heads.map((head) => head.task), heads.map((head) => head.seq)],
  );
}

/** A checkpoint that was written: its number, and the digest of its text. */
export interface WrittenCheckpoint {
  readonly n: number;
  readonly digest: Digest;
}

/** The last one that was written of a tenant, whatever folder it stands in. */
export async function lastCheckpoint(
  queries: Queries,
  tenant: TenantId,
): Promise<WrittenCheckpoint | undefined> {
  const [row] = await queries.query<WrittenCheckpoint>(
    'select n, digest from checkpoints where tenant = $1',
    [tenant],
  );
  return row;
}

/** Remembers which one was written last. */
export async function noteCheckpoint(
  queries: Queries,
  { tenant, n, digest }: WrittenCheckpoint & { readonly tenant: TenantId },
): Promise<void> {
  await queries.query(
    'insert into checkpoints (tenant, n, digest) values ($1, $2, $3) on conflict (tenant) do update set n = $2, digest = $3',
    [tenant, n, digest],
  );
}

/** Entries of a whole tenant in order of time, after a place in that order. */
export async function readJournalByTime(
  queries: Queries,
  filter: {
    tenant: TenantId;
    from: number;
    to: number;
    after: { at: number; task: string; seq: number } | undefined;
    limit: number;
  },
): Promise<readonly JournalRow[]> {
  const { after } = filter;
  return queries.query<JournalRow>(
    `select ${COLUMNS} from journal where tenant = $1 and at >= $2 and at <= $3 and ($4::bigint is null or (at, task, seq) > ($4, $5::text, $6::bigint))
     order by at, task, seq limit $7`,
    [
      filter.tenant,
      filter.from,
      filter.to,
      after?.at ?? null,
      after?.task ?? null,
      after?.seq ?? null,
      filter.limit,
    ],
  );
}

/** Runs `work` unless another process is at the same kind of work now; then undefined. */
export async function aloneAtCheckpoints<T>(
  database: Database,
  work: (tx: Transaction) => Promise<T>,
): Promise<T | undefined> {
  return database.transaction(async (tx) => {
    const [row] = await tx.query<{ alone: boolean }>(
      "select pg_try_advisory_xact_lock(hashtextextended('countersign:checkpoints', 0)) as alone",
    );
    return row?.alone === true ? work(tx) : undefined;
  });
}
