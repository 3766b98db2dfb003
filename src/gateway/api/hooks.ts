import { Hono } from 'hono';
import type { HookEnabled, HookPage } from '../../contract/http-hooks.js';
import type { TenantId } from '../../domain/ids.js';
import { oldSecretCounts } from '../../store/hook-receipts.js';
import { enableTarget, listTargets } from '../../store/hooks.js';
import { whileGood } from '../../store/while-good.js';
import { requireScope, type GatewayEnv } from '../auth.js';
import type { GatewayDeps } from '../deps.js';
import { notFound } from '../problem.js';

/** `/v1/hooks`: what web hooks there are and how they fare; enabling one that was disabled. Needs the scope `policy`. */
export function hookRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.get('/hooks', async (c) => {
    requireScope(c.get('bearer'), 'policy');
    return c.json(await page(deps, c.get('bearer').tenant));
  });
  app.post('/hooks/:hook/enable', async (c) => {
    requireScope(c.get('bearer'), 'policy');
    const { tenant, subject } = c.get('bearer');
    const hook = c.req.param('hook');
    const database = whileGood(deps.database, c.get('bearer'));
    if (!(await enableTarget(database, { tenant, id: hook, by: subject }))) notFound();
    return c.json({ hook, enabled: true } satisfies HookEnabled);
  });
  return app;
}

async function page({ database, hooks = [] }: GatewayDeps, tenant: TenantId): Promise<HookPage> {
  const own = hooks.filter((integration) => integration.tenant === tenant);
  const ids = own.map(({ id }) => id);
  const [targets, counts] = await database.reads((queries) =>
    Promise.all([listTargets(queries, tenant), oldSecretCounts(queries, tenant, ids)]),
  );
  return {
    targets: targets.map(({ id, events, ...rest }) => ({ hook: id, events: [...events], ...rest })),
    integrations: own.map(({ id, reviewers }) => ({
      integration: id,
      reviewers: reviewers.size,
      signedWithOldSecret: counts[id] ?? 0,
    })),
  };
}
