import { createMiddleware } from 'hono/factory';
import { CountersignError } from '../domain/errors.js';
import { bearerOf, type Bearer } from '../store/tokens.js';
import type { Queries } from '../store/database.js';
import type { GatewayDeps, Roster } from './deps.js';
import { personIn } from './decider.js';
import { notFound } from './problem.js';
import { bodyIn } from './request.js';

/** What every authenticated handler finds in the context. */
export interface GatewayEnv {
  Variables: { bearer: Bearer };
}

/** Lets only known bearers through. Whatever is wrong with a token, the answer is the same one. */
export function authenticate(deps: GatewayDeps) {
  return createMiddleware<GatewayEnv>(async (c, next) => {
    const match = /^Bearer (cs[ps]_[A-Za-z0-9_-]{40,120})$/.exec(c.req.header('authorization') ?? '');
    if (match) await bodyIn(c.req.raw);
    const bearer = match?.[1] === undefined ? undefined : await bearerOf(deps.database, match[1]);
    if (!bearer) {
      throw new CountersignError(
        'unauthenticated',
        'This needs a valid token: send Authorization: Bearer TOKEN. Make one with `countersign token create` or, where none is good any more, `countersign migrate --tokens`.',
      );
    }
    c.set('bearer', bearer);
    await next();
  });
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
