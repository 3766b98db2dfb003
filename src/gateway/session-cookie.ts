import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { MAX_SESSION_AGE_MS } from '../store/sessions.js';
import type { GatewayDeps } from './deps.js';
import { localPath, ownOrigin } from './origin.js';

const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** `__Host-` cookies come back to this host alone and over TLS alone (RFC 6265bis, section 4.1.3.2); plain http on the loopback address cannot have one. */
function nameOf(deps: GatewayDeps, c: Context): { readonly name: string; readonly secure: boolean } {
  const secure = ownOrigin(deps, c).startsWith('https:');
  return { name: secure ? '__Host-countersign' : 'countersign', secure };
}

/** The secret of the session that the browser shows; undefined for none, or for what cannot be one. */
export function sessionSecret(deps: GatewayDeps, c: Context): string | undefined {
  const value = getCookie(c, nameOf(deps, c).name);
  return value !== undefined && SECRET.test(value) ? value : undefined;
}

/** Gives the browser a session; no script can read it, and no other site's form carries it. */
export function setSession(deps: GatewayDeps, c: Context, secret: string): void {
  writeSession(deps, c, secret, MAX_SESSION_AGE_MS / 1000);
}

/** Takes the session from the browser. */
export function clearSession(deps: GatewayDeps, c: Context): void {
  writeSession(deps, c, '', 0);
}

function writeSession(deps: GatewayDeps, c: Context, value: string, maxAge: number): void {
  const { name, secure } = nameOf(deps, c);
  setCookie(c, name, value, { path: '/', secure, httpOnly: true, sameSite: 'Lax', maxAge });
}

const WAY = 'countersign-then';
const WAY_PATH = '/sign-in';
const WAY_S = 600;

/** Notes where somebody wanted to go who has to sign in first: a sign-in link is opened later, in the same browser. */
export function rememberWay(deps: GatewayDeps, c: Context, path: string): void {
  const { secure } = nameOf(deps, c);
  if (path === '/') return;
  setCookie(c, WAY, path, { path: WAY_PATH, secure, httpOnly: true, sameSite: 'Lax', maxAge: WAY_S });
}

/** Where that was, once; `/` for nowhere, or for what is no page of ours. */
export function takeWay(c: Context): string {
  const way = seeWay(c);
  if (way !== '/') deleteCookie(c, WAY, { path: WAY_PATH });
  return way;
}

/** The same, left for another time. */
export function seeWay(c: Context): string {
  return localPath(getCookie(c, WAY));
}
