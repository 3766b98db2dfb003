import { Hono } from 'hono';
import { html } from 'hono/html';
import { sessionOf } from '../../store/sessions.js';
import type { GatewayEnv } from '../auth.js';
import type { GatewayDeps } from '../deps.js';
import { formToken, requireForm, requireOwnPage } from '../form.js';
import { signedIn } from '../session.js';
import { clearSession, sessionSecret, setSession } from '../session-cookie.js';
import { endSession, seeLink, takeLink } from '../sign-in.js';
import { pageHeaders, plainPage, refusalPage } from './plain-page.js';

/** `/sign-in`, `/sign-in/once/{secret}` and `/sign-out`. A GET shows and never signs anybody in: mail scanners and prefetching browsers send those. */
export function signInPages(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.onError(refusalPage);
  app.use('/sign-in/*', pageHeaders);
  app.use('/sign-out', pageHeaders);
  app.get('/sign-in', async (c) => {
    const secret = sessionSecret(deps, c);
    const bearer = secret === undefined ? undefined : await sessionOf(deps.database, secret);
    return c.html(bearer ? signedInPage(bearer.subject, formToken(deps, c)) : howPage());
  });
  app.get('/sign-in/once/:secret', async (c) => {
    const subject = await seeLink(deps.database, c.req.param('secret'), await deps.database.now());
    return subject === undefined ? c.html(overPage(), 404) : c.html(linkPage(subject, c.req.path));
  });
  app.post('/sign-in/once/:secret', async (c) => {
    requireOwnPage(deps, c);
    const taken = await takeLink(deps, c.req.param('secret'));
    if (!taken) return c.html(overPage(), 404);
    setSession(deps, c, taken.session);
    return c.redirect('/', 303);
  });
  app.post('/sign-out', signedIn(deps), async (c) => {
    await requireForm(deps, c);
    await endSession(deps, c.get('bearer'), { id: c.get('bearer').tokenId, own: true });
    clearSession(deps, c);
    return c.redirect('/sign-in', 303);
  });
  return app;
}

function howPage() {
  return plainPage(
    'Sign in',
    html`<p>Ask whoever runs Countersign for a link, or make one yourself where it runs:</p>
      <p><code>countersign sign-in-link --as YOUR-NAME</code></p>`,
  );
}

function signedInPage(subject: string, token: string) {
  return plainPage(
    'Signed in',
    html`<p>You are signed in as <strong>${subject}</strong>. <a href="/">Go on</a></p>
      <form method="post" action="/sign-out">
        <input type="hidden" name="csrf" value="${token}" />
        <button>Sign out</button>
      </form>`,
  );
}

function linkPage(subject: string, path: string) {
  return plainPage(
    'Sign in',
    html`<form method="post" action="${path}">
      <button>Sign in as ${subject}</button>
    </form>`,
  );
}

function overPage() {
  return plainPage(
    'This link is over',
    html`<p>
      It is good for ten minutes and for one use. Make a new one:
      <code>countersign sign-in-link --as YOUR-NAME</code>
    </p>`,
  );
}
