import { Hono } from 'hono';
import { z } from 'zod';
import { name } from '../../contract/fields.js';
import { createToken, listTokens, MAX_TOKEN_AGE_MS, revokeToken } from '../../store/tokens.js';
import { appendJournal, TENANT_CHAIN } from '../../store/journal.js';
import type { Bearer } from '../../store/tokens.js';
import { whileGood } from '../../store/while-good.js';
import { isOwnOnly, requireScope, type GatewayEnv } from '../auth.js';
import type { GatewayDeps } from '../deps.js';
import { notFound, refuse } from '../problem.js';
import { idempotencyKeyOf, readBody } from '../request.js';
import { labelled } from '../../contract/digest.js';

const scope = z.enum(['on-behalf', 'halt', 'halt:all', 'policy', 'tokens']);
const creation = z.strictObject({
  kind: z.enum(['personal', 'service']),
  subject: name,
  scopes: z.array(scope).max(10).default([]),
  ttlDays: z.int().min(1).max(90).default(90),
});

/**
 * `/v1/tokens`: create (its text is told once), list, revoke. Without the scope `tokens` a person lists and revokes their own, and a token
 * revokes itself; nobody gives away a scope they lack.
 */
export function tokenRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.post('/tokens', async (c) => {
    requireScope(c.get('bearer'), 'tokens');
    const body = await readBody(c.req.raw, creation);
    return c.json(await create(deps, c.get('bearer'), body, idempotencyKeyOf(c.req.raw)), 201);
  });
  app.get('/tokens', async (c) => {
    const { tenant, subject } = c.get('bearer');
    const person = isOwnOnly(c.get('bearer')) ? subject : null;
    return c.json({ tokens: await listTokens(deps.database, tenant, person) });
  });
  app.post('/tokens/:token/revoke', async (c) => {
    const bearer = c.get('bearer');
    const id = c.req.param('token');
    await revoke(deps, bearer, { id, own: id !== bearer.tokenId && isOwnOnly(bearer) });
    return c.json({ token: id, revoked: true });
  });
  return app;
}

async function create(deps: GatewayDeps, bearer: Bearer, body: z.output<typeof creation>, key: string) {
  const beyond = body.scopes.filter((wanted) => !bearer.scopes.includes(wanted));
  if (beyond.length > 0)
    refuse({
      refused: 'forbidden',
      detail: `Your token lacks ${beyond.join(', ')}: nobody gives away a scope they do not have.`,
    });
  const { tenant, subject, issuer } = bearer;
  const id = labelled('token', { tenant, subject, issuer, key }).slice(
    'sha256:'.length,
    'sha256:'.length + 12,
  );
  return whileGood(deps.database, bearer).transaction(async (tx) => {
    const now = await tx.now();
    const ttlMs = Math.min(body.ttlDays * 24 * 3_600_000, MAX_TOKEN_AGE_MS);
    const made = await createToken(tx, {
      tenant,
      kind: body.kind,
      subject: body.subject,
      issuer: 'local',
      scopes: body.scopes,
      now,
      ttlMs,
      id,
    });
    const event = {
      id: `token/${id}`,
      type: 'token-created',
      body: { token: id, kind: body.kind, scopes: body.scopes },
      texts: { by: subject, for: body.subject },
    };
    await appendJournal(tx, { tenant, task: TENANT_CHAIN, now, events: [event] });
    return {
      id: made.id,
      token: made.token,
      kind: body.kind,
      subject: body.subject,
      scopes: body.scopes,
      expiresAt: now + ttlMs,
    };
  });
}

async function revoke(
  deps: GatewayDeps,
  { tenant, subject }: Bearer,
  { id, own }: { readonly id: string; readonly own: boolean },
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const now = await tx.now();
    if (!(await revokeToken(tx, { tenant, id, person: own ? subject : null }, now))) notFound();
    const event = {
      id: `token/${id}/revoked`,
      type: 'token-revoked',
      body: { token: id },
      texts: { by: subject },
    };
    await appendJournal(tx, { tenant, task: TENANT_CHAIN, now, events: [event] });
  });
}
