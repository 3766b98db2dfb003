import { ApplicationFailure } from '@temporalio/common';
import { idempotencyKey } from '../contract/digest.js';
import { CountersignError } from '../domain/errors.js';
import { release } from '../store/counters.js';
import { voidDecisions } from '../store/decisions.js';
import { endCall, lockOperation } from '../store/ledger.js';
import type { ExecuteInput, ExecuteResult } from './api.js';
import { callTool, readArguments } from './call.js';
import { journal } from './carry.js';
import { claimOrRefuse, type Claim, type Claimed } from './claim.js';
import type { ClaimsAhead, Made } from './claims-ahead.js';
import { lettingDecisions } from './granted.js';
import { GRACE_MS } from '../contract/repeat.js';
import { inFlight } from './ledger-standing.js';
import { recordEnd, recordLate } from './outcome.js';
import type { ActivityDeps } from './ports.js';
import { fingerprintOf, NO_FINGERPRINT } from './prepare.js';

/**
 * The single choke point: claim, unless one was made ready ahead, drift check, the call, the result. A repeat returns the recorded result.
 * At most once, or reported unknown.
 */
export async function execute(
  deps: ActivityDeps,
  input: ExecuteInput,
  ahead?: ClaimsAhead,
): Promise<ExecuteResult> {
  const where = { task: input.task, operation: input.operation };
  await deps.point?.('claim-before', where);
  const { claim, head, startedAt } = (await ahead?.take(input)) ?? (await claimNow(deps, input));
  if (claim.kind === 'free')
    throw new CountersignError('internal', 'a free call was neither claimed nor refused');
  if (claim.kind !== 'claimed') return answerOf(claim, head);
  await deps.point?.('claimed', where);

  if (await hasDrifted(claim)) return giveBack(deps, input, claim, 'drift');
  const ready = await readArguments(deps, claim);
  const untilCallBy = startedAt + (claim.callBy - claim.claimedAt) - performance.now();
  const remainingMs = Math.min(claim.tool.timeoutMs, untilCallBy);
  // A worker that was frozen since the claim must not call: somebody may have concluded that it is dead.
  if (remainingMs <= 0) {
    if (claim.repeat) throw inFlight(claim.attempt, GRACE_MS);
    await giveBack(deps, input, claim, null);
    throw tooLate(claim);
  }
  const end =
    'problem' in ready
      ? ready.problem
      : await callTool({
          tool: claim.tool,
          where: input,
          key: idempotencyKey(input),
          ready,
          remainingMs,
          make: claim.tool.run,
          check: claim.tool.checkOutput,
          late: (after) => recordLate(deps, input, claim, after),
        });
  await deps.point?.('called', where);
  const recorded = await recordEnd(deps, input, claim, end);
  await deps.point?.('result-recorded', where);
  return recorded;
}

async function claimNow(deps: ActivityDeps, input: ExecuteInput): Promise<Made> {
  const startedAt = performance.now();
  return claimOrRefuse(deps, input, async (tx, made) => {
    const now = made.kind === 'claimed' ? made.claimedAt : await tx.now();
    return { claim: made, head: await tx.last(journal(tx, input, now, made.events)), startedAt };
  });
}

/** Has Temporal try again, so that the next call and its recording have an activity's whole time. */
function tooLate({ attempt }: Claimed): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'in-flight',
    message: `attempt ${attempt} came too late to call, and called nothing`,
  });
}

function answerOf(
  claim: Exclude<Claim, Claimed | { kind: 'free' }>,
  head: ExecuteResult['head'],
): ExecuteResult {
  const { events: _events, ...answer } = claim;
  return { ...answer, head };
}

async function hasDrifted(claim: Claimed): Promise<boolean> {
  if (claim.fingerprint === null) return false;
  const now = await fingerprintOf(claim.tool, claim.call.args);
  return now === NO_FINGERPRINT || now !== claim.fingerprint;
}

/** Undoes a claim that did not call. `drift` asks anew; null only makes the call claimable again. */
async function giveBack(
  deps: ActivityDeps,
  input: ExecuteInput,
  claim: Claimed,
  reason: 'drift' | null,
): Promise<ExecuteResult> {
  return deps.database.transaction(async (tx) => {
    const now = await tx.now();
    await lockOperation(tx, input);
    const mine = await endCall(tx, {
      ...input,
      attempt: claim.attempt,
      from: ['claimed'],
      end: { status: 'open' },
      now,
    });
    if (mine) release(tx, input.tenant, claim.reservations);
    if (mine && reason) voidDecisions(tx, { ...input, ids: lettingDecisions(input), code: reason, now });
    const { operation, generation } = input;
    const event = {
      id: `gave-back/${operation}.${generation}.${claim.attempt}`,
      type: 'call-refused',
      body: {
        operation,
        generation,
        round: input.round,
        attempt: claim.attempt,
        reason: reason ?? 'late-start',
      },
    };
    return {
      kind: 'refused',
      reason: 'drift',
      head: await journal(tx, { ...input, events: [] }, now, mine ? [event] : []),
    };
  });
}
