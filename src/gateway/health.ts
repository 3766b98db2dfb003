import { Hono } from 'hono';
import type { GatewayDeps } from './deps.js';

/** `/healthz`: the process lives. `/readyz`: what it depends on answers; 503 names what does not. */
export function healthRoutes(deps: GatewayDeps): Hono {
  const app = new Hono();
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', async (c) => {
    const [database, temporal] = await Promise.all([databaseAnswers(deps), deps.tasks.reachable()]);
    return c.json(
      { status: database && temporal ? 'ok' : 'not-ready', database, temporal },
      database && temporal ? 200 : 503,
    );
  });
  return app;
}

async function databaseAnswers(deps: GatewayDeps): Promise<boolean> {
  try {
    await deps.database.now();
    return true;
  } catch {
    return false;
  }
}
