import type { Verb } from '../domain/decision.js';
import type { DecisionId, TaskId, TenantId } from '../domain/ids.js';
import type { Queries } from './database.js';
import type { DecisionOutcome } from './decisions.js';
import type { LedgerRow } from './ledger.js';
import { storedJson } from './stored-json.js';

/** One of a person's own decisions, as a list shows it. */
export interface OwnDecision {
  readonly id: DecisionId;
  readonly task: TaskId;
  readonly operation: number;
  readonly round: number;
  readonly verb: Verb;
  readonly why: string;
  readonly at: number;
  /** Null while it is on its way. */
  readonly outcome: DecisionOutcome | null;
  readonly outcomeCode: string | null;
  /** Of an approval, the call it was about; null = of another decision. */
  readonly call: Pick<LedgerRow, 'status' | 'errorCode'> | null;
  /** What it was about; null for a question without a brief. */
  readonly proposal: string | null;
}

/** A person's decisions, whatever they signed in with, newest first, after the last of a page before. */
export async function ownDecisions(
  queries: Queries,
  of: {
    readonly tenant: TenantId;
    readonly subject: string;
    readonly after: { readonly at: number; readonly id: string } | undefined;
    readonly limit: number;
  },
): Promise<readonly OwnDecision[]> {
  const rows = await queries.query<Omit<OwnDecision, 'proposal'> & { proposal: string | null }>(
    `select d.id, d.task, d.operation, d.round, d.verb, d.why, d.at, d.outcome, d.outcome_code as "outcomeCode",
       (select json_build_object('status', l.status, 'errorCode', l.error_code) from ledger l where d.verb = 'approve'
          and (l.tenant, l.task, l.operation, l.generation) = (d.tenant, d.task, d.operation, d.generation)) as call,
       (select (${storedJson('q.brief')} -> 'proposal')::text from questions q where (q.tenant, q.task, q.operation, q.generation, q.round)
          = (d.tenant, d.task, d.operation, d.generation, d.round)) as proposal
     from decisions d where d.tenant = $1 and d.subject = $2 and ($3::bigint is null or (d.at, d.id) < ($3, $4::text))
     order by d.at desc, d.id desc limit $5`,
    [of.tenant, of.subject, of.after?.at ?? null, of.after?.id ?? null, of.limit],
  );
  return rows.map((row) => ({ ...row, proposal: JSON.parse(row.proposal ?? 'null') as string | null })); // written by openQuestion
}
