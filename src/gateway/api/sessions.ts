import { randomBytes } from 'node:crypto';
import { Hono } from 'hono';
import { z } from 'zod';
import { name } from '../../contract/fields.js';
import { appendJournal, TENANT_CHAIN } from '../../store/journal.js';
import { listSessions, revokePerson } from '../../store/sessions.js';
import type { Bearer } from '../../store/tokens.js';
import { isOwnOnly, requireScope, type GatewayEnv } from '../auth.js';
import type { GatewayDeps } from '../deps.js';
import { notFound } from '../problem.js';
import { ownOrigin } from '../origin.js';
import { readBody } from '../request.js';
import { createLink, endSession } from '../sign-in.js';

/**
 * `/v1/sign-in-links` makes a link that signs a person in; `/v1/sessions` lists and ends sessions: a person their own, with the scope `tokens`
 * everybody's; `/v1/people/{subject}/revoke` ends every session and token of a person.
 */
export function sessionRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.post('/sign-in-links', async (c) => {
    requireScope(c.get('bearer'), 'tokens');
    const { subject } = await readBody(c.req.raw, z.strictObject({ subject: name }));
    const origin = ownOrigin(deps, c);
    const { secret, expiresAt } = await createLink(deps, c.get('bearer'), subject);
    return c.json({ subject, url: `${origin}/sign-in/once/${secret}`, expiresAt }, 201);
  });
  app.get('/sessions', async (c) => {
    const { tenant, subject } = c.get('bearer');
    const own = isOwnOnly(c.get('bearer')) ? subject : null;
    return c.json({ sessions: await listSessions(deps.database, tenant, own) });
  });
  app.post('/sessions/:session/revoke', async (c) => {
    const bearer = c.get('bearer');
    const id = c.req.param('session');
    if (!(await endSession(deps, bearer, { id, own: isOwnOnly(bearer) }))) notFound();
    return c.json({ session: id, revoked: true });
  });
  app.post('/people/:subject/revoke', async (c) => {
    requireScope(c.get('bearer'), 'tokens');
    const subject = name.safeParse(c.req.param('subject'));
    if (!subject.success) return notFound();
    return c.json(await revokeAllOf(deps, c.get('bearer'), subject.data));
  });
  return app;
}

async function revokeAllOf(deps: GatewayDeps, bearer: Bearer, subject: string) {
  return deps.database.transaction(async (tx) => {
    const now = await tx.now();
    const { sessions, tokens } = await revokePerson(tx, bearer.tenant, subject, now);
    const event = {
      id: `person-revoked/${randomBytes(8).toString('hex')}`,
      type: 'person-revoked',
      body: { sessions, tokens },
      texts: { by: bearer.subject, for: subject },
    };
    await appendJournal(tx, { tenant: bearer.tenant, task: TENANT_CHAIN, now, events: [event] });
    return { subject, sessions: sessions.length, tokens: tokens.length };
  });
}
