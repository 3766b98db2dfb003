import { Hono } from 'hono';
import { inboxQuery } from '../../contract/http.js';
import type { GatewayEnv } from '../auth.js';
import type { GatewayDeps } from '../deps.js';
import { escalationOf, readQuery } from '../request.js';
import { inboxFor } from '../views/inbox.js';
import { questionFor } from '../views/question.js';

/** `/v1/escalations`: the inbox, and one question with its brief. */
export function escalationRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.get('/escalations', async (c) =>
    c.json((await inboxFor(deps, c.get('bearer'), readQuery(c.req.raw, inboxQuery))).page),
  );
  app.get('/escalations/:escalation', async (c) =>
    c.json(await questionFor(deps, c.get('bearer'), escalationOf(c.req.param('escalation')))),
  );
  return app;
}
