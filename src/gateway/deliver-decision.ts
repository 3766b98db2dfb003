import type { Delivery } from '../client/decide.js';
import { votersOf } from '../domain/verdict.js';
import type { DecisionReceipt } from '../contract/http.js';
import { ERRORS, type ErrorCode } from '../domain/errors.js';
import { escalationId } from '../domain/ids.js';
import { findDecision, hasWon, refusalEvent, refuseStored, type DecisionRow } from '../store/decisions.js';
import { appendJournal } from '../store/journal.js';
import type { StoredDecision } from './decision-scene.js';
import type { Queries } from '../store/database.js';
import { findQuestion, latestQuestion } from '../store/questions.js';
import { isUnavailable } from '../store/unavailable.js';
import { wasFirst, winnerOf, winnerView } from './decision-winner.js';
import type { GatewayDeps } from './deps.js';
import { refuse } from './problem.js';
import { faultName } from '../domain/failure-facts.js';

type RefusedDelivery = Extract<Delivery, { kind: 'refused' }>;

/** What the reviewer gets: applied (200), or stored and on its way (202). */
export interface DecisionAnswer {
  readonly status: 200 | 202;
  readonly receipt: DecisionReceipt;
}

/** Brings a stored decision to its run and tells what became of it. Throws the refusal with the winning decision when there is one. */
export async function deliverDecision(deps: GatewayDeps, stored: StoredDecision): Promise<DecisionAnswer> {
  const { row } = stored;
  if (!stored.deliver) return settledAnswer(deps, row);
  const delivery = await deps.tasks.decide({ tenant: row.tenant, task: row.task }, row.message);
  await deps.point?.('update-acknowledged');
  if (delivery.kind === 'refused') return hearRefusal(deps, row, delivery);
  if (delivery.kind === 'applied' || delivery.sent) deps.marks.delivered(row);
  return delivery.kind === 'applied' ? hearTaken(deps, row, delivery.state) : answer(row, null);
}

/**
 * A run answers before it has looked into the store, and by then another decision may hold there: a workflow task that was lost is done
 * again, and hears in another order what came meanwhile.
 */
async function hearTaken(deps: GatewayDeps, row: DecisionRow, state: string): Promise<DecisionAnswer> {
  try {
    const settled = await findDecision(deps.database, row.tenant, row.id);
    return settled?.outcome === 'refused' ? await settledAnswer(deps, settled) : answer(row, state);
  } catch (error) {
    return onItsWay(deps, row, error);
  }
}

async function hearRefusal(
  deps: GatewayDeps,
  row: DecisionRow,
  { code, winner }: RefusedDelivery,
): Promise<DecisionAnswer> {
  try {
    // Second to a forgery, no room beside many, or a run that has not come so far (again): it hears the decision from the store.
    const later =
      code === 'not-found' ||
      code === 'pending' ||
      (winner !== undefined && !(await hasWon(deps.database, row, winner))) ||
      ((code === 'stale' || code === 'too-late') && (await isOpen(deps.database, row)));
    return later ? answer(row, null) : await settleRefusal(deps, row, code);
  } catch (error) {
    return onItsWay(deps, row, error);
  }
}

/** It is stored, and the run has it or will have it: what became of it, a database that is away will tell. Throws any other error. */
function onItsWay(deps: GatewayDeps, row: DecisionRow, error: unknown): DecisionAnswer {
  if (!isUnavailable(error)) throw error;
  deps.log('alarm', 'database-unavailable', { error: faultName(error) });
  return answer(row, null);
}

async function isOpen(queries: Queries, row: DecisionRow): Promise<boolean> {
  return (await findQuestion(queries, row))?.status === 'open';
}

function answer(row: DecisionRow, state: string | null): DecisionAnswer {
  const escalation = escalationId(row.task, row.operation);
  const receipt = {
    decision: row.id,
    escalation,
    verb: row.verb,
    at: row.at,
    applied: state !== null,
    state,
  };
  return { status: state === null ? 202 : 200, receipt };
}

/** A decision that was stored earlier and has its outcome, or never goes to Temporal. */
async function settledAnswer(deps: GatewayDeps, row: DecisionRow): Promise<DecisionAnswer> {
  if (row.outcome === 'refused') return refuseLoser(deps, row, codeOf(row));
  if (row.outcome === 'void' && !isEditAskedAnew(row)) return refuseVoid(row);
  return answer(row, row.outcome === 'withdrawn' ? 'withdrawn' : 'settled');
}

async function settleRefusal(deps: GatewayDeps, row: DecisionRow, code: ErrorCode): Promise<DecisionAnswer> {
  const { tenant, task, id } = row;
  await deps.database.transaction(async (tx) => {
    const now = await tx.now();
    const refused = await refuseStored(tx, { tenant, task, id, code, now });
    if (refused.length > 0) await appendJournal(tx, { tenant, task, now, events: refused.map(refusalEvent) });
  });
  const settled = (await findDecision(deps.database, row.tenant, row.id)) ?? row;
  // The dispatcher may have brought it there first: then it holds, whatever the second delivery was told.
  if (settled.outcome !== null && settled.outcome !== 'refused') return settledAnswer(deps, settled);
  return refuseLoser(deps, settled, code);
}

/** An edit did all that it could: what it made of the call waits for somebody else's approval. */
function isEditAskedAnew({ verb, outcomeCode }: DecisionRow): boolean {
  return verb === 'edit' && outcomeCode === 'needs-another-subject';
}

/** Its run had heard it, and then it let no call run. */
function refuseVoid({ id, outcomeCode }: DecisionRow): never {
  return refuse(
    {
      refused: 'not-open',
      detail: `Your decision was heard, and its call was refused before it ran (${outcomeCode ?? 'void'}). Read the question again to see where it stands.`,
    },
    { decision: id },
  );
}

async function refuseLoser(deps: GatewayDeps, row: DecisionRow, code: ErrorCode): Promise<never> {
  const [winner, question] = await Promise.all([
    winnerOf(deps.database, { ...row, not: row.id }),
    latestQuestion(deps.database, row),
  ]);
  // Where several must approve, one approval has won nothing yet, and is for nobody to hear of.
  const several = question?.status === 'open' && votersOf(question) > 1;
  // The run may have ended on the winner's word before it could refuse the loser itself.
  const told = code === 'not-open' && winner?.outcome === 'applied' ? 'already-decided' : code;
  const first =
    winner && told === 'already-decided'
      ? wasFirst(winner, row)
      : `Your decision was stored and did not take effect (${told}).`;
  return refuse(
    { refused: told, detail: `${first} Read the question again to see where it stands.` },
    { decision: row.id, ...(told === 'already-decided' || !several ? winnerView(winner) : {}) },
  );
}

function codeOf(row: DecisionRow): ErrorCode {
  const code = row.outcomeCode ?? 'not-open';
  return Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'not-open'; // an own key of the table
}
