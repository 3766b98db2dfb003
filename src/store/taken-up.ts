import type { TaskId, TenantId } from '../domain/ids.js';
import type { Queries, Transaction } from './database.js';

/** How long a question stays taken up unless that is said again. */
export const TAKEN_UP_MS = 15 * 60_000;

/** Who looks into a question, until epoch milliseconds `until`. For people to see: nobody else is kept from deciding. */
export interface TakenUp {
  readonly subject: string;
  readonly until: number;
}

interface Of {
  readonly tenant: TenantId;
  readonly task: TaskId;
  readonly operation: number;
}

/** Who took a question up last, whether that has lapsed or not. */
export async function takenUp(queries: Queries, of: Of): Promise<TakenUp | undefined> {
  const [row] = await queries.query<TakenUp>(
    'select subject, until from taken_up where tenant = $1 and task = $2 and operation = $3',
    [of.tenant, of.task, of.operation],
  );
  return row;
}

/** Notes who takes a question up; the caller holds the question's lock. */
export function takeUp(tx: Transaction, of: Of & TakenUp): void {
  tx.send(
    `insert into taken_up (tenant, task, operation, subject, until) values ($1, $2, $3, $4, $5)
     on conflict (tenant, task, operation) do update set subject = $4, until = $5`,
    [of.tenant, of.task, of.operation, of.subject, of.until],
  );
}

/** Nobody looks into it any more. */
export function putDown(tx: Transaction, of: Of): void {
  tx.send('delete from taken_up where tenant = $1 and task = $2 and operation = $3', [
    of.tenant,
    of.task,
    of.operation,
  ]);
}
