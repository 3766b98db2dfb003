import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { CountersignError } from '../domain/errors.js';
import type { GatewayDeps } from './deps.js';
import { ownOrigin } from './origin.js';
import { readText } from './request.js';
import { sessionSecret } from './session-cookie.js';

/** The hidden field that every form of a page carries. */
export const FORM_TOKEN = 'csrf';

/** Far more than a form of ours has; each is shown again when it is refused. */
const MOST_FIELDS = 200;

/** A form as it was posted from a page of ours. */
export interface Form {
  /** Every field once, without the form token. */
  readonly fields: ReadonlyMap<string, string>;
  /** Whether it was made in the session that posts it. One that was not is shown again and never acted on. */
  readonly ownSession: boolean;
}

/** What `csrf` must hold in the forms of this session: bound to the cookie, which no other site and no script can read. Empty without a session. */
export function formToken(deps: GatewayDeps, c: Context): string {
  const secret = sessionSecret(deps, c);
  return secret === undefined
    ? ''
    : createHmac('sha256', secret).update('countersign/form/1').digest('base64url');
}

/**
 * Reads a form that one of our own pages sent. Throws `forbidden` for another site's, `unsupported-media` for any other content type,
 * `usage` for a field that stands twice, `too-large`.
 */
export async function readForm(deps: GatewayDeps, c: Context): Promise<Form> {
  requireOwnPage(deps, c);
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/x-www-form-urlencoded\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type))
    throw new CountersignError('unsupported-media', 'Send this form from its page.');
  const fields = new Map<string, string>();
  const given = new URLSearchParams(await readText(c.req.raw));
  if (given.size > MOST_FIELDS)
    throw new CountersignError('usage', 'No form has so many fields: open the page again.');
  for (const [name, value] of given) {
    if (fields.has(name))
      throw new CountersignError('usage', 'A field of this form stands twice: open the page again.');
    if (value.includes('\0'))
      throw new CountersignError('usage', 'No form takes a NUL: open the page again.');
    fields.set(name, value);
  }
  const token = fields.get(FORM_TOKEN) ?? '';
  fields.delete(FORM_TOKEN);
  const wanted = formToken(deps, c);
  return { fields, ownSession: wanted !== '' && same(token, wanted) };
}

/** The fields of a form that may be acted on. Throws like `readForm`, and `forbidden` when it was made in another session. */
export async function requireForm(deps: GatewayDeps, c: Context): Promise<ReadonlyMap<string, string>> {
  const { fields, ownSession } = await readForm(deps, c);
  if (ownSession) return fields;
  throw new CountersignError(
    'forbidden',
    'This form was made in another session: open the page again, then send it. Nothing was changed.',
  );
}

/**
 * Throws `forbidden` unless a page of this very origin sent the request: by Sec-Fetch-Site and Origin, where both stand both must fit. Pages
 * send no referrer, so that browsers write `Origin: null` (Fetch, section 3.2): then Sec-Fetch-Site alone tells.
 */
export function requireOwnPage(deps: GatewayDeps, c: Context): void {
  const site = c.req.header('sec-fetch-site');
  const origin = c.req.header('origin');
  const known = origin !== undefined && origin !== 'null';
  const own =
    (site === undefined || site === 'same-origin') &&
    (!known || origin === ownOrigin(deps, c)) &&
    (known || site !== undefined);
  if (own) return;
  throw new CountersignError(
    'forbidden',
    `This was not sent from a page of ${ownOrigin(deps, c)}: open the page there, then send it. Nothing was changed.`,
  );
}

function same(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
