import { randomBytes } from 'node:crypto';
import type { Json } from '../domain/action.js';
import type { TenantId } from '../domain/ids.js';
import type { Queries } from './database.js';
import { hashToken } from './tokens.js';

/** What can be kept for one use: a sign-in link, and the code by which a terminal gets its token. */
export type OneTimeKind = 'link' | 'code';

/** Something that was kept. */
export interface OneTime {
  readonly tenant: TenantId;
  readonly body: Json;
}

/** Keeps something for one use until `expiresAt`; the secret that opens it, 256 random bits, is returned once. What is long over goes. */
export async function putOneTime(
  queries: Queries,
  kept: OneTime & { readonly kind: OneTimeKind; readonly now: number; readonly expiresAt: number },
): Promise<string> {
  const secret = randomBytes(32).toString('base64url');
  await queries.query('delete from one_time where expires_at < $1', [kept.now - 3_600_000]);
  await queries.query(
    'insert into one_time (hash, kind, tenant, body, expires_at) values ($1, $2, $3, $4, $5)',
    [hashToken(secret), kept.kind, kept.tenant, JSON.stringify(kept.body), kept.expiresAt],
  );
  return secret;
}

/** What a secret would open, without using it up. */
export async function seeOneTime(
  queries: Queries,
  kind: OneTimeKind,
  secret: string,
  now: number,
): Promise<OneTime | undefined> {
  const [row] = await queries.query<OneTime>(
    'select tenant, body from one_time where hash = $1 and kind = $2 and used_at is null and expires_at > $3',
    [hashToken(secret), kind, now],
  );
  return row;
}

/** What a secret opens, once: of two that come at the same time one gets it. */
export async function takeOneTime(
  queries: Queries,
  kind: OneTimeKind,
  secret: string,
  now: number,
): Promise<OneTime | undefined> {
  const [row] = await queries.query<OneTime>(
    'update one_time set used_at = $3 where hash = $1 and kind = $2 and used_at is null and expires_at > $3 returning tenant, body',
    [hashToken(secret), kind, now],
  );
  return row;
}
