import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '../contract/canonical.js';
import { labelled } from '../contract/digest.js';
import { name } from '../contract/fields.js';
import { secretMac } from '../contract/secret.js';
import { localIdentity } from '../domain/identity.js';
import type { Digest, TenantId } from '../domain/ids.js';
import type { Queries, Transaction } from '../store/database.js';
import { appendJournal, TENANT_CHAIN, type JournalEvent } from '../store/journal.js';
import { putOneTime, seeOneTime, takeOneTime, type OneTime } from '../store/one-time.js';
import { createSession, revokeSession, type NewSession } from '../store/sessions.js';
import type { Bearer } from '../store/tokens.js';
import { whileGood } from '../store/while-good.js';
import type { GatewayDeps } from './deps.js';
import { refuse } from './problem.js';

/** A sign-in link is good for so long, and once. */
export const LINK_TTL_MS = 10 * 60_000;

const linkBody = z.object({ subject: name });

/** Makes a link that signs a person in, journalled. Throws `invalid` for a subject without a role in the policy in force. */
export async function createLink(
  deps: GatewayDeps,
  bearer: Bearer,
  subject: string,
): Promise<{ readonly secret: string; readonly expiresAt: number }> {
  const { tenant, policyHash } = bearer;
  return whileGood(deps.database, bearer).transaction(async (tx) => {
    const roster = await deps.policies.roster(tx, policyHash, tenant);
    if (roster?.knows(localIdentity(subject)) !== true)
      refuse({
        refused: 'invalid',
        detail: `The policy in force names no ${subject}: nobody of that name could do anything. Check the name, or add it to a role.`,
      });
    const now = await tx.now();
    const expiresAt = now + LINK_TTL_MS;
    const secret = await putOneTime(tx, { kind: 'link', tenant, body: { subject }, now, expiresAt });
    await journal(tx, tenant, now, {
      id: `sign-in-link/${randomBytes(8).toString('hex')}`,
      type: 'sign-in-link-created',
      body: { token: bearer.tokenId },
      texts: { by: bearer.subject, for: subject },
    });
    return { secret, expiresAt };
  });
}

/** Whom a link would sign in; undefined for one that is unknown, used or over. */
export async function seeLink(queries: Queries, secret: string, now: number): Promise<string | undefined> {
  return subjectOf(await seeOneTime(queries, 'link', secret, now));
}

/** Uses a link up for a session, journalled; undefined for one that is unknown, used or over. */
export async function takeLink(
  deps: GatewayDeps,
  secret: string,
): Promise<{ readonly session: string } | undefined> {
  return deps.database.transaction(async (tx) => {
    const now = await tx.now();
    const link = await takeOneTime(tx, 'link', secret, now);
    const subject = subjectOf(link);
    if (link === undefined || subject === undefined) return undefined;
    const { tenant } = link;
    const who = { tenant, ...localIdentity(subject), acr: null };
    return { session: await beginSession(tx, { ...who, authTime: now, now }, 'link') };
  });
}

function subjectOf(link: OneTime | undefined): string | undefined {
  return link === undefined ? undefined : linkBody.parse(link.body).subject;
}

/** Makes a session, journalled, and gives its secret. `how` is `link` or `oidc`. */
export async function beginSession(
  tx: Transaction,
  session: NewSession,
  how: 'link' | 'oidc',
): Promise<string> {
  const { id, secret } = await createSession(tx, session);
  await journal(tx, session.tenant, session.now, {
    id: `session/${id}`,
    type: 'signed-in',
    body: { session: id, how, acr: session.acr },
    texts: { by: session.subject, issuer: session.issuer },
  });
  return secret;
}

/** Ends a session, journalled; `own` restricts it to the bearer's. False when there is none. */
export async function endSession(
  deps: GatewayDeps,
  bearer: Bearer,
  session: { readonly id: string; readonly own: boolean },
): Promise<boolean> {
  const { id, own } = session;
  const { tenant, subject } = bearer;
  return deps.database.transaction(async (tx) => {
    const now = await tx.now();
    if (!(await revokeSession(tx, { tenant, id, subject: own ? subject : null }, now))) return false;
    const type = bearer.via === 'session' && bearer.tokenId === id ? 'signed-out' : 'session-revoked';
    const event = { id: `session/${id}/ended`, type, body: { session: id }, texts: { by: subject } };
    await journal(tx, tenant, now, event);
    return true;
  });
}

/**
 * Journals that somebody whom the identity provider knows has no role here: once for each of them under a policy, since with some providers
 * everybody can have an account.
 */
export async function journalNoRole(
  deps: GatewayDeps,
  tenant: TenantId,
  refused: { readonly issuer: string; readonly subject: string; readonly policy: Digest | null },
): Promise<void> {
  const { issuer, subject } = refused;
  await deps.database.transaction(async (tx) =>
    journal(tx, tenant, await tx.now(), {
      id: `sign-in-refused/${labelled('sign-in-refused', secretMac(deps.secrets.mac, canonicalJson({ ...refused })))}`, // keyed: it must not give away whom it means
      type: 'sign-in-refused',
      body: { reason: 'no-role' },
      texts: { issuer, by: subject },
    }),
  );
}

async function journal(tx: Transaction, tenant: TenantId, now: number, event: JournalEvent): Promise<void> {
  await appendJournal(tx, { tenant, task: TENANT_CHAIN, now, events: [event] });
}
