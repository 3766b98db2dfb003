import { Hono } from 'hono';
import { z } from 'zod';
import { inboxQuery } from '../../contract/http.js';
import { ownDecisions } from '../../store/own-decisions.js';
import type { GatewayEnv } from '../auth.js';
import type { GatewayDeps } from '../deps.js';
import { readCursor, readQuery, taskOf, writeCursor } from '../request.js';
import { RENEWED } from '../session.js';
import { inboxFor } from '../views/inbox.js';
import { taskFor } from '../views/task.js';
import { historyPage } from './history-page.js';
import { inboxPage } from './inbox-page.js';
import { readerOf } from './reader-cookie.js';
import { taskPage } from './task-page.js';

const PAGE = 50;
const historyPlace = z.strictObject({ at: z.int(), id: z.string() });

/** `/inbox`, `/tasks/{task}` and `/history`: lists, and one task. */
export function deskRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.get('/inbox', async (c) => {
    const bearer = c.get('bearer');
    const given = new URL(c.req.url).searchParams;
    given.delete(RENEWED);
    if (given.get('role') === '') given.delete('role'); // a form sends what was left empty
    const query = readQuery(new Request(`http://inbox/?${given.toString()}`), inboxQuery);
    const inbox = await inboxFor(deps, bearer, query);
    const { role, state, cursor } = query;
    return c.html(
      inboxPage(inbox.page, readerOf(deps, c), { role, state, cursor, roles: inbox.roles ?? [] }),
    );
  });
  app.get('/tasks/:task', async (c) => {
    const view = await taskFor(deps, c.get('bearer'), taskOf(c.req.param('task')));
    return c.html(taskPage(view, readerOf(deps, c)));
  });
  app.get('/history', async (c) => {
    const { tenant, subject } = c.get('bearer');
    const after = readCursor(c.req.query('cursor'), historyPlace);
    const own = await ownDecisions(deps.database, { tenant, subject, after, limit: PAGE });
    const last = own.length === PAGE ? own.at(-1) : undefined;
    return c.html(
      historyPage(own, last ? writeCursor({ at: last.at, id: last.id }) : null, readerOf(deps, c)),
    );
  });
  return app;
}
