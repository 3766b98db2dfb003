import { z } from 'zod';
import { VERBS } from '../domain/decision.js';
import { escalationId, type TaskId } from '../domain/ids.js';
import { labelled } from './digest.js';
import { count, decisionIdText, haltIdText, instant } from './fields.js';
import { haltScope } from './halt-record.js';

/** What a target may be told of. */
export const HOOK_KINDS = [
  'asked',
  'reminded',
  'decided',
  'timed-out',
  'executed',
  'failed',
  'unknown',
  'undone',
  'halted',
  'lifted',
  'closed',
] as const;

/** What one message tells. */
export type HookKind = (typeof HOOK_KINDS)[number];

/** A journal entry that is to be told, with what the entry itself does not say. */
export interface HookEntry {
  readonly tenant: string;
  /** A task, or a chain of the tenant (`~tenant`). */
  readonly task: string;
  readonly seq: number;
  /** Of the entry, in its chain: what a restore lost may have had the same place. */
  readonly hash: string;
  readonly kind: HookKind;
  /** The entry's own type. */
  readonly type: string;
  /** Epoch milliseconds: when the entry was made, or a reminder was due. */
  readonly at: number;
  /** The entry's body, JSON. */
  readonly body: string;
  /** Of the question the entry is about; null where it is about none. */
  readonly tier: number | null;
}

/** A message ready to be signed. The same entry gives the same message. */
export interface HookEvent {
  /** `webhook-id`, and the event's own id. */
  readonly id: string;
  /** A CloudEvents 1.0 event in JSON, structured mode. */
  readonly body: string;
}

const round = z.object({ operation: count, generation: count, round: count });
const asked = round.extend({ rung: count, answerBy: instant.nullable() });
/** A hand-over is the first and only round about the task itself, and has no deadline. */
const HAND_OVER = { operation: 0, generation: 1, round: 1, rung: 0, answerBy: null };
const decided = round.extend({ decision: decisionIdText, verb: z.enum(VERBS) });
const timedOut = z.object({
  operation: count,
  round: count,
  rung: count,
  because: z.enum(['unanswered', 'undelivered']),
});
const called = z.object({ operation: count, generation: count });
const code = z.string().regex(/^[a-z-]{1,40}$/);
const halt = z.object({ halt: haltIdText, scope: haltScope });

/** What each kind tells: ids, figures and words of the product, never arguments, people, or text. */
const TELLS: Readonly<Record<HookKind, (entry: HookEntry, body: unknown) => object>> = {
  asked: open,
  reminded: open,
  decided: (entry, body) => {
    const told = decided.parse(body);
    return { ...question(entry, told), decision: told.decision, outcome: told.verb };
  },
  'timed-out': (entry, body) => {
    const told = timedOut.parse(body);
    return { ...question(entry, told), rung: told.rung, state: 'TIMED_OUT', outcome: told.because };
  },
  executed: call,
  failed: call,
  unknown: call,
  undone: call,
  halted: halting,
  lifted: halting,
  closed: ({ task, type }, body) => {
    const { reason } = z.object({ reason: code.nullable() }).parse(body);
    return type === 'task-completed'
      ? { task, state: 'COMPLETED', outcome: 'completed' }
      : { task, state: 'FAILED', outcome: reason };
  },
};

/** Makes the message of an entry. Throws for a body that the entry's kind cannot have. */
export function hookEvent(entry: HookEntry): HookEvent {
  const { tenant, task, seq, hash, kind, at } = entry;
  const digest = labelled('hook-event', { tenant, task, seq, hash, kind });
  const id = `evt_${Buffer.from(digest.slice('sha256:'.length), 'hex').toString('base64url')}`;
  const data = TELLS[kind](entry, JSON.parse(entry.body));
  const event = {
    specversion: '1.0',
    id,
    source: `urn:countersign:${tenant}`,
    type: typeOf(kind),
    subject: subjectOf(data, task),
    time: new Date(at).toISOString(),
    datacontenttype: 'application/json',
    data,
  };
  return { id, body: JSON.stringify(event) };
}

function open(entry: HookEntry, body: unknown): object {
  const told = entry.type === 'hand-over-opened' ? HAND_OVER : asked.parse(body);
  return {
    ...question(entry, told),
    rung: told.rung,
    deadline: told.answerBy === null ? null : new Date(told.answerBy).toISOString(),
    state: 'PAUSED_PENDING_HUMAN',
  };
}

function question({ task, tier }: HookEntry, told: { operation: number; round: number }): object {
  const escalation = escalationId(task as TaskId, told.operation); // entries about questions stand in their task's chain
  return { task, escalation, version: told.round, ...(tier === null ? {} : { tier }) };
}

function call({ task, kind }: HookEntry, body: unknown): object {
  const { operation, generation } = called.parse(body);
  const escalation = escalationId(task as TaskId, operation); // entries about calls stand in their task's chain
  return { task, escalation, operation, generation, outcome: kind };
}

function halting({ task }: HookEntry, body: unknown): object {
  const told = halt.parse(body);
  return { halt: told.halt, scope: told.scope, ...(told.scope === 'task' ? { task } : {}) };
}

const OF_A_QUESTION: ReadonlySet<HookKind> = new Set(['asked', 'reminded', 'decided', 'timed-out']);

/** `com.countersign.escalation.asked`, `com.countersign.call.executed`, `com.countersign.halt.set`, `com.countersign.task.closed`. */
export function typeOf(kind: HookKind): string {
  if (kind === 'halted') return 'com.countersign.halt.set';
  if (kind === 'lifted') return 'com.countersign.halt.lifted';
  const of = kind === 'closed' ? 'task' : OF_A_QUESTION.has(kind) ? 'escalation' : 'call';
  return `com.countersign.${of}.${kind}`;
}

function subjectOf(data: object, task: string): string {
  if ('escalation' in data) return String(data.escalation);
  return 'task' in data || !('halt' in data) ? task : String(data.halt);
}
