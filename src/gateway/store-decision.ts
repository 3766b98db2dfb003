import { briefDigest } from '../contract/brief.js';
import { labelled, newSalt, saltedDigest } from '../contract/digest.js';
import { saidWhy } from '../contract/reject-reasons.js';
import { signDecision, type DecisionRecord } from '../contract/decision-record.js';
import type { Channel, DecisionMessage } from '../domain/decision.js';
import type { Refusal } from '../domain/errors.js';
import { escalationId, type Digest } from '../domain/ids.js';
import {
  barredEditors,
  findDecision,
  insertDecision,
  type DecisionOutcome,
  type DecisionRow,
} from '../store/decisions.js';
import type { Transaction } from '../store/database.js';
import { readDecisionScene } from '../store/decision-scene.js';
import { appendJournal, type JournalEvent } from '../store/journal.js';
import { delegationsTo } from '../store/delegations.js';
import { lockOperation } from '../store/ledger.js';
import { closeQuestion, latestQuestion, type QuestionRow } from '../store/questions.js';
import { whileGood } from '../store/while-good.js';
import { requireOutput } from './arguments.js';
import type { DecisionScene, IncomingDecision, StoredDecision } from './decision-scene.js';
import { wasFirst, winnerOf, winnerView } from './decision-winner.js';
import type { GatewayDeps } from './deps.js';
import { storeEdit } from './edit.js';
import { notFound, refuse } from './problem.js';
import {
  authorityOf,
  countedBy,
  isHeardUnderHalt,
  movedDeadline,
  refuseDecider,
  refuseEditor,
  refuseMoment,
  refuseProof,
  refuseSecondVote,
} from '../contract/question-rules.js';
import { deciderOf, personIn } from './decider.js';
import { approvalsOf } from './voting.js';
import { withdraw } from './withdraw.js';

/**
 * Stores a decision in one transaction under the question's lock, signed and journalled; only then anybody else hears of it. The same id
 * again gives what was stored. Throws a CountersignError when it is refused; then nothing is stored.
 */
export async function storeDecision(deps: GatewayDeps, incoming: IncomingDecision): Promise<StoredDecision> {
  // Which policy is in force is read beside the question, and so is whether a token that was remembered is good.
  const database = whileGood(deps.database, { ...incoming.bearer, policyHash: null }, { first: true });
  return database.transaction(async (tx) => {
    // The claim locks the operation before the question; what needs both must come the same way round.
    const { bearer, task, operation, body } = incoming;
    if (body.decision === 'withdraw' || body.decision === 'edit')
      await lockOperation(tx, { tenant: bearer.tenant, task, operation });
    const scene = await readScene(deps, tx, incoming);
    if (scene.known) return again(await findDecision(tx, bearer.tenant, incoming.id), incoming);
    if (incoming.body.decision === 'withdraw') {
      await withdraw(tx, incoming, scene);
      return { row: await write(deps, tx, incoming, scene, { outcome: 'applied' }), deliver: false };
    }
    requireOwnBrief(deps, scene.question);
    await check(tx, incoming, scene);
    if (scene.question.kind === 'hand-over') return closeHandOver(deps, tx, incoming, scene);
    const change = await changeOf(deps, tx, incoming, scene);
    return { row: await write(deps, tx, incoming, scene, change), deliver: true };
  });
}

async function readScene(
  deps: GatewayDeps,
  tx: Transaction,
  incoming: IncomingDecision,
): Promise<DecisionScene> {
  const { bearer, task, operation } = incoming;
  const [latest, about, lent, now] = await Promise.all([
    latestQuestion(tx, { tenant: bearer.tenant, task, operation }, 'lock'),
    readDecisionScene(tx, { tenant: bearer.tenant, task, id: incoming.id }),
    delegationsTo(tx, bearer),
    tx.now(),
  ]);
  const question = latest ?? notFound();
  const scene = about ?? notFound();
  if (bearer.kind !== 'personal') refuse(NO_SERVICE);
  const roster = await deps.policies.roster(tx, scene.policyHash, bearer.tenant);
  const [approved, editors] = await Promise.all([
    approvalsOf(tx, { question, roster, now }),
    barredEditors(tx, question),
  ]);
  const barred = editors.map((editor) => personIn(roster, editor));
  const decider = {
    ...deciderOf({ bearer, roster, question, scene, lent, now }),
    spent: [...countedBy(approved), ...barred],
  };
  const requester = personIn(roster, scene.requester);
  if (decider.roles.length === 0 && decider.subject !== requester) notFound();
  return {
    ...scene,
    requester,
    question,
    decider,
    roster,
    barred,
    approved,
    stepUp: roster?.stepUp ?? null,
    now,
  };
}

const NO_SERVICE: Refusal = {
  refused: 'forbidden',
  detail: 'A service token never decides: a person must, with a token of their own.',
};

function again(before: DecisionRow | undefined, incoming: IncomingDecision): StoredDecision {
  if (before?.requestDigest !== incoming.requestDigest) {
    return refuse({
      refused: 'idempotency-conflict',
      detail: 'This Idempotency-Key was used for another decision: use a new key for a new decision.',
    });
  }
  return { row: before, deliver: before.outcome === null };
}

/** What was shown must be what is signed: a brief that somebody changed in the store is no question that anybody asked. */
function requireOwnBrief(
  deps: GatewayDeps,
  { brief, briefDigest: digest, task, operation }: QuestionRow,
): void {
  if (brief !== null && briefDigest(brief) === digest) return;
  deps.log('alarm', 'brief-altered', { task, operation });
  refuse({
    refused: 'conflict',
    detail: 'What this question shows is not what was asked: decide nothing, and tell the operator.',
  });
}

async function check(tx: Transaction, incoming: IncomingDecision, scene: DecisionScene): Promise<void> {
  const { question, decider, haltId, haltScope, stepUp, now } = scene;
  const forbidden = refuseDecider(question, decider, scene.requester, incoming.body.decision);
  if (forbidden) refuse(forbidden);
  if (incoming.body.decision === 'approve') {
    const own = refuseEditor(question, decider, scene.barred);
    if (own) refuse(own);
  }
  if (question.status !== 'open') {
    const winner = await winnerOf(tx, question);
    if (winner)
      refuse({ refused: 'already-decided', detail: wasFirst(winner, incoming.bearer) }, winnerView(winner));
    refuse(
      {
        refused: 'not-open',
        detail: `The question is closed: ${question.closedAs ?? 'the task has ended'}.`,
      },
      { closedAs: question.closedAs },
    );
  }
  if (haltId !== null && !isHeardUnderHalt(question))
    refuse(
      {
        refused: 'halted',
        detail: `A halt (${haltScope}) is in force: it must be lifted before anybody can decide.`,
      },
      { halt: haltId },
    );
  const moment = refuseMoment(question, incoming.body, now);
  if (moment?.refused === 'stale') refuse(moment, { version: question.round, digest: question.digest });
  if (moment) refuse(moment);
  const proof = refuseProof(
    stepUp,
    { tier: question.tier, verb: incoming.body.decision, now },
    incoming.bearer,
  );
  if (proof) refuse(proof);
  if (incoming.body.decision !== 'approve') return;
  const second = refuseSecondVote(question, scene.approved, decider);
  if (second) refuse(second);
}

/** What a verb changes beside the plain fields. */
interface Change {
  readonly edited?: { readonly generation: number; readonly digest: Digest };
  readonly until?: number;
  readonly outcome?: DecisionOutcome;
  readonly also?: readonly JournalEvent[];
}

async function changeOf(
  deps: GatewayDeps,
  tx: Transaction,
  incoming: IncomingDecision,
  scene: DecisionScene,
): Promise<Change> {
  const { body } = incoming;
  if (body.outcome !== undefined) await requireOutput(tx, scene.question.tool, body.outcome);
  if (body.decision === 'edit' && body.edits !== undefined)
    return { edited: await storeEdit(deps, tx, scene, body.edits) };
  if (body.decision !== 'hold' && body.decision !== 'extend') return {};
  const moved = movedDeadline(scene.question, body.until);
  return 'refused' in moved ? refuse(moved) : moved;
}

/** A hand-over is settled here: its run may be gone, and nothing waits in Temporal. */
async function closeHandOver(
  deps: GatewayDeps,
  tx: Transaction,
  incoming: IncomingDecision,
  scene: DecisionScene,
): Promise<StoredDecision> {
  const { question, now } = scene;
  closeQuestion(tx, question, incoming.body.resolution ?? 'resolved', now);
  const closed = {
    id: `hand-over-closed/${incoming.id}`,
    type: 'hand-over-closed',
    body: { decision: incoming.id, resolution: incoming.body.resolution },
  };
  const row = await write(deps, tx, incoming, scene, { outcome: 'applied', also: [closed] });
  return { row, deliver: false };
}

async function write(
  deps: GatewayDeps,
  tx: Transaction,
  incoming: IncomingDecision,
  scene: DecisionScene,
  change: Change,
): Promise<DecisionRow> {
  const { question, decider, now } = scene;
  const { bearer, body, id } = incoming;
  const [why, whySalt] = [saidWhy(body), newSalt()];
  const said = body.result ?? body.outcome ?? body.answer;
  const message = messageOf(question, incoming, change, now);
  const { roles, onBehalfOf } = authorityOf(question, decider);
  const record: Omit<DecisionRecord, 'aud'> = {
    ...message,
    tenant: bearer.tenant,
    task: question.task,
    subject: bearer.subject,
    issuer: bearer.issuer,
    roles: [...roles],
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    whyDigest: saltedDigest(why, whySalt),
    executeBy: now + question.verdict.validityMs,
    ...(said === undefined ? {} : { resultDigest: labelled('result', said) }),
  };
  const row: DecisionRow = {
    tenant: bearer.tenant,
    id,
    task: question.task,
    operation: question.operation,
    generation: question.generation,
    round: question.round,
    verb: body.decision,
    subject: bearer.subject,
    issuer: bearer.issuer,
    onBehalfOf: onBehalfOf ?? null,
    why,
    whySalt,
    message,
    requestDigest: incoming.requestDigest,
    result: said,
    jws: signDecision(deps.signer, record),
    at: now,
    outcome: change.outcome ?? null,
    outcomeCode: null,
  };
  insertDecision(tx, row);
  const events = [storedEvent(row, question, incoming.channel), ...(change.also ?? [])];
  await tx.last(appendJournal(tx, { tenant: row.tenant, task: row.task, now, events }));
  return row;
}

function messageOf(
  question: QuestionRow,
  incoming: IncomingDecision,
  change: Change,
  now: number,
): DecisionMessage {
  const { operation, generation, round, digest, briefDigest } = question;
  return {
    escalation: escalationId(question.task, operation),
    operation,
    generation,
    round,
    digest,
    briefDigest,
    id: incoming.id,
    verb: incoming.body.decision,
    at: now,
    ...(change.edited ? { edited: change.edited } : {}),
    ...(change.until === undefined ? {} : { until: change.until }),
    ...(incoming.body.decision === 'escalate' ? { rung: question.rung } : {}),
    ...(incoming.body.resolution === undefined ? {} : { resolution: incoming.body.resolution }),
  };
}

function storedEvent(row: DecisionRow, question: QuestionRow, channel: Channel): JournalEvent {
  const { operation, generation, round, verb, id: decision } = row;
  const { digest, briefDigest } = question;
  const body = {
    decision,
    operation,
    generation,
    round,
    verb,
    channel,
    digest,
    briefDigest,
    msSinceAsked: row.at - question.askedAt,
  };
  const texts = { by: row.subject, why: row.why };
  return { id: `decision/${row.id}`, type: 'decision-stored', body, texts };
}
