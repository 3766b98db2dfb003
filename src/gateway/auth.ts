import { createMiddleware } from 'hono/factory';
import { CountersignError } from '../domain/errors.js';
import { bearerOf, hashToken, type Bearer } from '../store/tokens.js';
import type { Queries } from '../store/database.js';
import type { GatewayDeps, Roster } from './deps.js';
import { personIn } from './decider.js';
import { notFound } from './problem.js';
import { bodyIn } from './request.js';

/** What every authenticated handler finds in the context. */
export interface GatewayEnv {
  Variables: { bearer: Bearer };
}

/** Where a token is looked at again in the transaction, before and behind all that it reads: there it is enough to remember whose it is, and what is refused is told only to a token that is good. */
const LOOKS_AGAIN = /^\/v1\/escalations\/[^/]+\/decisions$/;
/** So many tokens are remembered, those that were looked up last. */
const MOST_REMEMBERED = 1_000;

/** Lets only known bearers through. Whatever is wrong with a token, the answer is the same one. */
export function authenticate(deps: GatewayDeps) {
  const remembered = new Map<string, Bearer>();
  const lookUp = async (token: string): Promise<Bearer | undefined> => {
    const hash = hashToken(token);
    const bearer = await bearerOf(deps.database, token);
    remembered.delete(hash);
    if (bearer) remembered.set(hash, bearer);
    const [oldest] = remembered.size > MOST_REMEMBERED ? remembered.keys() : [];
    if (oldest !== undefined) remembered.delete(oldest);
    return bearer;
  };
  return createMiddleware<GatewayEnv>(async (c, next) => {
    const match = /^Bearer (cs[ps]_[A-Za-z0-9_-]{40,120})$/.exec(c.req.header('authorization') ?? '');
    const token = match?.[1] ?? noToken();
    await bodyIn(c.req.raw);
    const known = LOOKS_AGAIN.test(c.req.path) ? remembered.get(hashToken(token)) : undefined;
    c.set('bearer', known ?? (await lookUp(token)) ?? noToken());
    await next();
    const refused = c.res.status >= 400 && c.res.status < 500;
    if (known && refused && !(await lookUp(token))) noToken();
  });
}

function noToken(): never {
  throw new CountersignError(
    'unauthenticated',
    'This needs a valid token: send Authorization: Bearer TOKEN. Make one with `countersign token create` or, where none is good any more, `countersign migrate --tokens`.',
  );
}

/** Throws `forbidden` unless the token carries the scope. */
export function requireScope(bearer: Bearer, scope: string): void {
  if (!bearer.scopes.includes(scope)) {
    throw new CountersignError(
      'forbidden',
      `This token lacks the scope \`${scope}\`: use one that an operator made with \`countersign token create --scope ${scope}\`.`,
    );
  }
}

/** Whether a bearer sees and ends their own sessions and tokens alone. Throws `forbidden` for a service token without the scope: it is nobody's own. */
export function isOwnOnly(bearer: Bearer): boolean {
  if (bearer.kind === 'service') requireScope(bearer, 'tokens');
  return !bearer.scopes.includes('tokens');
}

/**
 * Whether the bearer belongs to the tenant's people at all: a service, or a person with a role in the active policy. Others may see what
 * they asked for themselves, and nothing else exists for them.
 */
export function isInside(bearer: Bearer, roster: Roster | undefined): boolean {
  return bearer.kind === 'service' || (roster?.rolesOf(bearer).length ?? 0) > 0;
}

/** Whether the bearer may see what this requester asked for. */
export function maySee(bearer: Bearer, roster: Roster | undefined, requester: string | null): boolean {
  if (isInside(bearer, roster)) return true;
  const own = requester !== null && personIn(roster, requester) === personIn(roster, bearer.subject);
  return own && bearer.kind === 'personal';
}

/** Throws the uniform 404 unless the bearer may see what this requester asked for. */
export async function requireSight(
  deps: GatewayDeps,
  queries: Queries,
  bearer: Bearer,
  requester: string | null,
): Promise<void> {
  const roster = await deps.policies.roster(queries, bearer.policyHash, bearer.tenant);
  if (!maySee(bearer, roster, requester)) notFound();
}
