import { Hono } from 'hono';
import { z } from 'zod';
import { CountersignError } from '../../domain/errors.js';
import { activatePolicy, activePolicyHash, findPolicy } from '../../store/policies.js';
import { listTools } from '../../store/tools.js';
import { whileGood } from '../../store/while-good.js';
import { requireScope, requireSight, type GatewayEnv } from '../auth.js';
import type { GatewayDeps } from '../deps.js';
import { notFound } from '../problem.js';
import { readBody } from '../request.js';

const activation = z.strictObject({
  source: z
    .string()
    .min(1)
    .max(512 * 1024),
});

/** `/v1/policies`: activate one, with its author, and read the active one. A bad file changes nothing: the last good one stays in force. */
export function policyRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.post('/policies', async (c) => {
    const bearer = c.get('bearer');
    requireScope(bearer, 'policy');
    const { source } = await readBody(c.req.raw, activation);
    const check = deps.policies.check(source, await listTools(deps.database));
    if (!check.ok) {
      const detail = 'The policy was not activated, the one in force stays: see `problems`.';
      throw new CountersignError('invalid', detail, { problems: check.problems });
    }
    const { hash, version, warnings } = check;
    // By their scope, whichever policy it replaces.
    await activatePolicy(whileGood(deps.database, { ...bearer, policyHash: null }), {
      hash,
      version,
      source,
      tenant: bearer.tenant,
      author: bearer.subject,
    });
    return c.json({ hash, version, warnings, active: true }, 201);
  });
  app.get('/policies/active', async (c) => {
    const bearer = c.get('bearer');
    // Whoever may replace it may read what they replace, also without a role in it.
    if (!bearer.scopes.includes('policy')) await requireSight(deps, deps.database, bearer, null);
    const hash = (await activePolicyHash(deps.database, bearer.tenant)) ?? notFound();
    const row = (await findPolicy(deps.database, hash)) ?? notFound();
    return c.json({ hash: row.hash, version: row.version, source: row.source });
  });
  return app;
}
