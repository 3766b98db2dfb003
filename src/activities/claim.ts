import { CountersignError } from '../domain/errors.js';
import type { ReaskReason } from '../domain/escalation.js';
import type { DecisionId, Digest, HaltId } from '../domain/ids.js';
import type { Reservation, Verdict } from '../domain/verdict.js';
import { signedWord } from '../contract/decision-record.js';
import type { Tool } from '../contract/tool.js';
import { countersOfRound, isOverLimit, reserve } from '../store/counters.js';
import type { Transaction } from '../store/database.js';
import { findDecision, settleDecisions, voidDecisions } from '../store/decisions.js';
import { shareHaltLocks, sharePolicyLock } from '../store/claim-locks.js';
import { haltsOver, type HaltInForce } from '../store/halts.js';
import type { JournalEvent } from '../store/journal.js';
import {
  claimCall,
  endCall,
  failUncalled,
  hadEffect,
  lockOperation,
  type LedgerRow,
} from '../store/ledger.js';
import { closeQuestion, closeQuestionsOfOperation, refusedAs, type QuestionRow } from '../store/questions.js';
import { findTask } from '../store/tasks.js';
import type { ExecuteInput } from './api.js';
import {
  granted,
  grantedBefore,
  groundsFor,
  isSoft,
  lettingDecisions,
  Refused,
  refuseForged,
  tellOperator,
  type Grant,
} from './granted.js';
import { judgeCall } from './judging.js';
import { standing, unknownEvent, type Standing } from './ledger-standing.js';
import type { ActivityDeps } from './ports.js';
import { digestOf, PREVIEW_MS } from './prepare.js';

/** What a claim came to. Only `claimed` may call the tool. */
export type Claim =
  | {
      readonly kind: 'claimed';
      readonly call: LedgerRow;
      readonly tool: Tool;
      readonly attempt: number;
      readonly claimedAt: number;
      /** The tool's time from the claim on; before it the drift check has a time of its own. */
      readonly callBy: number;
      /** An earlier attempt may have had the effect: the call keeps its grant and counters, and is never given back. */
      readonly repeat: boolean;
      /** Null = nothing to compare: the tool takes none, nobody was asked, or an earlier attempt may have changed the world itself. */
      readonly fingerprint: string | null;
      /** Set when it runs softly: what it is to be confirmed by. */
      readonly window: QuestionRow | null;
      readonly reservations: readonly Reservation[];
      readonly events: readonly JournalEvent[];
    }
  | { readonly kind: 'refused'; readonly reason: ReaskReason; readonly events: readonly JournalEvent[] }
  | {
      readonly kind: 'halted';
      readonly halt: HaltId;
      readonly scope: 'task' | 'wider';
      readonly events: readonly JournalEvent[];
    }
  | (Standing & { readonly events: readonly JournalEvent[] });

/** A claim that may call the tool. */
export type Claimed = Extract<Claim, { kind: 'claimed' }>;

/**
 * The claim, in the order that carries the promises: halt locks, the operation's rows, then under both and its own lock the policy in force, the halts, the
 * grant, the counters, and the mark. The caller writes the journal last, in the same transaction. A refusal after counters were taken rolls back: call
 * it through `claimOrRefuse`. What may be claimed waits for `called`: its own rows are written and nothing that others need.
 */
export async function claim(
  tx: Transaction,
  deps: ActivityDeps,
  input: ExecuteInput,
  called?: () => Promise<void>,
): Promise<Claim> {
  // No edit that was stored has such a generation, and no column either.
  if (input.generation > MAX_GENERATION) throw missing(input);
  shareHaltLocks(tx, input);
  const locked = lockOperation(tx, input);
  // What may change while others hold these locks is read behind them.
  sharePolicyLock(tx, input.tenant);
  const policyNow = deps.policies.active(tx, input.tenant);
  policyNow.catch(() => undefined); // only a call that may run needs one
  const [rows, task, { inForce, lastLiftAt }, grounds, counted, now] = await Promise.all([
    locked,
    findTask(tx, input.tenant, input.task),
    haltsOver(tx, input),
    groundsFor(tx, input),
    countersOfRound(tx, input),
    tx.now(),
  ]);
  const call = rows.find((row) => row.generation === input.generation);
  if (!task || !call) throw missing(input);

  const tool = deps.tools.get(call.tool);
  const was = await standing(tx, deps, { call, tool, input, now, halted: inForce.length > 0 });
  if (was.kind !== 'free') return was;
  if (task.closedAt !== null) return refuseEnded(tx, input, call, { was: was.events, now });
  const [halt] = inForce;
  if (halt) return refuseHalted(tx, input, halt, now);
  if (!tool) {
    refuseForged(deps, { input, call, evidence: grounds.evidence });
    failUncalled(tx, call, { code: 'unknown-tool', now });
    return { kind: 'failed', code: 'unknown-tool', events: [...was.events, failed(call)] };
  }

  const policy = await policyNow;
  const earlier = rows.some((row) => row.generation !== call.generation && hadEffect(row));
  const must = earlier ? 'earlier-effect' : null;
  const about = { policy, task, call, tool, must, withHistory: false } as const;
  const { verdict } = await judgeCall(tx, deps, { ...about, counted, now });
  // A repeat of a call that was claimed before keeps the grant and the counters of its first claim.
  const grant = was.held
    ? await grantedBefore(tx, deps, { input, task, call, tool, verdict })
    : granted(deps, { input, task, call, rows, tool, policy, verdict, ...grounds, lastLiftAt, now });
  if (!grant) {
    await endCall(tx, { ...call, from: ['claimed'], end: { status: 'unknown' }, now });
    return { kind: 'refused', reason: 'unknown', events: [...was.events, unknownEvent(call)] };
  }
  const marking = { input, call, tool, grant, held: was.held, now, policyHash: policy.hash, verdict };
  const claimed = mark(tx, marking);
  await called?.();
  // A limit is everybody's: its room is taken last, when nothing is waited for any more.
  if (!was.held) {
    const approved = grant.record !== undefined;
    reserve(tx, { tenant: input.tenant, reservations: claimed.reservations, approved });
  }
  return { ...claimed, events: [...was.events, ...claimed.events] };
}

/** Nothing runs under a halt, and once it is lifted the decisions count for nothing: the question is asked anew. */
function refuseHalted(tx: Transaction, input: ExecuteInput, halt: HaltInForce, now: number): Claim {
  voidDecisions(tx, { ...input, ids: lettingDecisions(input), code: 'halted', now });
  return {
    kind: 'halted',
    halt: halt.id,
    scope: halt.scope === 'task' ? 'task' : 'wider',
    events: [refusal(input, `halt/${halt.id}`, 'halted')],
  };
}

/** Nothing runs for a task that has ended, whatever its run believes: what never ran never will, and of what may have run nobody knows. */
async function refuseEnded(
  tx: Transaction,
  input: ExecuteInput,
  call: LedgerRow,
  { was, now }: { readonly was: readonly JournalEvent[]; readonly now: number },
): Promise<Claim> {
  const ran = call.status === 'claimed';
  const end = { status: ran ? 'unknown' : 'voided' } as const;
  await endCall(tx, { ...call, from: ['open', 'claimed'], end, now });
  if (ran) return { kind: 'refused', reason: 'unknown', events: [...was, unknownEvent(call)] };
  return { kind: 'voided', events: [...was, refusal(input, 'task-closed', 'task-closed')] };
}

const MAX_GENERATION = 2 ** 31 - 1;

/** A generation that is nowhere comes out of an edit that nobody stored; without decisions it is a defect of ours. */
function missing(input: ExecuteInput): Error {
  const text = `operation ${input.operation} of task ${input.task} has no generation ${input.generation}`;
  return lettingDecisions(input).length > 0
    ? new Refused('unverified')
    : new CountersignError('not-found', text);
}

interface Marking {
  readonly input: ExecuteInput;
  readonly call: LedgerRow;
  readonly tool: Tool;
  readonly grant: Grant;
  /** The counters that a claim before this one took. */
  readonly held: readonly Reservation[] | null;
  readonly policyHash: Digest;
  readonly verdict: Verdict;
  readonly now: number;
}

/** Marks the call as claimed: once this is committed it may happen. */
function mark(tx: Transaction, marking: Marking): Claimed {
  const { input, call, tool, grant, held, policyHash, verdict, now } = marking;
  const { tenant, operation, generation } = call;
  const attempt = call.attempt + 1;
  const reservations = held ?? verdict.reservations;
  const repeat = held !== null;
  const fingerprint = repeat ? null : (grant.question?.fingerprint ?? null);
  const callBy = now + tool.timeoutMs + (fingerprint === null ? 0 : PREVIEW_MS);
  const decisions = lettingDecisions(input);
  const toolVersion = tool.version;
  claimCall(tx, { ...call, attempt, now, callBy, toolVersion, decisions, reserved: reservations });
  if (grant.question) closeQuestion(tx, grant.question, grant.record?.verb ?? 'permitted', now);
  settleDecisions(tx, { tenant, ids: decisions, now });
  const digest = digestOf(call, tool, policyHash);
  const { round } = input;
  const body = { operation, generation, round, attempt, callBy, toolVersion, digest, decisions };
  const event: JournalEvent = {
    id: `claimed/${operation}.${generation}.${attempt}`,
    type: 'call-claimed',
    // What it was judged as just now: of an edited generation nothing else says it.
    body: {
      ...body,
      tool: call.tool,
      policy: policyHash,
      tier: verdict.tier,
      level: verdict.level,
      rules: verdict.fired.map((fired) => fired.rule),
    },
  };
  return {
    kind: 'claimed',
    call,
    tool,
    attempt,
    claimedAt: now,
    callBy,
    repeat,
    fingerprint,
    window: isSoft(grant.question) ? grant.question : null,
    reservations,
    events: [event],
  };
}

function failed({ operation, generation }: LedgerRow): JournalEvent {
  const body = { operation, generation, code: 'unknown-tool' };
  return { id: `ended/${operation}.${generation}/unknown-tool`, type: 'call-failed', body };
}

/** Runs the claim; a refusal that comes out of it is recorded in a transaction of its own, after everything it took was given back. */
export async function claimOrRefuse<T>(
  deps: ActivityDeps,
  input: ExecuteInput,
  conclude: (tx: Transaction, claim: Claim) => Promise<T>,
): Promise<T> {
  try {
    return await deps.database.transaction(async (tx) => conclude(tx, await claim(tx, deps, input)));
  } catch (error) {
    const reason = isOverLimit(error) ? 'limit' : error instanceof Refused ? error.reason : undefined;
    if (reason === undefined) throw error;
    tellOperator(deps, input, reason);
    return deps.database.transaction(async (tx) => {
      const [now, ids] = await Promise.all([tx.now(), atFault(tx, deps, input, reason)]);
      // What nobody decided takes no question off the desk, and neither does a claim that comes late one that was asked since.
      if (reason !== 'unverified')
        closeQuestionsOfOperation(tx, { ...input, upToRound: input.round }, refusedAs(reason), now);
      voidDecisions(tx, { ...input, ids, code: reason, now });
      return conclude(tx, { kind: 'refused', reason, events: [refusal(input, reason, reason)] });
    });
  }
}

/** The decisions that a refusal voids. An unverified one may bear the id of a genuine one: of those, rows whose own signature fails. */
async function atFault(
  tx: Transaction,
  deps: ActivityDeps,
  input: ExecuteInput,
  reason: ReaskReason,
): Promise<readonly DecisionId[]> {
  const ids = lettingDecisions(input);
  if (reason !== 'unverified') return ids;
  const rows = await Promise.all(ids.map((id) => findDecision(tx, input.tenant, id)));
  return rows
    .filter((row) => row !== undefined)
    .filter((row) => signedWord(row, deps.verifier) === undefined)
    .map((row) => row.id);
}

function refusal(input: ExecuteInput, key: string, reason: string): JournalEvent {
  const { operation, generation, round } = input;
  return {
    id: `refused/${operation}.${generation}.${round}/${key}`,
    type: 'call-refused',
    body: { operation, generation, round, reason, decisions: input.decisions },
  };
}
