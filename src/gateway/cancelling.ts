import type { Bearer } from '../store/tokens.js';
import type { TaskRow } from '../store/tasks.js';
import { personIn } from './decider.js';
import type { GatewayDeps } from './deps.js';
import { haltingRoleOf } from './halting.js';
import { refuse } from './problem.js';

/**
 * Throws `forbidden` unless the bearer may end this task for good: whoever asked for it, a service that may ask in others' names, whoever may
 * halt it, and the people of the role that answers for its agent.
 */
export async function requireCanceller(deps: GatewayDeps, bearer: Bearer, row: TaskRow): Promise<void> {
  if (bearer.kind === 'service' && bearer.scopes.includes('on-behalf')) return;
  const roster = await deps.policies.roster(deps.database, bearer.policyHash, bearer.tenant);
  if (personIn(roster, bearer.subject) === personIn(roster, row.requester)) return;
  if (haltingRoleOf(roster, bearer) !== undefined) return;
  const owner = roster?.ownerRoleOf(row.agent) ?? '';
  if (bearer.kind === 'personal' && roster?.rolesOf(bearer).includes(owner)) return;
  const roles = [...new Set([owner, ...(roster?.halts.set ?? [])])].filter((role) => role !== '');
  const who = ['whoever asked for the task', ...roles, 'a token with the scope `halt`'].join(', ');
  refuse({
    refused: 'forbidden',
    detail: `Only these may cancel it, by the policy in force now: ${who}. Ask one of them.`,
  });
}
