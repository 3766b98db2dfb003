import type { TaskId, TenantId } from '../domain/ids.js';
import type { Queries, Transaction } from './database.js';

interface StepRef {
  readonly tenant: TenantId;
  readonly task: TaskId;
  readonly step: number;
}

/** What the planner answered at one step; its proposals are in the ledger. */
export interface StepRow {
  readonly done: boolean;
  readonly operations: readonly { readonly operation: number; readonly tool: string }[];
}

/** One step; undefined while the planner has not answered. */
export async function findStep(queries: Queries, ref: StepRef): Promise<StepRow | undefined> {
  const [row] = await queries.query<{ done: boolean; operations: readonly number[] }>(
    'select done, operations from steps where tenant = $1 and task = $2 and step = $3',
    [ref.tenant, ref.task, ref.step],
  );
  if (!row) return undefined;
  const operations = await queries.query<{ operation: number; tool: string }>(
    'select operation, tool from ledger where tenant = $1 and task = $2 and generation = 1 and operation = any($3) order by operation',
    [ref.tenant, ref.task, row.operations],
  );
  return { done: row.done, operations };
}

/** The operations that each step before this one proposed, in the order of the steps. */
export async function earlierSteps(
  queries: Queries,
  before: StepRef,
): Promise<readonly (readonly number[])[]> {
  const rows = await queries.query<{ operations: readonly number[] }>(
    'select operations from steps where tenant = $1 and task = $2 and step < $3 order by step',
    [before.tenant, before.task, before.step],
  );
  return rows.map((row) => row.operations);
}

/** Stores an answer; false when another attempt was first, whose answer then stands. */
export async function insertStep(
  tx: Transaction,
  step: StepRef & { done: boolean; operations: readonly number[] },
): Promise<boolean> {
  const rows = await tx.query(
    'insert into steps (tenant, task, step, done, operations) values ($1, $2, $3, $4, $5) on conflict do nothing returning 1',
    [step.tenant, step.task, step.step, step.done, step.operations],
  );
  return rows.length === 1;
}
