import type { Bearer } from '../store/tokens.js';
import type { Roster } from './deps.js';

/** A service that halts acts in no role; no role of a policy can have this name. */
export const SERVICE = '~service';

/** The role in which the bearer may set a halt; undefined = they may not. */
export function haltingRoleOf(roster: Roster | undefined, bearer: Bearer): string | undefined {
  const roles = bearer.kind === 'personal' ? (roster?.rolesOf(bearer) ?? []) : [];
  const role = roles.find((name) => roster?.halts.set.includes(name));
  return role ?? (bearer.scopes.includes('halt') ? SERVICE : undefined);
}
