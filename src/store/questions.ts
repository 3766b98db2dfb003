import type { Brief } from '../domain/brief.js';
import type { Tier } from '../domain/action.js';
import type { QuestionKind, ReaskReason } from '../domain/escalation.js';
import type { DecisionId, Digest, TaskId, TenantId } from '../domain/ids.js';
import { votersOf, type Verdict } from '../domain/verdict.js';
import type { CallRef } from './ledger.js';
import type { Queries, Transaction } from './database.js';

/** Names one asking. */
export interface RoundRef extends CallRef {
  readonly round: number;
}

/**
 * One asking about one operation, or the record that the policy let it run. While open it is the desk's row. Verdict, digest, brief and
 * deadline are fixed here before anybody is asked; a repeat of the asking returns exactly these.
 */
export interface QuestionRow extends RoundRef {
  readonly status: 'permitted' | 'open' | 'closed';
  readonly kind: QuestionKind | 'hand-over';
  readonly reason: ReaskReason | null;
  readonly agent: string;
  readonly tool: string;
  readonly toolVersion: string;
  readonly tier: Tier;
  readonly policyHash: Digest;
  readonly verdict: Verdict;
  readonly digest: Digest;
  readonly brief: Brief | null;
  readonly briefDigest: Digest;
  /** The tool's view of the world when it was asked; null = the tool takes none. */
  readonly fingerprint: string | null;
  readonly rung: number;
  readonly role: string;
  /** Every role asked in this round so far: people of earlier rungs may still decide. */
  readonly roles: readonly string[];
  /** The rung's time is over and the next has not been asked. */
  readonly rungOver: boolean;
  readonly undelivered: boolean;
  readonly answerBy: number | null;
  readonly extendableUntil: number | null;
  readonly askedAt: number;
  readonly closedAt: number | null;
  readonly closedAs: string | null;
}

/** A question's columns as they are stored. */
export type StoredQuestion = Omit<QuestionRow, 'verdict' | 'brief'> & { verdict: string; brief: string };

/** What holds of every round when it is made: it lies on the first rung, and nothing has happened to it. */
export const NEW_ROUND = {
  rung: 0,
  rungOver: false,
  undelivered: false,
  answerBy: null,
  extendableUntil: null,
  closedAt: null,
  closedAs: null,
} as const satisfies Partial<QuestionRow>;

const COLUMNS = `tenant, task, operation, generation, round, status, kind, reason, agent, tool, tool_version as "toolVersion", tier,
  policy_hash as "policyHash", verdict, digest, brief, brief_digest as "briefDigest", fingerprint, rung, role, roles, rung_over as "rungOver",
  undelivered, answer_by as "answerBy", extendable_until as "extendableUntil", asked_at as "askedAt", closed_at as "closedAt",
  closed_as as "closedAs"`;
const KEY = 'tenant = $1 and task = $2 and operation = $3 and generation = $4 and round = $5';

function key(ref: RoundRef): unknown[] {
  return [ref.tenant, ref.task, ref.operation, ref.generation, ref.round];
}

/** A question out of its columns. */
export function parseQuestion(row: StoredQuestion): QuestionRow {
  const verdict = JSON.parse(row.verdict) as Verdict; // written by openQuestion
  const brief = JSON.parse(row.brief) as Brief | null; // written by openQuestion
  return { ...row, verdict, brief };
}

/** Stores an asking; when it is there already nothing changes and false is returned. */
export async function openQuestion(tx: Transaction, row: QuestionRow): Promise<boolean> {
  const rows = await tx.query(
    `insert into questions (tenant, task, operation, generation, round, status, kind, reason, agent, tool, tool_version, tier, policy_hash, verdict,
       digest, brief, brief_digest, fingerprint, rung, role, roles, answer_by, extendable_until, asked_at, quorum)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)
     on conflict do nothing returning 1`,
    [
      ...key(row),
      row.status,
      row.kind,
      row.reason,
      row.agent,
      row.tool,
      row.toolVersion,
      row.tier,
      row.policyHash,
      JSON.stringify(row.verdict),
      row.digest,
      JSON.stringify(row.brief),
      row.briefDigest,
      row.fingerprint,
      row.rung,
      row.role,
      row.roles,
      row.answerBy,
      row.extendableUntil,
      row.askedAt,
      votersOf(row),
    ],
  );
  return rows.length === 1;
}

/** Takes earlier rounds about the same operation off the desk: a new one has taken their place. */
export function closeEarlierRounds(tx: Transaction, ref: RoundRef, now: number): void {
  tx.send(
    `update questions set status = 'closed', closed_at = $5, closed_as = 'asked-anew'
     where tenant = $1 and task = $2 and operation = $3 and round < $4 and status = 'open'`,
    [ref.tenant, ref.task, ref.operation, ref.round, now],
  );
}

/** One asking. */
export async function findQuestion(queries: Queries, ref: RoundRef): Promise<QuestionRow | undefined> {
  const [row] = await queries.query<StoredQuestion>(
    `select ${COLUMNS} from questions where ${KEY}`,
    key(ref),
  );
  return row && parseQuestion(row);
}

/** The asking about this operation that a decision answered. */
export async function findQuestionAnswered(
  queries: Queries,
  of: { tenant: TenantId; task: TaskId; operation: number },
  decision: DecisionId,
): Promise<QuestionRow | undefined> {
  const [row] = await queries.query<StoredQuestion>(
    `select ${COLUMNS} from questions where tenant = $1 and task = $2 and operation = $3 and (generation, round) =
       (select generation, round from decisions where tenant = $1 and id = $4)`,
    [of.tenant, of.task, of.operation, decision],
  );
  return row && parseQuestion(row);
}

/** The question whether a call may stay that ran at level `soft`; undefined = it did not. */
export async function findConfirmation(tx: Transaction, call: CallRef): Promise<QuestionRow | undefined> {
  const [row] = await tx.query<StoredQuestion>(
    `select ${COLUMNS} from questions where tenant = $1 and task = $2 and operation = $3 and generation = $4
       and kind = 'confirmation' and status <> 'permitted' for update`,
    [call.tenant, call.task, call.operation, call.generation],
  );
  return row && parseQuestion(row);
}

/** The record that a call was let run softly; undefined = it was not. */
export async function findSoftPermit(tx: Transaction, call: CallRef): Promise<QuestionRow | undefined> {
  const [row] = await tx.query<StoredQuestion>(
    `select ${COLUMNS} from questions where tenant = $1 and task = $2 and operation = $3 and generation = $4
       and kind = 'confirmation' and status = 'permitted' order by round desc limit 1`,
    [call.tenant, call.task, call.operation, call.generation],
  );
  return row && parseQuestion(row);
}

/** One asking, locked: storing a decision and ending a rung wait for each other here. */
export async function lockQuestion(tx: Transaction, ref: RoundRef): Promise<QuestionRow | undefined> {
  const [row] = await tx.query<StoredQuestion>(
    `select ${COLUMNS} from questions where ${KEY} for update`,
    key(ref),
  );
  return row && parseQuestion(row);
}

/** The newest asking about the operation $3 of the task $1, $2. */
export const latestQuestionSql = `select ${COLUMNS} from questions where tenant = $1 and task = $2 and operation = $3 and status <> 'permitted'
  order by round desc, generation desc limit 1`;

/** The newest asking about an operation. `lock` holds it, to store a decision. */
export async function latestQuestion(
  queries: Queries,
  of: { tenant: TenantId; task: TaskId; operation: number },
  lock?: 'lock',
): Promise<QuestionRow | undefined> {
  const [row] = await queries.query<StoredQuestion>(`${latestQuestionSql} ${lock ? 'for update' : ''}`, [
    of.tenant,
    of.task,
    of.operation,
  ]);
  return row && parseQuestion(row);
}

/** The newest round of an operation that was put to people; 0 = none was. */
export async function latestRound(
  queries: Queries,
  of: { tenant: TenantId; task: TaskId; operation: number },
): Promise<number> {
  const [row] = await queries.query<{ round: number | null }>(
    `select max(round) as round from questions where tenant = $1 and task = $2 and operation = $3 and status <> 'permitted'`,
    [of.tenant, of.task, of.operation],
  );
  return row?.round ?? 0;
}

/** The generation of each operation of a task that its newest round is about. */
export function askedLast(
  queries: Queries,
  tenant: TenantId,
  task: TaskId,
): Promise<readonly { operation: number; generation: number }[]> {
  return queries.query(
    `select distinct on (operation) operation, generation from questions where tenant = $1 and task = $2
     order by operation, round desc, generation desc`,
    [tenant, task],
  );
}

/** Puts an open question to a further rung. */
export function moveRung(
  tx: Transaction,
  ref: RoundRef,
  to: { rung: number; role: string; answerBy: number | null; extendableUntil: number | null },
): void {
  tx.send(
    `update questions set rung = $6, role = $7, roles = array_append(array_remove(roles, $7), $7), answer_by = $8, extendable_until = $9,
       rung_over = false, undelivered = false where ${KEY}`,
    [...key(ref), to.rung, to.role, to.answerBy, to.extendableUntil],
  );
}

/** Moves the deadline of the current rung to a later time; one without a deadline gets none. */
export function moveDeadline(tx: Transaction, ref: RoundRef, answerBy: number): void {
  tx.send(`update questions set answer_by = $6 where ${KEY} and answer_by < $6`, [...key(ref), answerBy]);
}

/** Notes that the current rung is over: until the next is asked, every decision is too late. */
export function endRung(tx: Transaction, ref: RoundRef): void {
  tx.send(`update questions set rung_over = true where ${KEY}`, key(ref));
}

/** Notes that no channel could tell the current rung's role; its run is told of it at once. */
export function markUndelivered(tx: Transaction, ref: RoundRef): void {
  tx.send(
    `update questions set undelivered = true, undelivered_lease = 0, undelivered_sends = 0 where ${KEY} and status = 'open'`,
    key(ref),
  );
}

/** Notes that somebody acted on the current rung, which no channel could tell: it goes on. */
export function clearUndelivered(tx: Transaction, ref: RoundRef): void {
  tx.send(`update questions set undelivered = false where ${KEY}`, key(ref));
}

/** Takes a question off the desk; `as` says why. A closed one stays as it was closed. */
export function closeQuestion(tx: Transaction, ref: RoundRef, as: string, now: number): void {
  tx.send(
    `update questions set status = 'closed', closed_at = $6, closed_as = $7 where ${KEY} and status = 'open'`,
    [...key(ref), now, as],
  );
}

/** What a question is closed as when the claim refused what was decided. */
export function refusedAs(reason: ReaskReason): string {
  return `refused: ${reason}`;
}

/** Whether a question was closed so. */
export function isRefusal(closedAs: string | null): boolean {
  return closedAs?.startsWith('refused: ') ?? false;
}

/** Puts a closed question on its desk again. */
export function reopenQuestion(tx: Transaction, ref: RoundRef): void {
  tx.send(`update questions set status = 'open', closed_at = null, closed_as = null where ${KEY}`, key(ref));
}

/** Takes every question of a task off the desk, but not a hand-over. Whether there was one. */
export async function closeQuestionsOf(
  tx: Transaction,
  tenant: TenantId,
  task: TaskId,
  as: string,
  now: number,
): Promise<boolean> {
  const rows = await tx.query(
    `update questions set status = 'closed', closed_at = $3, closed_as = $4 where tenant = $1 and task = $2 and status = 'open' and kind <> 'hand-over'
     returning 1`,
    [tenant, task, now, as],
  );
  return rows.length > 0;
}

/** Takes the questions about one operation off the desk. */
export function closeQuestionsOfOperation(
  tx: Transaction,
  of: { tenant: TenantId; task: TaskId; operation: number; upToRound?: number },
  as: string,
  now: number,
): void {
  tx.send(
    `update questions set status = 'closed', closed_at = $4, closed_as = $5 where tenant = $1 and task = $2 and operation = $3 and status = 'open'
       and ($6::int is null or round <= $6)`,
    [of.tenant, of.task, of.operation, now, as, of.upToRound ?? null],
  );
}

/** How many questions are open on a role's desk. */
export async function deskDepth(queries: Queries, tenant: TenantId, role: string): Promise<number> {
  const [row] = await queries.query<{ open: number }>(
    "select count(*) as open from questions where tenant = $1 and role = $2 and status = 'open'",
    [tenant, role],
  );
  return row?.open ?? 0;
}

/** All askings about a task, in order. */
export async function questionsOf(
  queries: Queries,
  tenant: TenantId,
  task: TaskId,
): Promise<readonly QuestionRow[]> {
  const rows = await queries.query<StoredQuestion>(
    `select ${COLUMNS} from questions where tenant = $1 and task = $2 order by operation, round, generation`,
    [tenant, task],
  );
  return rows.map(parseQuestion);
}
