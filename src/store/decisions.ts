import type { DecisionMessage, Verb } from '../domain/decision.js';
import type { Json } from '../domain/action.js';
import type { DecisionId, Digest, TaskId, TenantId } from '../domain/ids.js';
import type { Queries, Transaction } from './database.js';
import type { JournalEvent } from './journal.js';
import type { CallRef } from './ledger.js';

/** What became of a stored decision; null while it has not been moved. */
export type DecisionOutcome = 'applied' | 'refused' | 'void' | 'withdrawn';

/** A decision as stored by the gateway, before anything else happens with it. */
export interface DecisionRow {
  readonly tenant: TenantId;
  readonly id: DecisionId;
  readonly task: TaskId;
  readonly operation: number;
  readonly generation: number;
  readonly round: number;
  readonly verb: Verb;
  readonly subject: string;
  readonly issuer: string;
  /** In whose stead; null = in their own right. */
  readonly onBehalfOf: string | null;
  readonly why: string;
  readonly whySalt: string;
  /** The plain fields as they travel. */
  readonly message: DecisionMessage;
  /** Over the request's body, to tell a retry from another decision under the same key. */
  readonly requestDigest: Digest;
  /** What the person reports: what a call gave, the result of work taken over, an answer to the agent (a text). */
  readonly result: Json | undefined;
  readonly jws: string;
  readonly at: number;
  readonly outcome: DecisionOutcome | null;
  readonly outcomeCode: string | null;
}

type Stored = Omit<DecisionRow, 'message' | 'result'> & { message: string; result: string | null };

const COLUMNS = `tenant, id, task, operation, generation, round, verb, subject, issuer, on_behalf_of as "onBehalfOf", why, why_salt as "whySalt", message,
  request_digest as "requestDigest", result, jws, at, outcome, outcome_code as "outcomeCode"`;

// Message and result were written by insertDecision below.
function parse(row: Stored): DecisionRow {
  return {
    ...row,
    message: JSON.parse(row.message) as DecisionMessage, // see above
    result: row.result === null ? undefined : (JSON.parse(row.result) as Json), // see above
  };
}

/** How long the gateway's own delivery has before the dispatcher sends a decision again. */
export const DELIVERY_GRACE_MS = 1_500;

/** Stores a decision; the caller holds the question's lock. */
export function insertDecision(tx: Transaction, row: DecisionRow): void {
  tx.send(
    `insert into decisions (tenant, id, task, operation, generation, round, verb, subject, issuer, why, why_salt, message, request_digest, result, jws, at,
       outcome, outcome_code, next_send_at, on_behalf_of, delivered_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
    [
      row.tenant,
      row.id,
      row.task,
      row.operation,
      row.generation,
      row.round,
      row.verb,
      row.subject,
      row.issuer,
      row.why,
      row.whySalt,
      JSON.stringify(row.message),
      row.requestDigest,
      row.result === undefined ? null : JSON.stringify(row.result),
      row.jws,
      row.at,
      row.outcome,
      row.outcomeCode,
      row.at + DELIVERY_GRACE_MS,
      row.onBehalfOf,
      row.outcome === null ? null : row.at, // settled here and now: no run is to hear of it
    ],
  );
}

/** One decision. */
export async function findDecision(
  queries: Queries,
  tenant: TenantId,
  id: DecisionId,
): Promise<DecisionRow | undefined> {
  const [row] = await queries.query<Stored>(
    `select ${COLUMNS} from decisions where tenant = $1 and id = $2`,
    [tenant, id],
  );
  return row && parse(row);
}

/**
 * Of the same round: a run that stands where an earlier round was decided has still to hear of a later one. As bigint, because a forged
 * decision may name any round, and its run carries the refusal until it is taken.
 */
const WON = `id <> $5 and round = $7::bigint and (outcome is null or outcome in ('applied', 'withdrawn'))`;

/** Whether the decision that a run names as the first is another stored one about the same question: a forged one is not. */
export async function hasWon(
  queries: Queries,
  over: Pick<DecisionRow, 'tenant' | 'task' | 'operation' | 'round' | 'id'>,
  winner: Winner,
): Promise<boolean> {
  const rows = await queries.query(
    `select 1 from decisions where tenant = $1 and task = $2 and operation = $3 and id = $4 and verb = $6 and ${WON}`,
    [over.tenant, over.task, over.operation, winner.decision, over.id, winner.verb, over.round],
  );
  return rows.length === 1;
}

/** What a run says came first. */
interface Winner {
  readonly decision: string;
  readonly verb: string;
}

/**
 * Settles a decision that its run refused. A forged envelope may go under the id of a genuine one, of any task: its refusal says nothing
 * about that one. Nor is a genuine one settled that came second to a forgery: the run hears it from here when that falls.
 */
export function refuseDecision(
  tx: Transaction,
  of: {
    tenant: TenantId;
    task: TaskId;
    message: DecisionMessage;
    winner: Winner | null;
    code: string;
    now: number;
  },
): void {
  const { message, winner } = of;
  const { operation, id } = message;
  tx.send(
    `update decisions set outcome = 'refused', outcome_code = $9, outcome_at = $10
     where tenant = $1 and task = $2 and operation = $3 and id = $5 and outcome is null and message::jsonb = $8::jsonb
       and ($4::text is null or exists (select 1 from decisions where tenant = $1 and task = $2 and operation = $3 and id = $4 and verb = $6 and ${WON}))`,
    [
      of.tenant,
      of.task,
      operation,
      winner?.decision ?? null,
      id,
      winner?.verb ?? null,
      message.round,
      JSON.stringify(message),
      of.code,
      of.now,
    ],
  );
}

/** Whoever made this generation of a call by editing it, and in whose stead. */
export async function editorsOf(queries: Queries, call: CallRef): Promise<readonly string[]> {
  if (call.generation === 1) return [];
  const rows = await queries.query<{ subject: string; onBehalfOf: string | null }>(
    `select distinct subject, on_behalf_of as "onBehalfOf" from decisions where tenant = $1 and task = $2 and operation = $3 and verb = 'edit'
       and (message::json -> 'edited' ->> 'generation')::int = $4`,
    [call.tenant, call.task, call.operation, call.generation],
  );
  return rows.flatMap((row) => [row.subject, row.onBehalfOf ?? []].flat());
}

/** Of these, those who cannot approve it: its claim found once that it takes somebody else. Whatever a later round is asked for, it still does. */
export async function barredEditors(queries: Queries, call: CallRef): Promise<readonly string[]> {
  if (call.generation === 1) return []; // nobody edited what was proposed: no round trip on the way of most decisions
  const editors = await editorsOf(queries, call);
  if (editors.length === 0) return [];
  const asked = await queries.query(askedOfOthers('$4'), [
    call.tenant,
    call.task,
    call.operation,
    call.generation,
  ]);
  return asked.length > 0 ? editors : [];
}

/** Rows if the generation of the call $1, $2, $3 was ever asked about because its decision takes another person. */
export function askedOfOthers(generation: string): string {
  return `select 1 from questions where tenant = $1 and task = $2 and operation = $3 and generation = ${generation} and reason = 'needs-another-subject'`;
}

/** All decisions about an operation or a task, oldest first. */
export async function decisionsOf(
  queries: Queries,
  of: { tenant: TenantId; task: TaskId; operation?: number },
): Promise<readonly DecisionRow[]> {
  const rows = await queries.query<Stored>(
    `select ${COLUMNS} from decisions where tenant = $1 and task = $2 and ($3::int is null or operation = $3) order by at, id`,
    [of.tenant, of.task, of.operation ?? null],
  );
  return rows.map(parse);
}

/**
 * What a workflow that asks (again) must hear: decisions without outcome, and settling ones that were applied before, so that a run that
 * was reset comes to the same end.
 */
export async function standingDecisions(
  queries: Queries,
  of: { tenant: TenantId; task: TaskId; operation: number; generation: number; round: number },
): Promise<readonly DecisionRow[]> {
  const rows = await queries.query<Stored>(
    `select ${COLUMNS} from decisions where tenant = $1 and task = $2 and operation = $3 and generation = $4 and round = $5
       and (outcome is null or (outcome = 'applied' and verb in ('approve', 'edit', 'reject', 'respond', 'take-over', 'resolve'))) order by outcome nulls last, at, id`,
    [of.tenant, of.task, of.operation, of.generation, of.round],
  );
  return rows.map(parse);
}

/** Decisions about one asking that no history is known to have, oldest first. */
export async function unheardDecisions(
  queries: Queries,
  of: { tenant: TenantId; task: TaskId; operation: number; round: number },
): Promise<readonly DecisionRow[]> {
  const rows = await queries.query<Stored>(
    `select ${COLUMNS} from decisions where tenant = $1 and task = $2 and operation = $3 and round = $4
       and (outcome is null or (outcome = 'applied' and delivered_at is null)) order by at, id`,
    [of.tenant, of.task, of.operation, of.round],
  );
  return rows.map(parse);
}

/**
 * Writes that decisions took effect, on the word of a run whose history has them; the first outcome stays. An activity is scheduled by a
 * history, so whatever it was told of the run has for good.
 */
export function settleDecisions(
  tx: Transaction,
  { tenant, ids, now }: { tenant: TenantId; ids: readonly DecisionId[]; now: number },
): void {
  if (ids.length === 0) return;
  tx.send(
    `update decisions set outcome = 'applied', outcome_at = $3, delivered_at = coalesce(delivered_at, $3)
     where tenant = $1 and id = any($2) and outcome is null`,
    [tenant, ids, now],
  );
}

/** Writes that a decision took effect on the word of a run that may yet forget it: a local activity is called before its history has anything. */
export function applyDecision(
  tx: Transaction,
  { tenant, id, now }: { tenant: TenantId; id: DecisionId; now: number },
): void {
  tx.send(
    "update decisions set outcome = 'applied', outcome_at = $3 where tenant = $1 and id = $2 and outcome is null",
    [tenant, id, now],
  );
}

/**
 * Voids decisions about an operation, applied or not, whose call was proven not to have run; the question is asked anew. Refused and
 * withdrawn ones stay as they are. A run may name any id: those about anything else are not its to void.
 */
export function voidDecisions(
  tx: Transaction,
  voided: {
    tenant: TenantId;
    task: TaskId;
    operation: number;
    ids: readonly DecisionId[];
    code: string;
    now: number;
  },
): void {
  if (voided.ids.length === 0) return;
  tx.send(
    `update decisions set outcome = 'void', outcome_code = $5, outcome_at = $6
     where tenant = $1 and task = $2 and operation = $3 and id = any($4) and (outcome is null or outcome = 'applied')`,
    [voided.tenant, voided.task, voided.operation, voided.ids, voided.code, voided.now],
  );
}

/** Refuses what was stored and will never be moved, of a task or one alone; what was settled before stays. Each that is returned is to be journalled. */
export async function refuseStored(
  tx: Transaction,
  of: { tenant: TenantId; task: TaskId; id?: DecisionId; code: string; now: number },
): Promise<readonly DecisionRow[]> {
  const rows = await tx.query<Stored>(
    `update decisions set outcome = 'refused', outcome_code = $3, outcome_at = $4
     where tenant = $1 and task = $2 and outcome is null and (id = $5 or ($5::text is null and verb <> 'resolve')) returning ${COLUMNS}`,
    [of.tenant, of.task, of.code, of.now, of.id ?? null],
  );
  return rows.map(parse);
}

/** The journal's event of a stored decision that was refused: one for each, whoever settled it. */
export function refusalEvent({ id, operation, verb, subject, outcomeCode }: DecisionRow): JournalEvent {
  return {
    id: `decision-refused/${id}`,
    type: 'decision-refused',
    body: { decision: id, operation, verb, code: outcomeCode },
    texts: { by: subject },
  };
}

/** Notes that the history of a run has them; the dispatcher need not send them again. */
export async function markDelivered(
  queries: Queries,
  decisions: readonly { tenant: TenantId; id: DecisionId }[],
  now: number,
): Promise<void> {
  if (decisions.length === 0) return;
  await queries.query(
    `update decisions d set delivered_at = $3 from unnest($1::text[], $2::text[]) as k (tenant, id)
     where d.tenant = k.tenant and d.id = k.id and d.delivered_at is null`,
    [decisions.map((decision) => decision.tenant), decisions.map((decision) => decision.id), now],
  );
}

/**
 * Leases decisions that no history is known to have; each is due again later and later, up to a minute. Also those that took effect: the
 * run that had them verified may have lost them with its server.
 */
export async function leaseUndelivered(queries: Queries, now: number): Promise<readonly DecisionRow[]> {
  const rows = await queries.query<Stored>(
    `update decisions set sends = sends + 1, next_send_at = $1::bigint + least(60000, 2000 * (1 << least(sends, 5))) where (tenant, id) in
       (select tenant, id from decisions where delivered_at is null and (outcome is null or outcome = 'applied') and next_send_at <= $1
        order by next_send_at limit 100 for update skip locked)
     returning ${COLUMNS}`,
    [now],
  );
  return rows.map(parse);
}

/** Takes back a decision that was stored or applied; false when it was refused or void before. The caller holds the operation's lock. */
export async function withdrawDecision(
  tx: Transaction,
  of: { tenant: TenantId; id: DecisionId; now: number },
): Promise<boolean> {
  const rows = await tx.query(
    `update decisions set outcome = 'withdrawn', outcome_at = $3 where tenant = $1 and id = $2 and (outcome is null or outcome = 'applied') returning 1`,
    [of.tenant, of.id, of.now],
  );
  return rows.length === 1;
}
