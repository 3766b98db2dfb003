import type { Context } from 'hono';
import type { EscalationView } from '../../contract/http.js';
import type { TaskId } from '../../domain/ids.js';
import type { GatewayEnv } from '../auth.js';
import type { GatewayDeps } from '../deps.js';
import { escalationOf } from '../request.js';
import { questionFor } from '../views/question.js';

/** A request of a person with a session. */
export type PageContext = Context<GatewayEnv>;

/** The question that a path names. Throws the uniform 404. */
export function questionAt(c: PageContext): { readonly task: TaskId; readonly operation: number } {
  return escalationOf(c.req.param('escalation') ?? '');
}

/** The question of a path as this reader may see it. Throws the uniform 404. */
export function viewOf(deps: GatewayDeps, c: PageContext): Promise<EscalationView> {
  return questionFor(deps, c.get('bearer'), questionAt(c));
}
