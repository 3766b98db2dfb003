import { labelled } from '../contract/digest.js';
import type { ClaimView } from '../contract/http-who.js';
import { escalationId, type TaskId } from '../domain/ids.js';
import type { Transaction } from '../store/database.js';
import { appendJournal, isJournalled } from '../store/journal.js';
import type { QuestionRow } from '../store/questions.js';
import { putDown, takenUp, takeUp, TAKEN_UP_MS, type TakenUp } from '../store/taken-up.js';
import type { Bearer } from '../store/tokens.js';
import { whileGood } from '../store/while-good.js';
import { askedPerson } from './asked-person.js';
import type { GatewayDeps } from './deps.js';
import { refuse } from './problem.js';

interface Of {
  readonly bearer: Bearer;
  readonly task: TaskId;
  readonly operation: number;
  /** The same key by the same person is the same step: a repeat changes nothing, and is told how it stands. */
  readonly key: string;
}

/**
 * Shows others that somebody looks into a question, for 15 minutes or until it is released; again = longer. Nobody is kept from deciding by it.
 * Throws `conflict` while somebody else does.
 */
export async function takeUpQuestion(deps: GatewayDeps, of: Of): Promise<ClaimView> {
  return whileGood(deps.database, of.bearer).transaction(async (tx) => {
    const { question, now } = await askedPerson(deps, tx, of);
    const holder = await takenUp(tx, question);
    const { subject } = of.bearer;
    const id = eventId('question-claimed', of);
    if (await isJournalled(tx, { ...question, id })) return standing(of, holder, now);
    if (holder && holder.subject !== subject && now < holder.until) refuseHolder(holder);
    const until = now + TAKEN_UP_MS;
    takeUp(tx, { ...question, subject, until });
    await note(tx, { question, id, type: 'question-claimed', by: subject, until, now });
    return { escalation: idOf(of), claimedBy: subject, claimedUntil: until };
  });
}

/** Ends it: by whoever took it up, or once it lapsed by anybody who may decide. Throws `conflict` while it is somebody else's. */
export async function releaseQuestion(deps: GatewayDeps, of: Of): Promise<ClaimView> {
  return whileGood(deps.database, of.bearer).transaction(async (tx) => {
    const { question, now } = await askedPerson(deps, tx, of);
    const holder = await takenUp(tx, question);
    const { subject } = of.bearer;
    const id = eventId('question-released', of);
    if (await isJournalled(tx, { ...question, id })) return standing(of, holder, now);
    if (holder && holder.subject !== subject && now < holder.until) refuseHolder(holder);
    putDown(tx, question);
    await note(tx, { question, id, type: 'question-released', by: subject, until: now, now });
    return { escalation: idOf(of), claimedBy: null, claimedUntil: null };
  });
}

function refuseHolder({ subject, until }: TakenUp): never {
  return refuse(
    {
      refused: 'conflict',
      detail: `${subject} looks into it until ${new Date(until).toISOString()}. That keeps nobody from deciding.`,
    },
    { claimedBy: subject, claimedUntil: until },
  );
}

function standing(of: Of, holder: TakenUp | undefined, now: number): ClaimView {
  const holds = holder !== undefined && now < holder.until;
  const { subject, until } = holds ? holder : { subject: null, until: null };
  return { escalation: idOf(of), claimedBy: subject, claimedUntil: until };
}

function eventId(type: Note['type'], { bearer: { issuer, subject }, operation, key }: Of): string {
  return `${type}/${operation}/${labelled('question-step', { issuer, subject, key })}`;
}

function idOf({ task, operation }: Of) {
  return escalationId(task, operation);
}

interface Note {
  readonly question: QuestionRow;
  readonly id: string;
  readonly type: 'question-claimed' | 'question-released';
  readonly by: string;
  readonly until: number;
  readonly now: number;
}

async function note(tx: Transaction, { question, id, type, by, until, now }: Note): Promise<void> {
  const { tenant, task, operation, round } = question;
  const event = {
    id,
    type,
    body: { operation, round, until },
    texts: { by },
  };
  await tx.last(appendJournal(tx, { tenant, task, now, events: [event] }));
}
