import type { Json } from '../domain/action.js';
import type { Verb } from '../domain/decision.js';
import { signedWord } from '../contract/decision-record.js';
import type { DecisionRow } from '../store/decisions.js';
import type { CallRef, LedgerRow } from '../store/ledger.js';
import type { ActivityDeps, PlannerMemory } from './ports.js';

type Generation = Pick<CallRef, 'operation' | 'generation'>;

/**
 * What became of everything proposed so far, as `asked` last or as it went ahead. Of a person's words only what is as it was signed: a text
 * that somebody put into the store would be an instruction to the agent.
 */
export function recall(
  deps: Pick<ActivityDeps, 'verifier' | 'log'>,
  calls: readonly LedgerRow[],
  decisions: readonly DecisionRow[],
  asked: readonly Generation[],
): readonly PlannerMemory[] {
  return meantOf(calls, asked).map((call) => {
    const said = decisions.findLast(
      (row) => row.operation === call.operation && isToldWith(row, 'reject', 'respond'),
    );
    const { operation, generation, tool, args, safeFor } = call;
    const edited = generation > 1 ? { edited: true as const } : {};
    const inPlace = safeFor === null ? {} : { inPlaceOf: safeFor };
    return { operation, tool, args, ...edited, ...inPlace, ...became(call, said && asSigned(deps, said)) };
  });
}

/** The generation of each operation that people were asked about last, unless another went ahead. An edit that came to nothing is none. */
function meantOf(calls: readonly LedgerRow[], asked: readonly Generation[]): readonly LedgerRow[] {
  const meant = new Map<number, LedgerRow>();
  for (const call of calls) {
    const { operation, generation } = call;
    const before = meant.get(operation);
    const isAsked = asked.some((row) => row.operation === operation && row.generation === generation);
    if (!before || wentAhead(call) || (isAsked && !wentAhead(before))) meant.set(operation, call);
  }
  return [...meant.values()];
}

function wentAhead({ status }: LedgerRow): boolean {
  return status !== 'open' && status !== 'voided';
}

function asSigned(
  { verifier, log }: Pick<ActivityDeps, 'verifier' | 'log'>,
  said: DecisionRow,
): DecisionRow | undefined {
  if (signedWord(said, verifier)) return said;
  const { task, operation, id } = said;
  log('error', 'decision-altered', { task, operation, decision: id });
  return undefined;
}

/** Whether a decision took effect by one of these verbs. */
export function isToldWith({ verb, outcome }: DecisionRow, ...verbs: readonly Verb[]): boolean {
  return outcome === 'applied' && verbs.includes(verb);
}

function became(
  call: LedgerRow,
  said: DecisionRow | undefined,
): Pick<PlannerMemory, 'outcome' | 'result' | 'why' | 'answer'> {
  switch (call.status) {
    case 'done':
      return { outcome: 'executed', result: call.result ?? null };
    case 'undone':
      return { outcome: 'undone', ...(said && { why: said.why }) };
    case 'failed':
      return { outcome: 'failed', why: failure(call.result) };
    case 'unknown':
    case 'left':
    case 'claimed':
      return { outcome: 'unknown' };
    case 'voided':
      return { outcome: 'voided' };
    case 'open':
      return refused(said);
  }
}

function refused(said: DecisionRow | undefined): Pick<PlannerMemory, 'outcome' | 'why' | 'answer'> {
  if (said === undefined) return { outcome: 'denied' };
  return typeof said.result === 'string'
    ? { outcome: 'answered', answer: said.result }
    : { outcome: 'rejected', why: said.why };
}

function failure(stored: Json | undefined): string {
  const message =
    typeof stored === 'object' && stored !== null && 'message' in stored ? stored['message'] : undefined;
  return typeof message === 'string' ? message : 'failed';
}
