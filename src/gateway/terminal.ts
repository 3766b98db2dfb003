import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Claims } from '../domain/identity.js';
import { appendJournal, TENANT_CHAIN } from '../store/journal.js';
import { putOneTime, seeOneTime, takeOneTime } from '../store/one-time.js';
import { endOfSession } from '../store/sessions.js';
import { createToken, type Bearer } from '../store/tokens.js';
import { whileGood } from '../store/while-good.js';
import type { GatewayDeps } from './deps.js';

/** A terminal fetches its token at once. */
const CODE_TTL_MS = 60_000;

const codeBody = z.object({
  /** The id of the session that it was made in. */
  session: z.string(),
  subject: z.string(),
  issuer: z.string(),
  claims: z.custom<Claims>().nullable(),
  authTime: z.number().nullable(),
  acr: z.string().nullable(),
  challenge: z.string(),
});

/** A token for a terminal, told once; over after the twelve hours of the session that it was made in. */
export interface TerminalToken {
  readonly id: string;
  readonly token: string;
  readonly subject: string;
  readonly expiresAt: number;
}

/**
 * A code by which the terminal that made `challenge` (RFC 7636, S256) gets a token of this person, once and within a minute. It passes through the
 * browser; without the verifier, which does not, it is of no use.
 */
export async function createTerminalCode(
  deps: GatewayDeps,
  bearer: Bearer,
  challenge: string,
): Promise<string> {
  const { tenant, tokenId: session, subject, issuer, claims, authTime, acr } = bearer;
  const now = await deps.database.now();
  const body = { session, subject, issuer, claims, authTime, acr, challenge };
  const code = { kind: 'code', tenant, body, now, expiresAt: now + CODE_TTL_MS } as const;
  return whileGood(deps.database, bearer).transaction((tx) => putOneTime(tx, code));
}

/**
 * The token that a code stands for, journalled; undefined for a code that is unknown, used, over, of a version that kept something else, or
 * another terminal's, which uses it up. Throws `unauthenticated` when the session it was made in is over.
 */
export async function takeTerminalToken(
  deps: GatewayDeps,
  { code, verifier }: { readonly code: string; readonly verifier: string },
): Promise<TerminalToken | undefined> {
  const kept = await seeOneTime(deps.database, 'code', code, await deps.database.now());
  const body = codeBody.safeParse(kept?.body);
  if (kept === undefined || !body.success) return undefined;
  const { session, subject, issuer, challenge, ...proof } = body.data;
  const { tenant } = kept;
  const madeIn = { via: 'session', tokenId: session, tenant, policyHash: null } as const;
  return whileGood(deps.database, madeIn).transaction(async (tx) => {
    const now = await tx.now();
    if (!(await takeOneTime(tx, 'code', code, now)) || !answers(verifier, challenge)) return undefined;
    const person = { tenant, kind: 'personal', subject, issuer, scopes: [], proof } as const;
    // No later: what the provider said of this person holds for a session's time.
    const expiresAt = await endOfSession(tx, tenant, session);
    const { id, token } = await createToken(tx, { ...person, now, ttlMs: expiresAt - now });
    const event = {
      id: `token/${id}`,
      type: 'token-created',
      body: { token: id, kind: 'personal', scopes: [], how: 'login' },
      texts: { by: subject, for: subject },
    };
    await appendJournal(tx, { tenant, task: TENANT_CHAIN, now, events: [event] });
    return { id, token, subject, expiresAt };
  });
}

function answers(verifier: string, challenge: string): boolean {
  const [made, wanted] = [
    createHash('sha256').update(verifier).digest(),
    Buffer.from(challenge, 'base64url'),
  ];
  return made.length === wanted.length && timingSafeEqual(made, wanted);
}
