import type { DecisionId, TaskId, TenantId } from '../domain/ids.js';
import type { Queries, Transaction } from './database.js';
import type { CallRef } from './ledger.js';

/** Where taking a call back is done once: what became of it. `by-hand`: a person did it and said so; `left`: one lets the call stand. */
export type UndoStatus = 'claimed' | 'done' | 'by-hand' | 'left' | 'failed' | 'unknown';

/** The taking back of one effect. */
export interface UndoRow extends CallRef {
  readonly status: UndoStatus;
  readonly attempt: number;
  /** Epoch milliseconds. */
  readonly callBy: number;
  readonly firstCalledAt: number;
  /** Whose word let the call stand, or said that it was undone by hand; null = nobody's. */
  readonly decision: DecisionId | null;
}

const KEY = 'tenant = $1 and task = $2 and operation = $3 and generation = $4';
const key = ({ tenant, task, operation, generation }: CallRef): unknown[] => [
  tenant,
  task,
  operation,
  generation,
];

/** What became of taking a call back; undefined = nobody tried. The caller holds the operation's lock. */
export async function findUndo(tx: Transaction, call: CallRef): Promise<UndoRow | undefined> {
  const [row] = await tx.query<UndoRow>(
    `select tenant, task, operation, generation, status, attempt, call_by as "callBy", first_called_at as "firstCalledAt", decision from undos where ${KEY}`,
    key(call),
  );
  return row;
}

/** Marks an undo as claimed for its next attempt. */
export function claimUndo(
  tx: Transaction,
  claim: CallRef & { attempt: number; now: number; callBy: number },
): void {
  tx.send(
    `insert into undos (tenant, task, operation, generation, status, attempt, first_called_at, call_by) values ($1, $2, $3, $4, 'claimed', $5, $6, $7)
     on conflict (tenant, task, operation, generation) do update set status = 'claimed', attempt = $5, call_by = $7`,
    [...key(claim), claim.attempt, claim.now, claim.callBy],
  );
}

/** Compare-and-set on the attempt and on the statuses it may leave; false when somebody was first. What was taken back is marked in the ledger too. */
export async function endUndo(
  tx: Transaction,
  call: CallRef & {
    attempt: number;
    from: readonly UndoStatus[];
    status: Exclude<UndoStatus, 'claimed'>;
    code: string | null;
    decision?: DecisionId | null;
    now: number;
  },
): Promise<boolean> {
  const rows = await tx.query(
    `update undos set status = $6, error_code = $7, ended_at = $8, decision = $10 where ${KEY} and attempt = $5 and status = any($9) returning 1`,
    [...key(call), call.attempt, call.status, call.code, call.now, call.from, call.decision ?? null],
  );
  if (rows.length === 0) return false;
  if (call.status === 'done' || call.status === 'by-hand')
    tx.send(`update ledger set status = 'undone' where ${KEY} and status = 'done'`, key(call));
  return true;
}

/** Calls of a task that ran softly, or may have, that nobody confirmed, and that were not taken back: they stand, or may. */
export async function standingUndos(queries: Queries, tenant: TenantId, task: TaskId) {
  return queries.query<{ operation: number; generation: number; tool: string }>(
    `select l.operation, l.generation, l.tool from ledger l left join undos u using (tenant, task, operation, generation)
     where l.tenant = $1 and l.task = $2 and (
       l.status = 'done' and u.status in ('claimed', 'failed', 'unknown')
       or l.status in ('done', 'claimed', 'unknown') and u.status is null and
         (select q.kind = 'confirmation' and q.closed_as is distinct from 'confirmed' from questions q
          where (q.tenant, q.task, q.operation, q.generation) = (l.tenant, l.task, l.operation, l.generation)
            and q.kind <> 'resolution' order by q.round desc limit 1))
     order by l.operation`,
    [tenant, task],
  );
}
