import { Hono } from 'hono';
import { sessionOf } from '../../store/sessions.js';
import type { GatewayEnv } from '../auth.js';
import { NoAnswer } from '../bounded-fetch.js';
import type { GatewayDeps } from '../deps.js';
import { formToken, requireForm, requireOwnPage } from '../form.js';
import { localPath } from '../origin.js';
import { notFound } from '../problem.js';
import { replaceSession, signedIn, signInPath } from '../session.js';
import { clearSession, rememberWay, seeWay, sessionSecret, takeWay } from '../session-cookie.js';
import { endSession, seeLink, takeLink } from '../sign-in.js';
import { beginFlow, CALLBACK, endFlow } from '../sign-in-flow.js';
import { pageHeaders, refusalPage, scriptedHeaders } from './plain-page.js';
import { failedPage, howPage, linkOverPage, linkPage, noRolePage, signedInPage } from './sign-in-views.js';

/** `/sign-in`, by the identity provider or by a link, and `/sign-out`. A GET of a link shows it and uses nothing up: mail scanners and prefetching browsers send those. */
export function signInPages(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.onError(refusalPage);
  app.use('/sign-in/*', pageHeaders);
  app.use('/sign-in/once/*', scriptedHeaders);
  app.use('/sign-out', pageHeaders);
  app.get('/sign-in', async (c) => {
    const secret = sessionSecret(deps, c);
    const stepUp = c.req.query('step-up') === '1';
    const bearer = secret === undefined ? undefined : await sessionOf(deps.database, secret);
    if (bearer && !stepUp) return c.html(signedInPage(bearer.subject, formToken(deps, c)));
    const goOn = localPath(c.req.query('then'));
    rememberWay(deps, c, goOn);
    return c.html(howPage(providerLink(deps, goOn, stepUp), stepUp));
  });
  providerRoutes(deps, app);
  linkRoutes(deps, app);
  app.post('/sign-out', signedIn(deps), async (c) => {
    await requireForm(deps, c);
    await endSession(deps, c.get('bearer'), { id: c.get('bearer').tokenId, own: true });
    clearSession(deps, c);
    return c.redirect('/sign-in', 303);
  });
  return app;
}

function providerLink({ signIn }: GatewayDeps, goOn: string, stepUp: boolean) {
  if (signIn === undefined) return null;
  const query = new URLSearchParams([['then', goOn]]);
  if (stepUp) query.set('step-up', '1');
  return { host: new URL(signIn.provider.issuer).host, path: `/sign-in/oidc?${query.toString()}` };
}

function providerRoutes(deps: GatewayDeps, app: Hono<GatewayEnv>): void {
  app.get('/sign-in/oidc', async (c) => {
    const signIn = deps.signIn ?? notFound();
    try {
      const to = await beginFlow(deps, c, signIn, {
        goOn: localPath(c.req.query('then')),
        stepUp: c.req.query('step-up') === '1',
      });
      return c.redirect(to.href, 303);
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      return c.html(failedPage('no-answer', signInPath(seeWay(c))), 503);
    }
  });
  app.get(CALLBACK, async (c) => {
    const end = await endFlow(deps, c, deps.signIn ?? notFound());
    if (end.kind === 'no-role') return c.html(noRolePage(end.who), 403);
    if (end.kind !== 'signed-in')
      return c.html(failedPage(end.kind, signInPath(seeWay(c))), end.kind === 'no-answer' ? 503 : 400);
    await replaceSession(deps, c, end.session);
    return c.redirect(end.goOn, 303);
  });
}

function linkRoutes(deps: GatewayDeps, app: Hono<GatewayEnv>): void {
  app.get('/sign-in/once/:secret', async (c) => {
    const subject = await seeLink(deps.database, c.req.param('secret'), await deps.database.now());
    return subject === undefined
      ? c.html(linkOverPage(seeWay(c)), 404)
      : c.html(linkPage(subject, c.req.path));
  });
  app.post('/sign-in/once/:secret', async (c) => {
    requireOwnPage(deps, c);
    const taken = await takeLink(deps, c.req.param('secret'));
    if (!taken) return c.html(linkOverPage(seeWay(c)), 404);
    await replaceSession(deps, c, taken.session);
    return c.redirect(takeWay(c), 303);
  });
}
