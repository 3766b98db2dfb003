import { Hono } from 'hono';
import { decisionRequest } from '../../contract/http.js';
import type { Channel } from '../../domain/decision.js';
import type { GatewayEnv } from '../auth.js';
import type { GatewayDeps } from '../deps.js';
import { escalationOf, idempotencyKeyOf, readBody } from '../request.js';
import { takeDecision } from '../take-decision.js';

/** `POST /v1/escalations/{esc}/decisions`. */
export function decisionRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.post('/escalations/:escalation/decisions', async (c) => {
    const { status, receipt } = await takeDecision(deps, {
      ...escalationOf(c.req.param('escalation')),
      bearer: c.get('bearer'),
      key: idempotencyKeyOf(c.req.raw),
      channel: channelOf(c.req.header('countersign-channel')),
      body: () => readBody(c.req.raw, decisionRequest),
    });
    return c.json(receipt, status);
  });
  return app;
}

/** What the command line says of itself; a bare request is a program's. */
function channelOf(header: string | undefined): Channel {
  return header === 'cli' ? 'cli' : 'api';
}
