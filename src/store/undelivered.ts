import type { TaskId, TenantId } from '../domain/ids.js';
import type { Database, Transaction } from './database.js';
import { appendJournal } from './journal.js';
import {
  dropNotice,
  everyChannelFailed,
  findNotice,
  markBounced,
  markFailed,
  passOn,
  type NoticeRow,
} from './outbox.js';
import { lockQuestion, markUndelivered } from './questions.js';

/**
 * Ends a notification on its channel, as `end` does it: the next channel is due at once, and a rung of which every channel failed is over,
 * unless somebody has acted on it. Under the question's lock, so that channels that fail at once see each other.
 */
async function leave(tx: Transaction, row: NoticeRow, end: (now: number) => Promise<boolean>): Promise<void> {
  const question = await lockQuestion(tx, row);
  const now = await tx.now();
  if (!(await end(now))) return;
  await passOn(tx, row, now);
  if (row.kind !== 'asked' || question?.status !== 'open' || question.rung !== row.rung) return;
  if (!(await everyChannelFailed(tx, row)) || (await isActedOn(tx, row))) return;
  markUndelivered(tx, row);
  const { operation, generation, round, rung } = row;
  const event = {
    id: `undelivered/${operation}.${generation}.${round}.${rung}`,
    type: 'undelivered',
    body: { operation, generation, round, rung, role: row.role },
  };
  await appendJournal(tx, { tenant: row.tenant, task: row.task, now, events: [event] });
}

/** Whether somebody acted on a rung: a decision about its round took effect that was made since the rung was asked. */
async function isActedOn(
  tx: Transaction,
  { tenant, task, operation, generation, round, rung }: NoticeRow,
): Promise<boolean> {
  const rows = await tx.query(
    `select 1 from decisions where tenant = $1 and task = $2 and operation = $3 and generation = $4 and round = $5 and outcome = 'applied'
       and at > (select at from journal where tenant = $1 and task = $2 and event_id = $6) limit 1`,
    [tenant, task, operation, generation, round, `asked/${operation}.${generation}.${round}.${rung}`],
  );
  return rows.length === 1;
}

/** Notes that a channel failed a notification for good. `error` is a code: it holds nothing of anybody. */
export async function failNotice(database: Database, row: NoticeRow, error: string): Promise<void> {
  await database.transaction((tx) => leave(tx, row, (now) => markFailed(tx, row, { error, now })));
}

/** Takes a channel out of a notification that has no address there. A role without any reads its desk: what lies there is delivered. */
export async function skipNotice(database: Database, row: NoticeRow): Promise<void> {
  await database.transaction((tx) => leave(tx, row, () => dropNotice(tx, row)));
}

/**
 * Notes that a mail came back after a server had taken it. `messageId` is the mail's, with or without its angle brackets. False when it is no
 * mail of this tenant's notifications. A repeat changes nothing.
 */
export async function bounced(
  database: Database,
  { tenant, messageId }: { readonly tenant: string; readonly messageId: string },
): Promise<boolean> {
  const parts = /^<?(\d{1,15})\.([A-Za-z0-9._~-]{1,128})@countersign>?$/.exec(messageId);
  if (parts?.[1] === undefined || parts[2] !== tenant) return false;
  const row = await findNotice(database, tenant, Number(parts[1]));
  if (row?.channel !== 'mail') return false;
  await database.transaction((tx) => leave(tx, row, (now) => markBounced(tx, row, now)));
  return true;
}

/**
 * Ends the rungs of a task that reached nobody; a repeat says the same. Where somebody decided all the same, their word counts first. The
 * owner's, who has no deadline, does not end.
 */
export function endUndelivered(tx: Transaction, tenant: TenantId, task: TaskId) {
  const SILENT = "tenant = $1 and task = $2 and status = 'open' and undelivered and answer_by is not null";
  // A statement of its own: one that waited for a decision being stored would not see it.
  tx.send(`select 1 from questions where ${SILENT} order by operation, round for update`, [tenant, task]);
  return tx.query<{ operation: number; round: number; rung: number }>(
    `update questions q set rung_over = true where ${SILENT}
       and not exists (select 1 from decisions d where d.tenant = q.tenant and d.task = q.task and d.operation = q.operation
         and d.round = q.round and d.outcome is null)
     returning operation, round, rung`,
    [tenant, task],
  );
}
