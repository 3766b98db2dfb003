import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import { sessionOf } from '../store/sessions.js';
import type { Bearer } from '../store/tokens.js';
import { isUnavailable } from '../store/unavailable.js';
import type { GatewayEnv } from './auth.js';
import type { GatewayDeps } from './deps.js';
import { readForm, type Form } from './form.js';
import { bodyIn } from './request.js';
import { sessionSecret, setSession } from './session-cookie.js';
import { endSession } from './sign-in.js';

/** Where to sign in, and to come back to this page. `stepUp`: also for whoever is signed in, since the question asks for it. */
export function signInPath(path: string, options: { readonly stepUp?: boolean } = {}): string {
  const query = new URLSearchParams([['then', path]]);
  if (options.stepUp === true) query.set('step-up', '1');
  return `/sign-in?${query.toString()}`;
}

/** Gives the browser a new session in the place of the one it had, which ends. */
export async function replaceSession(deps: GatewayDeps, c: Context, secret: string): Promise<void> {
  const before = sessionSecret(deps, c);
  const bearer = before === undefined ? undefined : await sessionOf(deps.database, before);
  if (bearer) await endSession(deps, bearer, { id: bearer.tokenId, own: true });
  setSession(deps, c, secret);
}

/** In the query of a page that renews itself, which is no use of the session; the script in pages/assets/ holds the same word. */
export const RENEWED = 'renewed';

/** What a page does with a form whose session is over: keep what was typed, and ask to sign in. */
export type Expired = (c: Context<GatewayEnv>, form: Form) => Response | Promise<Response>;

/** What a page does with a form while nobody can tell whose session it is: keep what was typed, to be sent again. */
export type Undecided = (c: Context<GatewayEnv>, form: Form, error: unknown) => Response | Promise<Response>;

/**
 * Lets only people with a session through: `c.get('bearer')`. Others are sent to sign in first; a form that comes after its session has
 * ended goes to `expired`, once it is sure to come from a page of ours, and one that comes while the database is away to `undecided`.
 * Without them it is lost.
 */
export function signedIn(
  deps: GatewayDeps,
  options: { readonly expired?: Expired; readonly undecided?: Undecided } = {},
) {
  return createMiddleware<GatewayEnv>(async (c, next) => {
    const secret = sessionSecret(deps, c);
    const renewed = c.req.query(RENEWED) !== undefined;
    const read = c.req.method === 'GET' || c.req.method === 'HEAD';
    let bearer: Bearer | undefined;
    if (secret !== undefined) await bodyIn(c.req.raw);
    try {
      bearer = secret === undefined ? undefined : await sessionOf(deps.database, secret, renewed);
    } catch (error) {
      if (read || !options.undecided || !isUnavailable(error)) throw error;
      return options.undecided(c, await readForm(deps, c), error);
    }
    if (bearer) {
      c.set('bearer', bearer);
      return next();
    }
    if (!read && options.expired) return options.expired(c, await readForm(deps, c));
    const { pathname, search } = new URL(c.req.url);
    return c.redirect(signInPath(read ? `${pathname}${search}` : '/'), 303);
  });
}
