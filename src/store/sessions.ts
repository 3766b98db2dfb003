import { randomBytes } from 'node:crypto';
import type { TenantId } from '../domain/ids.js';
import type { Queries } from './database.js';
import { hashToken, type Bearer } from './tokens.js';

/** A session ends after a working day whatever happens (NIST SP 800-63B-4, section 2.2.3, bounds it at 24 hours for AAL2). */
export const MAX_SESSION_AGE_MS = 12 * 3_600_000;
/** It ends sooner when nobody uses it (the same section's bound for inactivity at AAL2). */
export const MAX_SESSION_IDLE_MS = 60 * 60_000;
/** Use is noted once a minute at most: a page is no write. */
const SEEN_EVERY_MS = 60_000;
/** Ended sessions are listed for so long. */
const KEPT_MS = 90 * 24 * 3_600_000;

const NOW = 'extract(epoch from clock_timestamp())::numeric * 1000';
/** Neither over, nor idle for too long, nor revoked; `idle` is the parameter that holds MAX_SESSION_IDLE_MS. */
const good = (idle: string) =>
  `revoked_at is null and expires_at > ${NOW} and seen_at > ${NOW} - ${idle}::bigint`;

/** What a session is made of; `authTime` is when the person proved who they are. */
export type NewSession = Pick<Bearer, 'tenant' | 'subject' | 'issuer' | 'claims' | 'authTime' | 'acr'> & {
  readonly now: number;
};

/** Makes a session. Its secret, 256 random bits for the cookie, is returned once and kept nowhere. */
export async function createSession(
  queries: Queries,
  session: NewSession,
): Promise<{ readonly id: string; readonly secret: string }> {
  const id = randomBytes(6).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  const { tenant, subject, issuer, claims, authTime, acr, now } = session;
  await queries.query('delete from sessions where tenant = $1 and subject = $2 and expires_at < $3', [
    tenant,
    subject,
    now - KEPT_MS,
  ]);
  await queries.query(
    `insert into sessions (hash, id, tenant, subject, issuer, claims, auth_time, acr, created_at, expires_at, seen_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9)`,
    [hashToken(secret), id, tenant, subject, issuer, claims, authTime, acr, now, now + MAX_SESSION_AGE_MS],
  );
  return { id, secret };
}

/**
 * Who a session's secret belongs to, while it is neither over, nor idle for too long, nor revoked. One query, by the database's own clock.
 * `unattended`: nobody asked for it, so that it is no use of the session.
 */
export async function sessionOf(
  queries: Queries,
  secret: string,
  unattended = false,
): Promise<Bearer | undefined> {
  const [row] = await queries.query<Bearer>(
    `with seen as (
       update sessions set seen_at = ${NOW}
       where hash = $1 and ${good('$2')} and seen_at < ${NOW} - $3::bigint and not $4
     )
     select 'session' as via, s.id as "tokenId", s.tenant, 'personal' as kind, s.subject, s.issuer, '{}'::text[] as scopes, s.claims,
       s.auth_time as "authTime", s.acr, p.hash as "policyHash"
     from sessions s left join active_policies p on p.tenant = s.tenant
     where s.hash = $1 and ${good('$2')}`,
    [hashToken(secret), MAX_SESSION_IDLE_MS, SEEN_EVERY_MS, unattended],
  );
  return row;
}

/** When a session is over whatever happens, epoch milliseconds; 0 when there is none. */
export async function endOfSession(queries: Queries, tenant: TenantId, id: string): Promise<number> {
  const [row] = await queries.query<{ end: number }>(
    'select expires_at as end from sessions where tenant = $1 and id = $2',
    [tenant, id],
  );
  return row?.end ?? 0;
}

/** One session as it is listed. */
export interface SessionRow {
  readonly id: string;
  readonly subject: string;
  readonly issuer: string;
  readonly createdAt: number;
  readonly seenAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
}

const LISTED = `id, subject, issuer, created_at as "createdAt", seen_at as "seenAt", expires_at as "expiresAt", revoked_at as "revokedAt"`;
const OF = 'tenant = $1 and ($2::text is null or subject = $2)';

/** The sessions of a tenant, or of one person of it, newest first: all that are good, and the newest 500 of the others. */
export async function listSessions(
  queries: Queries,
  tenant: TenantId,
  subject: string | null,
): Promise<readonly SessionRow[]> {
  return queries.query<SessionRow>(
    `select * from (
       (select ${LISTED} from sessions where ${OF} and ${good('$3')})
       union all
       (select ${LISTED} from sessions where ${OF} and not (${good('$3')}) order by created_at desc limit 500)
     ) as seen order by "createdAt" desc, id`,
    [tenant, subject, MAX_SESSION_IDLE_MS],
  );
}

/** Ends a session, if `subject` is given only when it is theirs; false when there is none. */
export async function revokeSession(
  queries: Queries,
  session: { readonly tenant: TenantId; readonly id: string; readonly subject: string | null },
  now: number,
): Promise<boolean> {
  const rows = await queries.query(
    `update sessions set revoked_at = coalesce(revoked_at, $4) where tenant = $1 and id = $2 and ($3::text is null or subject = $3) returning 1`,
    [session.tenant, session.id, session.subject, now],
  );
  return rows.length === 1;
}

/** Ends every session and token of a person at once, with what would make new ones, and says which were still good. */
export async function revokePerson(
  queries: Queries,
  tenant: TenantId,
  subject: string,
  now: number,
): Promise<{ readonly sessions: readonly string[]; readonly tokens: readonly string[] }> {
  const end = (table: 'sessions' | 'tokens') =>
    queries.query<{ id: string }>(
      `update ${table} set revoked_at = $3 where tenant = $1 and subject = $2 and revoked_at is null and expires_at > $3 returning id`,
      [tenant, subject, now],
    );
  // First: it waits for what is being made of one just now, so that this is seen, and ended, by the others.
  await queries.query("delete from one_time where tenant = $1 and body ->> 'subject' = $2", [
    tenant,
    subject,
  ]);
  const [sessions, tokens] = await Promise.all([end('sessions'), end('tokens')]);
  return { sessions: sessions.map(({ id }) => id), tokens: tokens.map(({ id }) => id) };
}
