import type { DecisionId, Digest, HaltId, TaskId, TenantId } from '../domain/ids.js';
import type { Transaction } from './database.js';
import { EVERY_TENANT, type HaltScope } from './halts.js';

/** What storing a decision has to know beside its question. */
export interface SceneRow {
  readonly agent: string;
  readonly requester: string;
  /** The active policy; null when the tenant has none. */
  readonly policyHash: Digest | null;
  /** Whether a decision of this id is stored already. */
  readonly known: boolean;
  /** The narrowest halt in force over the task. */
  readonly haltId: HaltId | null;
  readonly haltScope: HaltScope | null;
}

/** All of it in one query, for the path that every decision takes; call it after the question was locked. Undefined = no such task. */
export async function readDecisionScene(
  tx: Transaction,
  of: { tenant: TenantId; task: TaskId; id: DecisionId },
): Promise<SceneRow | undefined> {
  const [row] = await tx.query<SceneRow>(
    `select t.agent, t.requester, p.hash as "policyHash", h.id as "haltId", h.scope as "haltScope",
       exists (select 1 from decisions d where d.tenant = $1 and d.id = $3) as known
     from tasks t left join active_policies p on p.tenant = t.tenant
     left join lateral (
       select id, scope from halts
       where lifted_at is null and ((scope = 'all' and tenant = $4) or (tenant = $1
         and ((scope = 'tenant' and target = $1) or (scope = 'agent' and target = t.agent) or (scope = 'task' and target = $2))))
       order by array_position(array['task', 'agent', 'tenant', 'all'], scope), set_at limit 1
     ) h on true
     where t.tenant = $1 and t.task = $2`,
    [of.tenant, of.task, of.id, EVERY_TENANT],
  );
  return row;
}
