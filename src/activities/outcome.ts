import { ApplicationFailure } from '@temporalio/common';
import { GRACE_MS, mayRepeat } from '../contract/repeat.js';
import { PERSIST_MS } from '../domain/call-times.js';
import { release } from '../store/counters.js';
import type { Transaction } from '../store/database.js';
import { endCall, lockOperation, type CallEnd, type LedgerRow } from '../store/ledger.js';
import { latestQuestion } from '../store/questions.js';
import { findTask, lockCompletable } from '../store/tasks.js';
import type { ExecuteInput, ExecuteResult } from './api.js';
import { journal } from './carry.js';
import type { Claimed } from './claim.js';
import { close } from './conclude.js';
import { openWindow, questionOf } from './desk.js';
import { inFlight, unknownEvent } from './ledger-standing.js';
import type { ActivityDeps } from './ports.js';
import { faultName } from '../domain/failure-facts.js';

const PERSIST_PAUSE_MS = 500;

/** Records what the call became, trying until the store answers: it is known here and nowhere else. */
export function recordEnd(
  deps: ActivityDeps,
  input: ExecuteInput,
  claim: Claimed,
  told: CallEnd,
): Promise<ExecuteResult> {
  const end = known(claim, told);
  return persist(deps, () => record(deps, input, claim, end));
}

/** A failure says what this attempt did; of a call that changes something an earlier attempt may have had the effect all the same. */
function known({ repeat, tool }: Claimed, end: CallEnd): CallEnd {
  return end.status === 'failed' && repeat && tool.tier !== 1 ? { status: 'unknown' } : end;
}

/** Tries to write what is known here and nowhere else until the store answers, for `PERSIST_MS` at most. */
export async function persist<T>(deps: ActivityDeps, write: () => Promise<T>): Promise<T> {
  const until = performance.now() + PERSIST_MS;
  for (let tries = 1; ; tries++) {
    try {
      return await write();
    } catch (error) {
      if (error instanceof ApplicationFailure || performance.now() >= until) throw error;
      deps.log('warn', 'result-not-recorded-yet', {
        tries,
        error: faultName(error),
      });
      await new Promise((resolve) => setTimeout(resolve, PERSIST_PAUSE_MS));
    }
  }
}

const COMPLETED = { state: 'COMPLETED', reason: null, detail: '' } as const;

async function record(
  deps: ActivityDeps,
  input: ExecuteInput,
  claim: Claimed,
  end: CallEnd,
): Promise<ExecuteResult> {
  return deps.database.transaction(async (tx) => {
    const completing = input.completes === true && end.status === 'done' && !claim.window;
    const [rows, now, completes] = await Promise.all([
      lockOperation(tx, input),
      tx.now(),
      completing && lockCompletable(tx, input.tenant, input.task),
    ]);
    const current = rows.find((other) => other.generation === input.generation);
    const carried = { ...input, events: [] };
    if (current?.status === 'claimed' && current.attempt === claim.attempt) {
      if (end.status === 'unknown' && mayRepeat(claim.tool, current, now))
        throw inFlight(claim.attempt, claim.callBy + GRACE_MS - now);
      if (end.status === 'failed') release(tx, input.tenant, claim.reservations);
      const window = end.status === 'done' ? await windowFor(tx, deps, claim, now) : null;
      const ended = endCall(tx, { ...input, attempt: claim.attempt, from: ['claimed'], end, now });
      const [closed] = completes
        ? await Promise.all([close(tx, deps, { ...input, ...COMPLETED, now }), ended])
        : [[]];
      const events = [endEvent(claim, end), ...(window?.events ?? []), ...closed];
      const [head] = await Promise.all([tx.last(journal(tx, carried, now, events)), ended, window?.opened]);
      if (end.status === 'done')
        return {
          kind: 'executed',
          ...(window && { confirm: window.question }),
          ...(completes && { closed: true }),
          head,
        };
      return end.status === 'failed'
        ? { kind: 'failed', code: end.code, head }
        : { kind: 'refused', reason: 'unknown', head };
    }
    const events = await lateEvents(tx, deps, claim, end, rows, now);
    const mine = current?.attempt === claim.attempt;
    const stands = end.status === 'done' && mine;
    const window = stands ? await windowFor(tx, deps, claim, now) : null;
    const [head] = await Promise.all([
      journal(tx, carried, now, [...events, ...(window?.events ?? [])]),
      window?.opened,
    ]);
    if (stands) return { kind: 'executed', ...(window && { confirm: window.question }), head };
    // Recorded already, by a commit whose answer was lost.
    return end.status === 'failed' && mine && current.status === 'failed'
      ? { kind: 'failed', code: end.code, head }
      : { kind: 'refused', reason: 'unknown', head };
  });
}

/**
 * The window of a call that ran softly; the same when it was opened by a commit whose answer was lost. None once people are asked what
 * became of it: answering that opens it. None when its task has ended: the hand-over names the call.
 */
async function windowFor(tx: Transaction, deps: ActivityDeps, { window }: Claimed, now: number) {
  if (!window) return null;
  const [task, asked] = await Promise.all([
    findTask(tx, window.tenant, window.task),
    latestQuestion(tx, window),
  ]);
  if (task?.closedAt !== null) return null;
  if (asked === undefined || asked.round <= window.round)
    return openWindow(tx, deps, window, { round: window.round + 1, now });
  return asked.kind === 'confirmation'
    ? { opened: undefined, question: questionOf(asked, asked.digest), events: [] }
    : null;
}

/** Records what a call became after its deadline. Never rejects. */
export async function recordLate(
  deps: ActivityDeps,
  input: ExecuteInput,
  claim: Claimed,
  told: CallEnd,
): Promise<void> {
  const end = known(claim, told);
  try {
    await deps.database.transaction(async (tx) => {
      const [rows, now] = await Promise.all([lockOperation(tx, input), tx.now()]);
      await journal(tx, { ...input, events: [] }, now, await lateEvents(tx, deps, claim, end, rows, now));
    });
  } catch (error) {
    deps.log('error', 'late-result-lost', {
      task: input.task,
      operation: input.operation,
      error: faultName(error),
    });
  }
}

/** A result that came after the call was given up: it settles the unknown, or says that the effect may have happened twice. */
async function lateEvents(
  tx: Transaction,
  deps: ActivityDeps,
  claim: Claimed,
  end: CallEnd,
  rows: readonly LedgerRow[],
  now: number,
) {
  const { call, attempt } = claim;
  const { operation, generation } = call;
  if (end.status === 'unknown') return [];
  if (await endCall(tx, { ...call, attempt, from: ['unknown'], end, now })) {
    if (end.status === 'failed') release(tx, call.tenant, claim.reservations);
    return [
      {
        id: `late/${operation}.${generation}.${attempt}`,
        type: 'call-late',
        body: { operation, generation, attempt, status: end.status, ...shapeOf(end) },
      },
    ];
  }
  const row = rows.find((other) => other.generation === generation);
  if (end.status !== 'done' || !row || row.attempt === attempt) return [];
  deps.log('error', 'call-doubled', { task: call.task, operation, attempt, laterAttempt: row.attempt });
  return [
    {
      id: `doubled/${operation}.${generation}.${attempt}`,
      type: 'call-doubled',
      body: { operation, generation, attempt, laterAttempt: row.attempt },
    },
  ];
}

function endEvent({ call, attempt }: Claimed, end: CallEnd) {
  const { operation, generation } = call;
  if (end.status === 'unknown') return unknownEvent({ operation, generation, attempt });
  const code = end.status === 'failed' ? end.code : undefined;
  return {
    id: `ended/${operation}.${generation}.${attempt}`,
    type: end.status === 'done' ? 'call-executed' : 'call-failed',
    body: { operation, generation, attempt, code, ...shapeOf(end) },
  };
}

function shapeOf(end: CallEnd): { unexpectedShape?: true } {
  return end.status === 'done' && end.unexpectedShape === true ? { unexpectedShape: true } : {};
}
