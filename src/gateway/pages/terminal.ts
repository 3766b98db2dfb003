import { Hono } from 'hono';
import { z } from 'zod';
import type { GatewayEnv } from '../auth.js';
import type { GatewayDeps } from '../deps.js';
import { FORM_TOKEN, formToken, requireForm } from '../form.js';
import { refuse } from '../problem.js';
import { readBody } from '../request.js';
import { signedIn } from '../session.js';
import { createTerminalCode, takeTerminalToken } from '../terminal.js';
import { PAGE_HEADERS, pageHeaders, refusalPage } from './plain-page.js';
import { terminalPage } from './sign-in-views.js';

const secret = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const asking = z.object({
  /** Where the terminal listens on the loopback address (RFC 8252, section 7.3). */
  port: z
    .string()
    .regex(/^[1-9]\d{3,4}$/)
    .refine((text) => Number(text) <= 65_535),
  challenge: secret,
  state: secret,
});

/**
 * `/terminal`: whether a terminal may act as whoever is signed in; by its button alone. `POST /sign-in/token` gives the terminal its token. The
 * code goes to this person's own machine, whoever made the link to the page.
 */
export function terminalPages(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.post('/sign-in/token', async (c) => {
    const token = await takeTerminalToken(
      deps,
      await readBody(c.req.raw, z.strictObject({ code: secret, verifier: secret })),
    );
    return token
      ? c.json(token, 201)
      : refuse({ refused: 'unauthenticated', detail: 'This code is over: run `countersign login` again.' });
  });
  app.onError(async (error, c) => {
    if (c.req.path === '/sign-in/token') throw error;
    return refusalPage(error);
  });
  app.use('/terminal', pageHeaders, signedIn(deps));
  app.get('/terminal', (c) => {
    const wanted = wantedBy(c.req.query());
    // A form whose answer leads elsewhere needs leave to (CSP, form-action), and only for there.
    const policy = PAGE_HEADERS['content-security-policy'];
    c.header(
      'content-security-policy',
      policy.replace("form-action 'self'", `form-action 'self' ${originOf(wanted)}`),
    );
    return c.html(terminalPage(c.get('bearer').subject, { ...wanted, [FORM_TOKEN]: formToken(deps, c) }));
  });
  app.post('/terminal', async (c) => {
    const wanted = wantedBy(Object.fromEntries(await requireForm(deps, c)));
    const code = await createTerminalCode(deps, c.get('bearer'), wanted.challenge);
    const query = new URLSearchParams({ code, state: wanted.state });
    return c.redirect(`${originOf(wanted)}/callback?${query.toString()}`, 303);
  });
  return app;
}

function wantedBy(given: Readonly<Record<string, string>>): z.infer<typeof asking> {
  const wanted = asking.safeParse(given);
  if (wanted.success) return wanted.data;
  return refuse({
    refused: 'usage',
    detail: 'This is no address that `countersign login` prints: run it again.',
  });
}

function originOf({ port }: { readonly port: string }): string {
  return `http://127.0.0.1:${port}`;
}
