import { CountersignError } from '../domain/errors.js';
import type { DecisionId } from '../domain/ids.js';
import { undoKey } from '../contract/digest.js';
import { signedWord } from '../contract/decision-record.js';
import { GRACE_MS, honoursKey, MAX_ATTEMPTS } from '../contract/repeat.js';
import type { Tool } from '../contract/tool.js';
import type { Transaction } from '../store/database.js';
import { decisionsOf, findDecision, settleDecisions, type DecisionRow } from '../store/decisions.js';
import type { JournalEvent } from '../store/journal.js';
import { lockOperation, type CallEnd, type LedgerRow } from '../store/ledger.js';
import {
  closeQuestion,
  closeQuestionsOfOperation,
  findConfirmation,
  findQuestion,
  type QuestionRow,
} from '../store/questions.js';
import { claimUndo, endUndo, findUndo, type UndoRow } from '../store/undos.js';
import type { UndoInput, UndoResult } from './api.js';
import { callTool, readArguments } from './call.js';
import { journal } from './carry.js';
import { inFlight, isGenuineFinding } from './ledger-standing.js';
import { persist } from './outcome.js';
import type { ActivityDeps } from './ports.js';
import { faultName } from '../domain/failure-facts.js';

type Answer<T = UndoResult> = T extends UndoResult ? Omit<T, 'head'> : never;

/** An undo that may be called, or what came of it before. */
type Claim =
  | { readonly kind: 'claimed'; readonly call: LedgerRow; readonly tool: Tool; readonly attempt: number }
  | Answer;

type Told = Claim & { readonly events: readonly JournalEvent[] };

/**
 * Takes back a call that ran at level `soft` and that nobody confirmed. Behind a claim of its own, at most once or reported as failed; halts
 * do not keep it from running. Throws `forbidden` for any other call: approved effects are nobody's to take back here.
 */
export async function undo(deps: ActivityDeps, input: UndoInput): Promise<UndoResult> {
  const startedAt = performance.now();
  const { claim, head } = await deps.database.transaction(async (tx) => {
    const now = await tx.now();
    const { events, ...made } = await claimOnce(tx, deps, input, now);
    return { claim: made, head: await tx.last(journal(tx, input, now, events)) };
  });
  if (claim.kind !== 'claimed') return { ...claim, head };
  await deps.point?.('undo-claimed', { task: input.task, operation: input.operation });
  const end = await takeBack(deps, input, claim, startedAt);
  await deps.point?.('undo-called', { task: input.task, operation: input.operation });
  return persist(deps, () => recordUndo(deps, input, claim.attempt, end, ['claimed']));
}

async function claimOnce(tx: Transaction, deps: ActivityDeps, input: UndoInput, now: number): Promise<Told> {
  const rows = await lockOperation(tx, input);
  const call = rows.find((row) => row.generation === input.generation);
  const window = call && (await findConfirmation(tx, call));
  if (!call || !window)
    throw new CountersignError(
      'forbidden',
      `operation ${input.operation} of task ${input.task} did not run softly: it is not undone`,
    );
  if (call.status !== 'done') return { kind: 'undone', events: [] };
  const earlier = await findUndo(tx, call);
  const undoing = { input, call, tool: deps.tools.get(call.tool), earlier, now };
  if (earlier) return again(tx, deps, { ...undoing, earlier });
  const confirmed = await confirmedBy(tx, deps, window);
  if (confirmed) return { ...stands(tx, window, confirmed, now), events: [] };
  if (input.resolution) return { kind: 'unverified', events: [] };
  // From here on it may be gone: nobody confirms it any more.
  closeQuestion(tx, window, 'undoing', now);
  return claimed(tx, undoing);
}

/** What came of an earlier attempt, and whether there is another one. */
async function again(
  tx: Transaction,
  deps: ActivityDeps,
  undoing: Undoing & { readonly input: UndoInput; readonly earlier: UndoRow },
): Promise<Told> {
  const { input, earlier, tool, now } = undoing;
  switch (earlier.status) {
    case 'left':
      // Said before, and not heard by the run that said it.
      return earlier.decision === null
        ? { kind: 'failed', events: [] }
        : { kind: 'stands', decision: earlier.decision, events: [] };
    case 'done':
    case 'by-hand':
      return { kind: 'undone', events: [] };
    case 'claimed':
      return (await mayTryAgain(tx, earlier, tool, now))
        ? claimed(tx, undoing)
        : { kind: 'failed', events: [] };
    case 'failed':
    case 'unknown':
      return input.resolution ? resolved(tx, deps, undoing) : { kind: 'failed', events: [] };
  }
}

/** The genuine word that it may stay, given in time, unless somebody's word to undo it won or came first. */
async function confirmedBy(
  tx: Transaction,
  deps: ActivityDeps,
  window: QuestionRow,
): Promise<DecisionId | undefined> {
  const genuine = (await decisionsOf(tx, window))
    .filter((row) => row.verb === 'approve' || row.verb === 'reject')
    .filter((row) => isAnswer(row, window, deps));
  const first = genuine.find((row) => row.outcome === 'applied') ?? genuine[0];
  return first?.verb === 'approve' ? first.id : undefined;
}

/** Whether somebody who was asked gave this very answer, in time. */
function isAnswer(row: DecisionRow, window: QuestionRow, deps: ActivityDeps): boolean {
  const heard = row.outcome === null || row.outcome === 'applied';
  return heard && signedWord(row, deps.verifier, window) !== undefined;
}

function stands(tx: Transaction, window: QuestionRow, decision: DecisionId, now: number): Answer {
  settleDecisions(tx, { tenant: window.tenant, ids: [decision], now });
  closeQuestionsOfOperation(tx, window, 'confirmed', now);
  return { kind: 'stands', decision };
}

/** An attempt that must be over: its tool is called again only where it honours the key. */
async function mayTryAgain(
  tx: Transaction,
  earlier: UndoRow,
  tool: Tool | undefined,
  now: number,
): Promise<boolean> {
  const over = earlier.callBy + GRACE_MS;
  if (now < over) throw inFlight(earlier.attempt, over - now);
  if (tool && earlier.attempt < MAX_ATTEMPTS && honoursKey(tool, earlier.firstCalledAt, now)) return true;
  await endUndo(tx, { ...earlier, from: ['claimed'], status: 'unknown', code: null, now });
  return false;
}

interface Undoing {
  readonly call: LedgerRow;
  readonly tool: Tool | undefined;
  readonly earlier: UndoRow | undefined;
  readonly now: number;
}

async function claimed(tx: Transaction, { call, tool, earlier, now }: Undoing): Promise<Told> {
  const { operation, generation } = call;
  const attempt = (earlier?.attempt ?? 0) + 1;
  // The tool lost its undo since the call ran: waiting for another worker could be for ever, so people are asked.
  if (!tool?.undo) {
    claimUndo(tx, { ...call, attempt, now, callBy: now });
    await endUndo(tx, { ...call, attempt, from: ['claimed'], status: 'failed', code: 'no-undo', now });
    return { kind: 'failed', events: [endedEvent(call, attempt, 'failed', 'no-undo')] };
  }
  const callBy = now + tool.timeoutMs;
  claimUndo(tx, { ...call, attempt, now, callBy });
  const event = {
    id: `undo-claimed/${operation}.${generation}.${attempt}`,
    type: 'undo-claimed',
    body: { operation, generation, attempt, callBy, toolVersion: tool.version },
  };
  return { kind: 'claimed', call, tool, attempt, events: [event] };
}

/** What a person found of an undo that failed: it is done by hand, it is to be tried again, or the call may stand. */
async function resolved(
  tx: Transaction,
  deps: ActivityDeps,
  undoing: Undoing & { readonly input: UndoInput; readonly earlier: UndoRow },
): Promise<Told> {
  const { input, call, earlier, now } = undoing;
  const wanted = input.resolution;
  const decision = wanted ? await findDecision(tx, call.tenant, wanted.decision) : undefined;
  const question = decision && (await findQuestion(tx, { ...call, round: decision.round }));
  const said = decision && decision.message.resolution === wanted?.as;
  if (!wanted || !said || question?.reason !== 'undo-failed') return { kind: 'unverified', events: [] };
  // It counted before: the try that it asked for failed too, or nobody knows, and the run has not heard.
  if (question.closedAs === 'resolved' && decision.outcome === 'applied')
    return { kind: 'failed', events: [] };
  if (!isGenuineFinding(decision, question, call, deps)) return { kind: 'unverified', events: [] };
  closeQuestionsOfOperation(tx, call, 'resolved', now);
  settleDecisions(tx, { tenant: call.tenant, ids: [decision.id], now });
  const { operation, generation } = call;
  const event: JournalEvent = {
    id: `undo-resolved/${operation}.${generation}.${earlier.attempt}`,
    type: 'undo-resolved',
    body: { operation, generation, attempt: earlier.attempt, as: wanted.as, decision: decision.id },
  };
  if (wanted.as === 'not-happened') {
    const again = await claimed(tx, undoing);
    return { ...again, events: [event, ...again.events] };
  }
  const status = wanted.as === 'leave' ? 'left' : 'by-hand';
  await endUndo(tx, {
    ...earlier,
    from: ['failed', 'unknown'],
    status,
    code: null,
    decision: decision.id,
    now,
  });
  return status === 'left'
    ? { kind: 'stands', decision: decision.id, events: [event] }
    : { kind: 'undone', events: [event] };
}

async function takeBack(
  deps: ActivityDeps,
  input: UndoInput,
  claim: Extract<Claim, { kind: 'claimed' }>,
  startedAt: number,
): Promise<CallEnd> {
  const { call, tool, attempt } = claim;
  const { undo: make } = tool;
  const ready = await readArguments(deps, claim);
  if ('problem' in ready) return ready.problem;
  const remainingMs = startedAt + tool.timeoutMs - performance.now();
  if (!make || remainingMs <= 0)
    return { status: 'failed', code: 'too-late', message: 'it was not tried: the worker came too late' };
  return callTool({
    tool,
    where: call,
    key: undoKey(input),
    ready,
    remainingMs,
    make: (args, context) => make(args, call.result ?? null, context),
    check: () => null,
    late: async (end) => {
      await recordUndo(deps, input, attempt, end, ['unknown']).catch((error: unknown) => {
        deps.log('error', 'late-undo-lost', {
          task: input.task,
          operation: input.operation,
          error: faultName(error),
        });
      });
    },
  });
}

/** Compare-and-set on the attempt: what another one became stands. */
async function recordUndo(
  deps: ActivityDeps,
  input: UndoInput,
  attempt: number,
  end: CallEnd,
  from: readonly ('claimed' | 'unknown')[],
): Promise<UndoResult> {
  return deps.database.transaction(async (tx) => {
    const [, now] = await Promise.all([lockOperation(tx, input), tx.now()]);
    const status = end.status === 'done' || end.status === 'failed' ? end.status : 'unknown';
    const code = end.status === 'failed' ? end.code : null;
    const mine = await endUndo(tx, { ...input, attempt, from, status, code, now });
    const event = endedEvent(input, attempt, status, code);
    const head = await journal(tx, { ...input, events: [] }, now, mine ? [event] : []);
    return { kind: status === 'done' ? 'undone' : 'failed', head };
  });
}

function endedEvent(
  { operation, generation }: Pick<UndoInput, 'operation' | 'generation'>,
  attempt: number,
  status: 'done' | 'failed' | 'unknown',
  code: string | null,
): JournalEvent {
  return {
    id: `undo-ended/${operation}.${generation}.${attempt}/${status}`,
    type: status === 'done' ? 'call-undone' : 'undo-failed',
    body: { operation, generation, attempt, status, code },
  };
}
