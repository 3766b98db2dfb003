import type { Json, Readings } from '../domain/action.js';
import type { TaskId, TenantId } from '../domain/ids.js';
import type { Reservation } from '../domain/verdict.js';
import { canonicalJson } from '../contract/canonical.js';
import type { TaskCourse } from '../contract/readings.js';
import type { Queries, Transaction } from './database.js';

/** Where "once" is enforced: what became of one generation of one operation. */
export type LedgerStatus = 'open' | 'claimed' | 'done' | 'undone' | 'failed' | 'unknown' | 'left' | 'voided';

/** Names one effect. */
export interface CallRef {
  readonly tenant: TenantId;
  readonly task: TaskId;
  readonly operation: number;
  readonly generation: number;
}

/** One row of the ledger. */
export interface LedgerRow extends CallRef {
  readonly tool: string;
  readonly args: Json;
  readonly readings: Readings;
  readonly agentText: string | null;
  /** What the agent asks a person; null = nothing. */
  readonly question: string | null;
  /** What the course of the task said of this call when it was proposed; judging looks at nothing later. */
  readonly detected: TaskCourse;
  readonly proposedAt: number;
  readonly status: LedgerStatus;
  readonly attempt: number;
  readonly callBy: number | null;
  readonly claimedAt: number | null;
  readonly firstCalledAt: number | null;
  readonly endedAt: number | null;
  readonly decisions: readonly string[];
  readonly reserved: readonly Reservation[];
  readonly result: Json | undefined;
  /** The result is not what the tool declares. */
  readonly unexpectedShape: boolean;
  readonly errorCode: string | null;
  /** The operation in whose place the policy runs this one; null = an agent proposed it. */
  readonly safeFor: number | null;
}

type Stored = Omit<LedgerRow, 'args' | 'readings' | 'detected' | 'reserved' | 'result'> & {
  args: string;
  readings: string;
  detected: string | null;
  reserved: string | null;
  result: string | null;
};

const COLUMNS = `tenant, task, operation, generation, tool, args, readings, agent_text as "agentText", question, detected, proposed_at as "proposedAt", status, attempt,
  call_by as "callBy", claimed_at as "claimedAt", first_called_at as "firstCalledAt", ended_at as "endedAt", decisions, reserved, result,
  unexpected_shape as "unexpectedShape", error_code as "errorCode", safe_for as "safeFor"`;

// What is parsed here was written by this file as canonical JSON of these very types.
function parse(row: Stored): LedgerRow {
  return {
    ...row,
    args: JSON.parse(row.args) as Json, // see above
    readings: JSON.parse(row.readings) as Readings, // see above
    detected: row.detected === null ? {} : (JSON.parse(row.detected) as TaskCourse), // see above
    reserved: row.reserved === null ? [] : (JSON.parse(row.reserved) as Reservation[]), // see above
    result: row.result === null ? undefined : (JSON.parse(row.result) as Json), // see above
  };
}

/** A call as proposed: secrets in `args` are references already. */
export interface ProposedCall {
  readonly operation: number;
  readonly tool: string;
  readonly args: Json;
  readonly readings: Readings;
  readonly agentText: string | null;
  /** What the agent asks a person; absent = nothing. */
  readonly question?: string;
  /** Absent = nothing happened in the task before. */
  readonly detected?: TaskCourse;
  /** The operation in whose place the policy runs it; absent = an agent proposed it. */
  readonly safeFor?: number;
}

/** Writes proposals as generation 1. Where another call took one of the numbers, the transaction fails, to be tried again with a free one. */
export function insertCalls(
  tx: Transaction,
  proposal: { tenant: TenantId; task: TaskId; agent: string; now: number; calls: readonly ProposedCall[] },
): void {
  for (const call of proposal.calls) {
    tx.send(
      `insert into ledger (tenant, task, operation, generation, tool, args, readings, agent_text, proposed_at, agent, question, detected, safe_for)
       values ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
      [
        proposal.tenant,
        proposal.task,
        call.operation,
        call.tool,
        canonicalJson(call.args),
        canonicalJson(call.readings),
        call.agentText,
        proposal.now,
        proposal.agent,
        call.question ?? null,
        canonicalJson({ ...call.detected }),
        call.safeFor ?? null,
      ],
    );
  }
}

/** The safe action that took an operation's place; undefined = none did. */
export async function findSafeCall(
  queries: Queries,
  of: Omit<CallRef, 'generation'>,
): Promise<{ operation: number; tool: string } | undefined> {
  const [row] = await queries.query<{ operation: number; tool: string }>(
    'select operation, tool from ledger where tenant = $1 and task = $2 and safe_for = $3',
    [of.tenant, of.task, of.operation],
  );
  return row;
}

/** An edit: the same tool with other arguments, as the operation's next generation. Returns its number; the same edit twice is one, unless it is `anew`. */
export async function insertGeneration(
  tx: Transaction,
  from: LedgerRow,
  { args, anew }: { readonly args: Json; readonly anew: boolean },
  now: number,
): Promise<number> {
  const text = canonicalJson(args);
  const rows = await tx.query<{ generation: number; args: string }>(
    'select generation, args from ledger where tenant = $1 and task = $2 and operation = $3 order by generation',
    [from.tenant, from.task, from.operation],
  );
  const same = anew ? undefined : rows.find((row) => row.args === text);
  if (same) return same.generation;
  const generation = Math.max(...rows.map((row) => row.generation)) + 1;
  await tx.query(
    `insert into ledger (tenant, task, operation, generation, tool, args, readings, agent_text, proposed_at, agent, question, detected, safe_for)
     select $1, $2, $3, $4::int, $5, $6, $7, $8, $9::bigint, agent, question, detected, safe_for from ledger where tenant = $1 and task = $2 and operation = $3 and generation = 1`,
    [
      from.tenant,
      from.task,
      from.operation,
      generation,
      from.tool,
      text,
      canonicalJson(from.readings),
      from.agentText,
      now,
    ],
  );
  return generation;
}

/** All generations of an operation, locked: a claim, a withdrawal and a result of the same operation wait for each other here. */
export async function lockOperation(
  tx: Transaction,
  call: Omit<CallRef, 'generation'>,
): Promise<readonly LedgerRow[]> {
  const rows = await tx.query<Stored>(
    `select ${COLUMNS} from ledger where tenant = $1 and task = $2 and operation = $3 order by generation for update`,
    [call.tenant, call.task, call.operation],
  );
  return rows.map(parse);
}

/** Locks the calls of a task, or of one operation, for what locks the task itself: the calls come first. */
export function lockCalls(
  tx: Transaction,
  of: Pick<CallRef, 'tenant' | 'task'> & { operation?: number },
): void {
  tx.send(
    `select 1 from ledger where tenant = $1 and task = $2 and ($3::int is null or operation = $3) order by operation, generation for update`,
    [of.tenant, of.task, of.operation ?? null],
  );
}

/** All calls of a task, in order. */
export async function callsOf(
  queries: Queries,
  tenant: TenantId,
  task: TaskId,
): Promise<readonly LedgerRow[]> {
  const rows = await queries.query<Stored>(
    `select ${COLUMNS} from ledger where tenant = $1 and task = $2 order by operation, generation`,
    [tenant, task],
  );
  return rows.map(parse);
}

/** Marks a call as claimed for its next attempt; the caller holds the operation's lock. */
export function claimCall(
  tx: Transaction,
  claim: CallRef & {
    attempt: number;
    now: number;
    callBy: number;
    toolVersion: string;
    decisions: readonly string[];
    reserved: readonly Reservation[];
  },
): void {
  tx.send(
    `update ledger set status = 'claimed', attempt = $5, claimed_at = $6, call_by = $7, first_called_at = coalesce(first_called_at, $6),
       tool_version = $8, decisions = $9, reserved = $10
     where tenant = $1 and task = $2 and operation = $3 and generation = $4`,
    [
      claim.tenant,
      claim.task,
      claim.operation,
      claim.generation,
      claim.attempt,
      claim.now,
      claim.callBy,
      claim.toolVersion,
      claim.decisions,
      canonicalJson(claim.reserved.map((reservation) => ({ ...reservation }))),
    ],
  );
}

/** Notes that a call waits outside a full desk; returns since when. */
export async function noteQueued(tx: Transaction, call: CallRef, now: number): Promise<number> {
  const [row] = await tx.query<{ queuedAt: number }>(
    `update ledger set queued_at = coalesce(queued_at, $5)
     where tenant = $1 and task = $2 and operation = $3 and generation = $4 returning queued_at as "queuedAt"`,
    [call.tenant, call.task, call.operation, call.generation, now],
  );
  return row?.queuedAt ?? now;
}

/** Notes that a call waits outside no desk any more, or what it did until epoch milliseconds `until` counts no more. */
export function clearQueued(tx: Transaction, call: CallRef, until: number | null = null): void {
  tx.send(
    `update ledger set queued_at = null
     where tenant = $1 and task = $2 and operation = $3 and generation = $4 and queued_at <= coalesce($5::bigint, queued_at)`,
    [call.tenant, call.task, call.operation, call.generation, until],
  );
}

/** Notes that a person rejected what was proposed, for the agent's track record. */
export function noteRejected(tx: Transaction, of: Omit<CallRef, 'generation'>): void {
  tx.send(
    "update ledger set rejected = true where tenant = $1 and task = $2 and operation = $3 and status = 'open'",
    [of.tenant, of.task, of.operation],
  );
}

/** What became of this agent's last hundred proposals for a tool. */
export async function trackRecord(queries: Queries, of: { tenant: TenantId; agent: string; tool: string }) {
  const [row] = await queries.query<{ executed: number; rejected: number; failed: number }>(
    `select count(*) filter (where status = 'done') as executed, count(*) filter (where status = 'failed') as failed,
       count(*) filter (where rejected or status = 'undone') as rejected
     from (select status, rejected from ledger where tenant = $1 and agent = $2 and tool = $3 order by proposed_at desc limit 100) l`,
    [of.tenant, of.agent, of.tool],
  );
  return row ?? { executed: 0, rejected: 0, failed: 0 };
}

/** Fails a call that cannot be made at all; the caller holds the operation's lock. */
export function failUncalled(tx: Transaction, call: CallRef, failure: { code: string; now: number }): void {
  tx.send(
    `update ledger set status = 'failed', error_code = $5, ended_at = $6
     where tenant = $1 and task = $2 and operation = $3 and generation = $4`,
    [call.tenant, call.task, call.operation, call.generation, failure.code, failure.now],
  );
}

/** Whether a call had an effect, or may have. */
export function hadEffect(row: LedgerRow): boolean {
  return !['open', 'failed', 'voided'].includes(row.status);
}

/** What an attempt became. */
export type CallEnd =
  | { readonly status: 'done'; readonly result: Json; readonly unexpectedShape?: true }
  | { readonly status: 'failed'; readonly code: string; readonly message: string }
  | { readonly status: 'unknown' }
  /** Proven not to have started: the next claim starts from scratch. */
  | { readonly status: 'open' }
  | { readonly status: 'left' }
  /** Its task ended before it was claimed. */
  | { readonly status: 'voided' };

/**
 * Compare-and-set on the attempt and on the statuses it may leave. Returns false when another attempt or a person was first. Throws at
 * once, before anything is sent, when the end cannot be stored.
 */
export function endCall(
  tx: Transaction,
  call: CallRef & { attempt: number; from: readonly LedgerStatus[]; end: CallEnd; now: number },
): Promise<boolean> {
  const { end } = call;
  const ended = tx.query(
    `update ledger set status = $6, result = $7, error_code = $8, ended_at = $9, unexpected_shape = $11
     where tenant = $1 and task = $2 and operation = $3 and generation = $4 and attempt = $5 and status = any($10) returning 1`,
    [
      call.tenant,
      call.task,
      call.operation,
      call.generation,
      call.attempt,
      end.status,
      end.status === 'done'
        ? canonicalJson(end.result)
        : end.status === 'failed'
          ? canonicalJson({ code: end.code, message: end.message })
          : null,
      end.status === 'failed' ? end.code : null,
      end.status === 'open' ? null : call.now,
      call.from,
      end.status === 'done' && end.unexpectedShape === true,
    ],
  );
  return ended.then((rows) => rows.length === 1);
}

/** Voids every call of a task that was never claimed, before its workflow leaves it behind. */
export async function voidOpenCalls(
  tx: Transaction,
  tenant: TenantId,
  task: TaskId,
  now: number,
): Promise<readonly { operation: number; generation: number }[]> {
  return tx.query<{ operation: number; generation: number }>(
    `update ledger set status = 'voided', ended_at = $3 where tenant = $1 and task = $2 and status = 'open' returning operation, generation`,
    [tenant, task, now],
  );
}

/** Claims of closed tasks whose time is long over: nobody will finish them. Marked unknown, each once. */
export async function settleAbandoned(tx: Transaction, before: number, now: number) {
  return tx.query<CallRef & { attempt: number }>(
    `update ledger l set status = 'unknown', ended_at = $2 where (tenant, task, operation, generation) in
       (select c.tenant, c.task, c.operation, c.generation from ledger c join tasks t on t.tenant = c.tenant and t.task = c.task
        where c.status = 'claimed' and c.call_by < $1 and t.closed_at is not null limit 50 for update of c skip locked)
     returning tenant, task, operation, generation, attempt`,
    [before, now],
  );
}
