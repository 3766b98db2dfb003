import { randomUUID } from 'node:crypto';
import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { GatewayEnv } from '../auth.js';
import type { GatewayDeps } from '../deps.js';
import { formToken } from '../form.js';
import type { Reader } from './reader.js';

const ZONE = 'countersign-zone';
const KEYS = 'countersign-keys';
const ZONES: ReadonlySet<string> = new Set(['UTC', ...Intl.supportedValuesOf('timeZone')]);

/** Whoever reads this page, with their settings. */
export function readerOf(deps: GatewayDeps, c: Context<GatewayEnv>): Reader {
  const zone = getCookie(c, ZONE);
  return {
    subject: c.get('bearer').subject,
    now: Date.now(), // only for show: what is still possible comes from the database's clock
    zone: zone !== undefined && ZONES.has(zone) ? zone : 'UTC',
    keys: getCookie(c, KEYS) !== 'off',
    formToken: formToken(deps, c),
    formKey: randomUUID(),
  };
}

/** Keeps zone and keys in the browser; what is neither is left as it was. */
export function writeSettings(c: Context, fields: ReadonlyMap<string, string>): void {
  const options = { path: '/', httpOnly: true, sameSite: 'Lax', maxAge: 400 * 86_400 } as const;
  const zone = fields.get('zone') ?? '';
  const keys = fields.get('keys') ?? '';
  if (ZONES.has(zone)) setCookie(c, ZONE, zone, options);
  if (keys === 'on' || keys === 'off') setCookie(c, KEYS, keys, options);
}
