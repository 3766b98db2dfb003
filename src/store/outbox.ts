import type { Tier } from '../domain/action.js';
import type { Brief, Flag } from '../domain/brief.js';
import type { TaskId, TenantId } from '../domain/ids.js';
import type { Verdict } from '../domain/verdict.js';
import { EVERY_TENANT } from './halts.js';
import type { QuestionRow, RoundRef } from './questions.js';
import type { Queries, Transaction } from './database.js';

/** What a notification is about. */
export type NoticeKind = 'asked' | 'reminder' | 'timed-out' | 'notice' | 'hand-over';

/** A channel that has not taken a notification within this time is not waited for: the next is used as well. */
export const PATIENCE_MS = 120_000;

/** A notification on one channel. */
export interface NoticeRow extends RoundRef {
  readonly id: number;
  readonly rung: number;
  readonly kind: NoticeKind;
  readonly channel: string;
  /** The place of its channel: 0 is used first. */
  readonly turn: number;
  readonly role: string;
  readonly attempts: number;
}

const COLUMNS = 'id, tenant, task, operation, generation, round, rung, kind, channel, turn, role, attempts';
const WAITS = 'sent_at is null and failed_at is null';
/** Whether the attempt is still the last one: a sender that was away for longer than its lease ends nothing that another one has taken over. */
const MINE = `id = $1 and attempts = $2 and ${WAITS}`;
const SAME = `tenant = $1 and task = $2 and operation = $3 and generation = $4 and round = $5 and rung = $6 and kind = $7 and role = $8`;

function same(row: NoticeRow): unknown[] {
  return [row.tenant, row.task, row.operation, row.generation, row.round, row.rung, row.kind, row.role];
}

/**
 * Puts a notification into the outbox, in the transaction that makes it true: a row for each channel, each due {@link PATIENCE_MS} after the
 * one before. A due time in the future is a reminder's.
 */
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
    `insert into outbox (tenant, task, operation, generation, round, rung, kind, role, channel, turn, due_at)
     select $1, $2, $3, $4, $5, $6, $7, $8, channel, turn - 1, $10::bigint + (turn - 1) * $11::bigint
     from unnest($9::text[]) with ordinality as listed (channel, turn)`,
    [
      notices.tenant,
      notices.task,
      notices.operation,
      notices.generation,
      notices.round,
      notices.rung,
      notices.kind,
      notices.role,
      notices.channels,
      notices.dueAt,
      PATIENCE_MS,
    ],
  );
}

/** Leases what is due on a channel by moving its due time; what asks about a question that is no longer open on that rung is dropped. */
export async function leaseNotices(
  queries: Queries,
  { channel, now, leaseMs }: { readonly channel: string; readonly now: number; readonly leaseMs: number },
): Promise<readonly NoticeRow[]> {
  await queries.query(
    `update outbox o set failed_at = $1, error = 'not open any more'
     where ${WAITS} and channel = $2 and due_at <= $1 and kind in ('asked', 'reminder')
       and not exists (select 1 from questions q where q.tenant = o.tenant and q.task = o.task and q.operation = o.operation
         and q.generation = o.generation and q.round = o.round and q.rung = o.rung and q.status = 'open')`,
    [now, channel],
  );
  return queries.query<NoticeRow>(
    `update outbox set due_at = $1::bigint + $2::bigint, attempts = attempts + 1 where id in
       (select id from outbox where ${WAITS} and channel = $3 and due_at <= $1 order by due_at limit 10 for update skip locked)
     returning ${COLUMNS}`,
    [now, leaseMs, channel],
  );
}

/** What a notification may be made of: nothing of the arguments, nothing anybody wrote. */
export interface NoticeFacts {
  readonly question: QuestionRow['kind'];
  readonly tool: string;
  readonly tier: Tier;
  readonly answerBy: number | null;
  readonly ladder: Verdict['ladder'];
  readonly flags: readonly Flag[];
  readonly closedAs: string | null;
}

/** The facts a notification is made of; undefined when its question is gone. */
export async function noticeFacts(queries: Queries, ref: RoundRef): Promise<NoticeFacts | undefined> {
  const [row] = await queries.query<
    Omit<NoticeFacts, 'ladder' | 'flags'> & { verdict: string; brief: string }
  >(
    `select kind as question, tool, tier, answer_by as "answerBy", closed_as as "closedAs", verdict, brief from questions
     where tenant = $1 and task = $2 and operation = $3 and generation = $4 and round = $5`,
    [ref.tenant, ref.task, ref.operation, ref.generation, ref.round],
  );
  if (!row) return undefined;
  const { verdict, brief, ...facts } = row;
  const { ladder } = JSON.parse(verdict) as Verdict; // written by openQuestion
  const shown = JSON.parse(brief) as Brief | null; // written by openQuestion
  return { ...facts, ladder, flags: shown?.flags ?? [] };
}

/** Kinds whose message tells in the end what became of the question. */
const FOLLOWED: ReadonlySet<NoticeKind> = new Set(['asked', 'reminder', 'hand-over']);

/**
 * Notes that a channel took a notification: those after it need not be used. `reference` names the message, where it can be changed. One that
 * came back sooner than this was noted stays failed.
 */
export async function markSent(
  tx: Transaction,
  row: NoticeRow,
  { reference, now }: { readonly reference: string | null; readonly now: number },
): Promise<void> {
  const follow = reference !== null && FOLLOWED.has(row.kind);
  const noted = await tx.query(
    `update outbox set sent_at = $2, reference = $3, amend_at = $4 where id = $1 and ${WAITS} returning 1`,
    [row.id, now, reference, follow ? now : null],
  );
  if (noted.length === 0) return;
  await tx.query(`update outbox set due_at = null where ${SAME} and turn > $9 and ${WAITS}`, [
    ...same(row),
    row.turn,
  ]);
}

/** Takes a notification out that has nobody to go to; false when it is another sender's. */
export async function dropNotice(tx: Transaction, row: NoticeRow): Promise<boolean> {
  const rows = await tx.query(`delete from outbox where ${MINE} returning 1`, [row.id, row.attempts]);
  return rows.length === 1;
}

/** Notes an attempt that failed and will be repeated. */
export async function markRetry(
  queries: Queries,
  row: NoticeRow,
  { error, retryAt }: { readonly error: string; readonly retryAt: number },
): Promise<void> {
  await queries.query(`update outbox set error = $3, due_at = $4 where ${MINE}`, [
    row.id,
    row.attempts,
    error,
    retryAt,
  ]);
}

/** Gives a lease back whose notification was never sent. */
export async function putBack(queries: Queries, row: NoticeRow, now: number): Promise<void> {
  await queries.query(`update outbox set due_at = $3, attempts = attempts - 1 where ${MINE}`, [
    row.id,
    row.attempts,
    now,
  ]);
}

/** Notes that a channel failed a notification for good; false when it is another sender's. */
export async function markFailed(
  tx: Transaction,
  row: NoticeRow,
  { error, now }: { readonly error: string; readonly now: number },
): Promise<boolean> {
  const rows = await tx.query(`update outbox set error = $3, failed_at = $4 where ${MINE} returning 1`, [
    row.id,
    row.attempts,
    error,
    now,
  ]);
  return rows.length === 1;
}

/** Notes that a notification came back, whether its sender has noted that it was taken or not; false when that was known. */
export async function markBounced(tx: Transaction, row: NoticeRow, now: number): Promise<boolean> {
  const rows = await tx.query(
    `update outbox set error = 'bounced', failed_at = $2, amend_at = null where id = $1 and failed_at is null returning 1`,
    [row.id, now],
  );
  return rows.length === 1;
}

/** Makes the next channel of a notification due at once, unless it is being used. */
export async function passOn(tx: Transaction, row: NoticeRow, now: number): Promise<void> {
  await tx.query(
    `update outbox set due_at = $10 where (attempts = 0 or due_at is null) and id =
       (select id from outbox where ${SAME} and turn > $9 and ${WAITS} order by turn limit 1)`,
    [...same(row), row.turn, now],
  );
}

/** The notification of a tenant with this number. */
export async function findNotice(
  queries: Queries,
  tenant: string,
  id: number,
): Promise<NoticeRow | undefined> {
  const [row] = await queries.query<NoticeRow>(
    `select ${COLUMNS} from outbox where tenant = $1 and id = $2`,
    [tenant, id],
  );
  return row;
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

/**
 * Open rounds that reached nobody, leased by moving their mark, so that their runs are told again until they have moved on, ever more rarely.
 * Only those that can: with the owner no silence counts, nor under a halt, which the window of a soft call outlasts.
 */
export async function leaseUndeliveredRounds(queries: Queries, now: number, leaseMs: number) {
  return queries.query<{ tenant: TenantId; task: TaskId }>(
    `update questions set undelivered_sends = undelivered_sends + 1,
       undelivered_lease = $1::bigint + least(60000, $2::bigint * (1 << least(undelivered_sends, 4)))
     where (tenant, task, operation, generation, round) in
       (select tenant, task, operation, generation, round from questions q
        where status = 'open' and undelivered and undelivered_lease <= $1 and answer_by is not null
          and (kind = 'confirmation' or not exists (select 1 from halts h where h.lifted_at is null and (h.scope = 'all' and h.tenant = $3
            or h.tenant = q.tenant and (h.scope = 'tenant' or h.scope = 'agent' and h.target = q.agent or h.scope = 'task' and h.target = q.task))))
        limit 50 for update skip locked)
     returning tenant, task`,
    [now, leaseMs, EVERY_TENANT],
  );
}
