import { votersOf } from '../domain/verdict.js';
import type { Question } from '../domain/escalation.js';
import { depthOf, ownerRoleOf } from '../policy/roster.js';
import type { Policy } from '../policy/policy.js';
import type { Queries, Transaction } from '../store/database.js';
import { standingDecisions, type DecisionRow } from '../store/decisions.js';
import type { JournalEvent } from '../store/journal.js';
import { clearQueued, noteQueued } from '../store/ledger.js';
import { enqueueNotices } from '../store/outbox.js';
import {
  closeEarlierRounds,
  deskDepth,
  moveRung,
  openQuestion,
  type QuestionRow,
} from '../store/questions.js';
import type { Staff } from '../store/staff.js';
import type { AskResult } from './api.js';
import type { ActivityDeps } from './ports.js';
import { isStaffed } from './staffing.js';

type Answer<T = AskResult> = T extends AskResult ? Omit<T, 'head'> : never;

/** A transaction's answer and the events that go with it. */
export interface Told {
  readonly answer: Answer;
  readonly events: readonly JournalEvent[];
}

/** A question that goes onto a desk. */
export interface Delivery {
  readonly row: QuestionRow;
  readonly rung: number;
  /** The ladder is over: onto the owner's desk, without deadline. */
  readonly forOwner: boolean;
  readonly requester: string;
  /** With the members that the store keeps. */
  readonly policy: Policy;
  readonly staff: Staff;
  readonly now: number;
}

interface Place {
  readonly rung: number;
  readonly role: string;
  readonly answerBy: number | null;
  readonly extendableUntil: number | null;
  readonly remindAt: number | null;
}

/** Puts a new round onto the desk of its first rung, unless somebody did so before. */
export async function deliver(
  tx: Transaction,
  deps: ActivityDeps,
  delivery: Delivery,
): Promise<Told | 'asked-before'> {
  const place = placeOf(delivery);
  const refusal = await unreachable(tx, delivery, place);
  if (refusal) return refusal;
  const row: QuestionRow = { ...delivery.row, ...place, roles: [place.role] };
  if (!(await openQuestion(tx, row))) return 'asked-before';
  closeEarlierRounds(tx, row, delivery.now);
  notify(tx, deps, row, place, delivery.now);
  return { answer: askedAnswer(row, []), events: [askedEvent(row, place)] };
}

/** Puts an open round to a further rung; people of the earlier ones may still decide. */
export async function climb(tx: Transaction, deps: ActivityDeps, delivery: Delivery): Promise<Told> {
  const place = placeOf(delivery);
  const refusal = await unreachable(tx, delivery, place);
  if (refusal) return refusal;
  const row: QuestionRow = {
    ...delivery.row,
    ...place,
    roles: [...delivery.row.roles.filter((role) => role !== place.role), place.role],
  };
  moveRung(tx, row, place);
  notify(tx, deps, row, place, delivery.now);
  return { answer: await asked(tx, row), events: [askedEvent(row, place)] };
}

/** Opens the window in which a call that just ran can be confirmed, in the transaction that records that it ran. */
export function openWindow(
  tx: Transaction,
  deps: ActivityDeps,
  permitted: QuestionRow,
  { round, now }: { readonly round: number; readonly now: number },
): {
  readonly opened: Promise<unknown>;
  readonly question: Question;
  readonly events: readonly JournalEvent[];
} {
  const [rung] = permitted.verdict.ladder.rungs;
  if (!rung) throw new Error(`nobody is named who could confirm ${permitted.task}:${permitted.operation}`); // judging names one
  const { ttlMs, remindAfterMs, role } = rung;
  const answerBy = now + ttlMs;
  const place = {
    rung: 0,
    role,
    answerBy,
    extendableUntil: answerBy + permitted.verdict.extendByMs,
    remindAt: remindAfterMs === null ? null : now + remindAfterMs,
  };
  const row: QuestionRow = { ...permitted, ...place, status: 'open', round, roles: [role], askedAt: now };
  const opened = openQuestion(tx, row);
  notify(tx, deps, row, place, now);
  return { opened, question: questionOf(row, row.digest), events: [askedEvent(row, place)] };
}

function placeOf({ row, rung, forOwner, policy, now }: Delivery): Place {
  const step = forOwner ? undefined : row.verdict.ladder.rungs[rung];
  if (!step)
    return {
      rung,
      role: ownerRoleOf(policy, row.agent),
      answerBy: null,
      extendableUntil: null,
      remindAt: null,
    };
  const answerBy = now + step.ttlMs;
  return {
    rung,
    role: step.role,
    answerBy,
    extendableUntil: answerBy + row.verdict.extendByMs,
    remindAt: step.remindAfterMs === null ? null : now + step.remindAfterMs,
  };
}

/** Why the desk cannot take it: nobody there may decide, or it is full; after waiting outside for a whole rung's time it counts as the first. */
async function unreachable(tx: Transaction, delivery: Delivery, place: Place): Promise<Told | undefined> {
  const { row, policy, now } = delivery;
  const staffed = isStaffed(delivery, { ...row, ...place });
  const depth = depthOf(policy, place.role);
  const full = staffed && depth !== null && (await deskDepth(tx, row.tenant, place.role)) >= depth;
  if (full) {
    const askBy = (await noteQueued(tx, row, now)) + ((place.answerBy ?? now) - now);
    if (now < askBy) {
      const event = placed(row, place, 'desk-full', { depth, askBy });
      return { answer: { kind: 'full', tier: row.tier, askBy }, events: [event] };
    }
  }
  if (depth !== null) clearQueued(tx, row);
  if (staffed && !full) return undefined;
  const event = placed(row, place, 'undeliverable', { full });
  const question = questionOf({ ...row, ...place, answerBy: null, extendableUntil: null }, null);
  return { answer: { kind: 'undeliverable', tier: row.tier, question }, events: [event] };
}

function notify(tx: Transaction, deps: ActivityDeps, row: QuestionRow, place: Place, now: number): void {
  const notice = { ...row, rung: place.rung, channels: deps.channels, role: place.role };
  enqueueNotices(tx, { ...notice, kind: 'asked', dueAt: now });
  if (place.remindAt !== null) enqueueNotices(tx, { ...notice, kind: 'reminder', dueAt: place.remindAt });
}

function askedEvent(row: QuestionRow, place: Place): JournalEvent {
  return placed(row, place, 'asked', {
    kind: row.kind,
    reason: row.reason,
    digest: row.digest,
    briefDigest: row.briefDigest,
    answerBy: place.answerBy,
    remindAt: place.remindAt,
    policy: row.policyHash,
  });
}

/** What happened at a rung of a round: once, however often it is asked. */
function placed(row: QuestionRow, place: Place, type: string, more: JournalEvent['body']): JournalEvent {
  const { operation, generation, round } = row;
  return {
    id: `${type}/${operation}.${generation}.${round}.${place.rung}`,
    type,
    body: { operation, generation, round, rung: place.rung, role: place.role, ...more },
  };
}

/** The answer for a question that lies on a desk, with the decisions that are waiting for the workflow. */
export async function asked(queries: Queries, row: QuestionRow): Promise<Answer> {
  return askedAnswer(row, await standingDecisions(queries, row));
}

function askedAnswer(row: QuestionRow, decisions: readonly DecisionRow[]): Answer {
  return {
    kind: 'asked',
    tier: row.tier,
    question: questionOf(row, row.digest),
    decisions: decisions.map((decision) => decision.message),
  };
}

/** The question as the workflow keeps it. `digest` null = it was not asked yet. */
export function questionOf(row: QuestionRow, digest: QuestionRow['digest'] | null): Question {
  const { ladder } = row.verdict;
  const quorum = votersOf(row);
  return {
    round: row.round,
    generation: row.generation,
    digest,
    briefDigest: digest === null ? null : row.briefDigest,
    kind: row.kind === 'hand-over' ? 'approval' : row.kind,
    rung: row.rung,
    rungs: ladder.rungs.length,
    fallback: ladder.fallback,
    ...(quorum > 1 ? { quorum } : {}),
    role: row.role,
    answerBy: row.answerBy,
    extendableUntil: row.extendableUntil,
  };
}
