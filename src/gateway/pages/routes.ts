import { Hono, type MiddlewareHandler } from 'hono';
import type { GatewayEnv } from '../auth.js';
import type { GatewayDeps } from '../deps.js';
import { notFound } from '../problem.js';
import { requireForm } from '../form.js';
import { signedIn } from '../session.js';
import { deskRoutes } from './desk-routes.js';
import { pageFailure } from './failure.js';
import { pageHeaders, scriptedHeaders } from './plain-page.js';
import { readerOf, writeSettings } from './reader-cookie.js';
import { expiredForm, undecidedForm } from './resend.js';
import { reviewRoutes } from './review-routes.js';
import { rosterRoutes } from './roster-routes.js';
import { settingsPage } from './settings-page.js';

/** The pages for people, behind their session. GET shows and decides nothing, HEAD like GET; a POST answers with a page or with the way to one. */
export function pageRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.onError((error, c) => pageFailure(deps, error, c));
  for (const path of ['/', '/inbox', '/review/*', '/tasks/*', '/history', '/roster', '/settings'])
    app.use(
      path,
      pageHeaders,
      scriptedHeaders,
      signedIn(deps, {
        expired: (c, form) => expiredForm(c, form),
        undecided: (c, form, error) => undecidedForm(deps, c, form, error),
      }),
      noNul,
    );
  app.get('/', (c) => c.redirect('/inbox', 303));
  app.route('/', deskRoutes(deps));
  app.route('/', reviewRoutes(deps));
  app.route('/', rosterRoutes(deps));
  app.get('/settings', (c) => c.html(settingsPage(readerOf(deps, c), c.req.query('saved') !== undefined)));
  app.post('/settings', async (c) => {
    writeSettings(c, await requireForm(deps, c));
    return c.redirect('/settings?saved', 303);
  });
  return app;
}

/** No name holds a NUL, and no column of the database either. */
const noNul: MiddlewareHandler = async (c, next) => {
  if (c.req.url.includes('%00')) notFound();
  await next();
};
