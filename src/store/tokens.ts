import { createHash, randomBytes } from 'node:crypto';
import { CountersignError } from '../domain/errors.js';
import type { Digest, TenantId } from '../domain/ids.js';
import type { Claims } from '../domain/identity.js';
import type { Queries } from './database.js';
import { EVERY_TENANT } from './halts.js';

/** What a token lets its bearer do: a personal one is a reviewer, a service one submits and reads and never decides. */
export type TokenKind = 'personal' | 'service';

/** Who asks, by a token, by the session of a page, or by a message that a known program signed. */
export interface Bearer {
  readonly via: 'token' | 'session' | 'hook';
  /** The id of the token, of the session or of the program; no secret. */
  readonly tokenId: string;
  readonly tenant: TenantId;
  readonly kind: TokenKind;
  readonly subject: string;
  readonly issuer: string;
  readonly scopes: readonly string[];
  /** What the identity provider said when this person signed in; null when none did, and the operator vouches for the subject. */
  readonly claims: Claims | null;
  /** When the person last proved who they are, epoch milliseconds; null when a token does not say. */
  readonly authTime: number | null;
  /** How they did, as the identity provider names it (OIDC Core, section 2, `acr`); null when it does not say. */
  readonly acr: string | null;
  /** The policy in force when the token was looked up; null when the tenant has none. */
  readonly policyHash: Digest | null;
}

/** Tokens live 90 days at most (PEOPLE.md's bound for personal and service tokens alike). */
export const MAX_TOKEN_AGE_MS = 90 * 24 * 3_600_000;

/** Tokens are 256 random bits: a fast hash at rest is enough. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** What a token is made of; `id`, 12 hex digits, is drawn when absent. */
export interface NewToken {
  readonly tenant: TenantId;
  readonly kind: TokenKind;
  readonly subject: string;
  readonly issuer: string;
  readonly scopes: readonly string[];
  readonly now: number;
  readonly ttlMs: number;
  readonly id?: string;
  /** Absent when no identity provider vouches for the subject. */
  readonly proof?: Pick<Bearer, 'claims' | 'authTime' | 'acr'>;
}

/** Makes a token and stores its hash; the text itself is returned once and kept nowhere. Throws `idempotency-conflict` when there is a token of that id, `invalid` for the reserved tenant. */
export async function createToken(queries: Queries, token: NewToken): Promise<{ id: string; token: string }> {
  if (token.tenant === EVERY_TENANT)
    throw new CountersignError('invalid', `\`${EVERY_TENANT}\` is no tenant: nobody can act for it.`);
  const id = token.id ?? randomBytes(6).toString('hex');
  const text = `cs${token.kind === 'personal' ? 'p' : 's'}_${id}_${randomBytes(32).toString('base64url')}`;
  const rows = await queries.query(
    `insert into tokens (hash, id, tenant, kind, subject, issuer, scopes, created_at, expires_at, claims, auth_time, acr) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     on conflict (id) do nothing returning 1`,
    [
      hashToken(text),
      id,
      token.tenant,
      token.kind,
      token.subject,
      token.issuer,
      token.scopes,
      token.now,
      token.now + Math.min(token.ttlMs, MAX_TOKEN_AGE_MS),
      token.proof?.claims ?? null,
      token.proof?.authTime ?? null,
      token.proof?.acr ?? null,
    ],
  );
  if (rows.length === 1) return { id, token: text };
  throw new CountersignError(
    'idempotency-conflict',
    `Token ${id} was made before, and its text is told once: revoke it and use a new Idempotency-Key.`,
  );
}

/** Of a tenant, or of one person of it. */
const OF = "tenant = $1 and ($2::text is null or (subject = $2 and kind = 'personal'))";

/** Revokes a token by its id, if `person` is given only when it is a personal one of theirs; false when there is none. */
export async function revokeToken(
  queries: Queries,
  token: { readonly tenant: TenantId; readonly id: string; readonly person: string | null },
  now: number,
): Promise<boolean> {
  const rows = await queries.query(
    `update tokens set revoked_at = coalesce(revoked_at, $4) where ${OF} and id = $3 returning 1`,
    [token.tenant, token.person, token.id, now],
  );
  return rows.length === 1;
}

const LISTED = `id, kind, subject, scopes, created_at as "createdAt", expires_at as "expiresAt", revoked_at as "revokedAt"`;
/** By the database's own clock. */
const VALID = 'revoked_at is null and expires_at > extract(epoch from clock_timestamp()) * 1000';

/** The tokens of a tenant, or the personal ones of one person of it, without their texts, newest first: every one that is valid, and the newest 500 of the others. */
export async function listTokens(queries: Queries, tenant: TenantId, person: string | null) {
  return queries.query<{
    id: string;
    kind: TokenKind;
    subject: string;
    scopes: readonly string[];
    createdAt: number;
    expiresAt: number;
    revokedAt: number | null;
  }>(
    `select * from (
       (select ${LISTED} from tokens where ${OF} and ${VALID})
       union all
       (select ${LISTED} from tokens where ${OF} and not (${VALID}) order by created_at desc limit 500)
     ) as seen order by "createdAt" desc, id`,
    [tenant, person],
  );
}

/** The bearer of a token that is known, not expired and not revoked; one query on the way of most requests, so the database's own clock decides. */
export async function bearerOf(queries: Queries, token: string): Promise<Bearer | undefined> {
  const [row] = await queries.query<Bearer>(
    `select 'token' as via, t.id as "tokenId", t.tenant, t.kind, t.subject, t.issuer, t.scopes, t.claims, t.auth_time as "authTime", t.acr, p.hash as "policyHash"
     from tokens t left join active_policies p on p.tenant = t.tenant
     where t.hash = $1 and ${VALID}`,
    [hashToken(token)],
  );
  return row;
}

/** Whose a token is or was, and whether it still lets anybody in: `over` has outlived its time. */
export interface KnownToken {
  readonly tenant: TenantId;
  readonly subject: string;
  readonly scopes: readonly string[];
  readonly fate: 'valid' | 'revoked' | 'over';
}

/** What became of a token, by its text; undefined for one that was never made. */
export async function findToken(queries: Queries, token: string): Promise<KnownToken | undefined> {
  const [row] = await queries.query<KnownToken>(
    `select tenant, subject, scopes, case when ${VALID} then 'valid' when revoked_at is not null then 'revoked' else 'over' end as fate
     from tokens where hash = $1`,
    [hashToken(token)],
  );
  return row;
}
