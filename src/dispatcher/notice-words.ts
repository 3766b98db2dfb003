import { createHash } from 'node:crypto';
import type { Notice } from '../activities/ports.js';
import { escalationId } from '../domain/ids.js';
import type { Fallback } from '../domain/verdict.js';
import type { NoticeFacts, NoticeRow } from '../store/outbox.js';

type Words = Pick<Notice, 'headline' | 'next'>;

/** Where a notice goes and what its links are made of. */
export interface NoticeSetting {
  readonly to: readonly string[];
  readonly publicUrl: string | undefined;
  readonly now: number;
}

/** What a notification says: the gate's own words, names and figures, nothing else. */
export function noticeOf(row: NoticeRow, facts: NoticeFacts, setting: NoticeSetting): Notice {
  const asks = row.kind !== 'notice' && row.kind !== 'timed-out';
  return {
    ...common(row, facts, setting),
    ...wordsOf(row, facts),
    deadline: asks ? (facts.answerBy ?? 'none') : null,
  };
}

/** The same message once its question is over. Nobody is named. */
export function outcomeOf(row: NoticeRow, facts: NoticeFacts, setting: NoticeSetting): Notice {
  const headline = OUTCOMES.get(facts.closedAs ?? '') ?? 'Closed';
  return { ...common(row, facts, setting), headline, next: null, deadline: null };
}

function common(
  row: NoticeRow,
  facts: NoticeFacts,
  { to, publicUrl, now }: NoticeSetting,
): Omit<Notice, keyof Words | 'deadline'> {
  const about = escalationId(row.task, row.kind === 'hand-over' ? 0 : row.operation);
  const runs = row.kind === 'notice';
  const [label, path] = runs
    ? ['Open the task', `/tasks/${row.task}`]
    : ['Open the review', `/review/${about}`];
  return {
    to,
    id: `${row.id}.${row.tenant}`,
    thread: createHash('sha256').update(`${row.tenant}/${row.task}`).digest('hex').slice(0, 32),
    about,
    tier: facts.tier,
    tool: facts.tool === '' ? null : facts.tool,
    role: row.role,
    flags: facts.flags,
    now,
    link: publicUrl === undefined ? null : { label, url: `${publicUrl}${path}` },
    command: runs ? `countersign status ${row.task}` : `countersign show ${about}`,
  };
}

function wordsOf(row: NoticeRow, facts: NoticeFacts): Words {
  switch (row.kind) {
    case 'asked':
      return row.rung === 0
        ? { headline: 'A decision is waiting', next: null }
        : {
            headline: 'A decision was handed to you',
            next: 'The role that was asked before has not decided it.',
          };
    case 'reminder':
      return { headline: 'Reminder: a decision is waiting', next: null };
    case 'timed-out':
      return { headline: 'Nobody answered in time', next: afterSilence(row, facts) };
    case 'notice':
      return { headline: 'An action runs without a decision', next: null };
    case 'hand-over':
      return { headline: 'A task needs you', next: 'It ended without being finished.' };
  }
}

/** What happens now that a rung is over, as the run goes on from here. */
function afterSilence({ rung }: NoticeRow, { ladder, question }: NoticeFacts): string {
  const further = ladder.rungs[rung + 1];
  if (further) return `The question goes to ${further.role}. Until they have decided, you still may.`;
  if (question === 'confirmation') return 'What ran is undone.';
  return AFTER[question === 'resolution' ? 'hold' : ladder.fallback];
}

const AFTER = {
  deny: 'The action does not run.',
  safe: 'The action does not run; the safe one of the policy takes its place.',
  hold: 'It stays open, without a deadline, with the role that owns the agent. Until they have decided, you still may.',
  fail: 'The action does not run, and its task ends as failed.',
  halt: 'The action does not run, its task ends as failed, and the agent is halted.',
} as const satisfies Record<Fallback, string>;

/** What a question is closed as, in words; anything else is told as closed. */
const OUTCOMES: ReadonlyMap<string, string> = new Map([
  ['approve', 'Approved'],
  ['edit', 'Approved with changes'],
  ['rejected', 'Rejected'],
  ['answered', 'Answered'],
  ['taken-over', 'Taken over'],
  ['confirmed', 'Confirmed'],
  ['undoing', 'Undone'],
  ['undone', 'Undone'],
  ['denied', 'Nobody answered: the action does not run'],
  ['fallback', 'Nobody answered: the task ended'],
  ['withdrawn', 'Withdrawn'],
  ['left-unknown', 'Resolved'],
  ['asked-anew', 'Asked anew'],
  ['executed', 'Executed'],
  ['late-result', 'Settled by a late result'],
  ...['resolved', 'happened', 'not-happened', 'leave', 'left'].map((as) => [as, 'Resolved'] as const),
  ['task completed', 'The task is over'],
  ['task failed', 'The task is over'],
]);
