import { SETTLING } from '../domain/respond.js';
import type { TaskId, TenantId } from '../domain/ids.js';
import type { Queries } from './database.js';
import { storedJson } from './stored-json.js';

/** Open questions that several must approve, which one of these roles is or will be asked, or which are named, and on which this person has no standing word. */
export async function unheardQuestions(
  queries: Queries,
  of: {
    readonly tenant: TenantId;
    /** Null = of any task. */
    readonly task: TaskId | null;
    readonly subject: string;
    readonly roles: readonly string[];
    /** As `task:operation`. */
    readonly named: readonly string[];
  },
): Promise<readonly { readonly task: TaskId; readonly operation: number }[]> {
  return queries.query(
    `select task, operation from questions q where tenant = $1 and status = 'open' and quorum > 1 and ($2::text is null or task = $2)
       and (roles && $3::text[] or (task || ':' || operation) = any($4::text[])
         or exists (select 1 from json_array_elements(${storedJson('verdict')} -> 'ladder' -> 'rungs') r where r ->> 'role' = any($3::text[])))
       and not exists (select 1 from decisions d where d.tenant = q.tenant and d.task = q.task and d.operation = q.operation and d.round = q.round
         and d.subject = $5 and d.verb = any($6::text[]) and (d.outcome is null or d.outcome = 'applied'))
     order by task, operation limit 20`,
    [of.tenant, of.task, of.roles, of.named, of.subject, SETTLING],
  );
}
