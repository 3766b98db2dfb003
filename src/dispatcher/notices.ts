import { escalationId } from '../domain/ids.js';
import {
  dropNotice,
  everyChannelFailed,
  leaseNotices,
  markFailed,
  markSent,
  noticeFacts,
  type NoticeRow,
} from '../store/outbox.js';
import type { Transaction } from '../store/database.js';
import { lockQuestion, markUndelivered } from '../store/questions.js';
import { appendJournal } from '../store/journal.js';
import type { DispatcherDeps } from './deps.js';
import type { Notice } from '../activities/ports.js';

/** Six attempts over about half an hour; then the channel has failed for this notice. */
const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 2_000;
/** When a send is given up. Servers may hold their greeting back for half of it on purpose. */
export const LONGEST_SEND_MS = 40_000;
/** Far longer than a send: while one lasts, no other worker sends the same. */
const LEASE_MS = 3 * LONGEST_SEND_MS;

const TITLES = {
  asked: 'A decision is waiting',
  reminder: 'Reminder: a decision is waiting',
  notice: 'An action runs without a decision',
  'hand-over': 'A task needs you',
} as const satisfies Record<NoticeRow['kind'], string>;

/** Sends what is due in the outbox, side by side; returns how many were looked at. */
export async function sendNotices(deps: DispatcherDeps, now: number): Promise<number> {
  const due = await leaseNotices(deps.database, now, LEASE_MS);
  if (due.length === 0) return 0;
  const signal = AbortSignal.timeout(LONGEST_SEND_MS);
  const ends = await Promise.allSettled(due.map((row) => sendOne(deps, row, signal)));
  const lost = ends.find((end) => end.status === 'rejected');
  if (lost) throw new Error('a notice has no end on record', { cause: lost.reason });
  return due.length;
}

async function sendOne(deps: DispatcherDeps, row: NoticeRow, signal: AbortSignal): Promise<void> {
  const to = await deps.addressesOf(row.tenant, row.role);
  // The role reads its desk only: what lies there is delivered, and no channel has failed.
  if (to.length === 0) return dropNotice(deps.database, row.id);
  const error = await attempt(deps, row, to, signal);
  if (error) return failed(deps, row, error);
  await markSent(deps.database, row.id, await deps.database.now());
}

async function attempt(
  deps: DispatcherDeps,
  row: NoticeRow,
  to: readonly string[],
  signal: AbortSignal,
): Promise<Error | undefined> {
  const notifier = deps.notifiers.find((each) => each.channel === row.channel);
  const facts = await noticeFacts(deps.database, row);
  if (!notifier || !facts) return new Error('nothing to send it with');
  try {
    await notifier.send(noticeOf(row, facts, to), signal);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error('unknown');
  }
}

/** What a notification says: title, tier, deadline of a question and id, nothing else. */
export function noticeOf(
  row: NoticeRow,
  facts: { tool: string; tier: number; answerBy: number | null },
  to: readonly string[],
): Notice {
  const deadline = facts.answerBy === null ? 'none' : new Date(facts.answerBy).toISOString();
  const id = row.kind === 'hand-over' ? escalationId(row.task, 0) : escalationId(row.task, row.operation);
  return {
    to,
    title: `${TITLES[row.kind]}: ${id}`,
    lines: [
      `${TITLES[row.kind]}.`,
      `Tier: ${facts.tier}`,
      ...(row.kind === 'notice' ? [] : [`Deadline: ${deadline}`]),
      `Id: ${id}`,
    ],
    id: `${row.id}.${row.tenant}`,
  };
}

async function failed(deps: DispatcherDeps, row: NoticeRow, error: Error): Promise<void> {
  const permanent = 'responseCode' in error && Number(error.responseCode) >= 500;
  const last = permanent || row.attempts >= ATTEMPTS;
  deps.log('warn', 'notice-failed', { id: row.id, channel: row.channel, attempts: row.attempts, last });
  await deps.database.transaction(async (tx) => {
    const now = await tx.now();
    const retryAt = last ? null : now + FIRST_PAUSE_MS * 3 ** (row.attempts - 1);
    await markFailed(tx, row.id, { error: error.name, retryAt, now });
    if (last) await endUnheard(tx, row, now);
  });
}

/** Ends the rung that is asked now when every channel failed; under the question's lock, so that those failing at once see each other. */
async function endUnheard(tx: Transaction, row: NoticeRow, now: number): Promise<void> {
  if (row.kind !== 'asked') return;
  const question = await lockQuestion(tx, row);
  if (question?.status !== 'open' || question.rung !== row.rung || !(await everyChannelFailed(tx, row)))
    return;
  markUndelivered(tx, row);
  const { operation, generation, round, rung } = row;
  const event = {
    id: `undelivered/${operation}.${generation}.${round}.${rung}`,
    type: 'undelivered',
    body: { operation, generation, round, rung, role: row.role },
  };
  await appendJournal(tx, { tenant: row.tenant, task: row.task, now, events: [event] });
}
