import { Hono } from 'hono';
import {
  absenceRequest,
  delegateRequest,
  membersRequest,
  noBody,
  roleDelegation,
} from '../../contract/http-who.js';
import type { GatewayEnv } from '../auth.js';
import { delegateQuestion, delegateRole, revoke } from '../delegating.js';
import type { GatewayDeps } from '../deps.js';
import { rosterFor, setAbsence, setMembers } from '../keep-roster.js';
import { escalationOf, idempotencyKeyOf, readBody } from '../request.js';
import { releaseQuestion, takeUpQuestion } from '../take-up.js';

/** Taking a question up, passing on what one may decide, and who is in a role or away. */
export function whoMayRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.post('/escalations/:escalation/claim', async (c) => {
    await readBody(c.req.raw, noBody);
    const of = { bearer: c.get('bearer'), ...escalationOf(c.req.param('escalation')) };
    return c.json(await takeUpQuestion(deps, { ...of, key: idempotencyKeyOf(c.req.raw) }));
  });
  app.post('/escalations/:escalation/release', async (c) => {
    await readBody(c.req.raw, noBody);
    const of = { bearer: c.get('bearer'), ...escalationOf(c.req.param('escalation')) };
    return c.json(await releaseQuestion(deps, { ...of, key: idempotencyKeyOf(c.req.raw) }));
  });
  app.post('/escalations/:escalation/delegate', async (c) => {
    const body = await readBody(c.req.raw, delegateRequest);
    const of = { bearer: c.get('bearer'), ...escalationOf(c.req.param('escalation')) };
    return c.json(await delegateQuestion(deps, { ...of, body, key: idempotencyKeyOf(c.req.raw) }), 201);
  });
  app.post('/delegations', async (c) => {
    const body = await readBody(c.req.raw, roleDelegation);
    const of = { bearer: c.get('bearer'), body, key: idempotencyKeyOf(c.req.raw) };
    return c.json(await delegateRole(deps, of), 201);
  });
  app.post('/delegations/:delegation/revoke', async (c) => {
    await readBody(c.req.raw, noBody);
    return c.json(await revoke(deps, c.get('bearer'), c.req.param('delegation')));
  });
  app.get('/roster', async (c) => c.json(await rosterFor(deps, c.get('bearer'))));
  app.post('/roster/roles/:role', async (c) => {
    const body = await readBody(c.req.raw, membersRequest);
    return c.json(await setMembers(deps, { bearer: c.get('bearer'), role: c.req.param('role'), body }));
  });
  app.post('/roster/absences', async (c) => {
    const body = await readBody(c.req.raw, absenceRequest);
    return c.json(await setAbsence(deps, { bearer: c.get('bearer'), body }));
  });
  return app;
}
