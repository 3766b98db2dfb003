import { sha256Digest } from '../contract/digest.js';
import { isName } from '../domain/ids.js';
import { UNNAMED, type Claims, type Identity } from '../domain/identity.js';
import type { Policy, Role } from './policy.js';

/**
 * Whom the policy means by somebody who signed in at an identity provider: the subject that `people` binds to them, else one made of `sub`.
 * Of the claims it keeps what some role looks at, and `sub`.
 */
export function identityOf(
  policy: Policy,
  issuer: string,
  claims: Readonly<Record<string, unknown>> & { readonly sub: string },
): Identity {
  const { sub } = claims;
  const kept: Record<string, string | readonly string[]> & { sub: string } = { sub };
  const asked = [...policy.roles.values()].flatMap(({ from }) =>
    from.filter((each) => each.issuer === issuer),
  );
  for (const { claim } of asked) {
    const value = Object.hasOwn(claims, claim) ? textsOf(claims[claim]) : undefined;
    if (value !== undefined && claim !== 'sub') kept[claim] = value;
  }
  return { subject: subjectOf(policy, issuer, sub), issuer, claims: kept };
}

function textsOf(value: unknown): string | readonly string[] | undefined {
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : undefined;
}

/** The subject of somebody at an identity provider by this policy. */
function subjectOf(policy: Policy, issuer: string, sub: string): string {
  const bound = [...policy.people].find(([, person]) => person.issuer === issuer && person.sub === sub);
  return bound?.[0] ?? unnamedSubject(issuer, sub);
}

/**
 * Whom this policy means by a stored subject: who signed in before `people` bound them is whom they are bound to since. Two people are compared by
 * what this answers for both, since either may have been stored under an earlier policy.
 */
export function personOf({ people }: Pick<Policy, 'people'>, subject: string): string {
  if (!subject.startsWith(UNNAMED)) return subject;
  const bound = [...people].find(([, { issuer, sub }]) => unnamedSubject(issuer, sub) === subject);
  return bound?.[0] ?? subject;
}

/** What somebody said, by the names of this policy. */
export function asNamed<Word extends { readonly subject: string; readonly onBehalfOf?: string | undefined }>(
  policy: Pick<Policy, 'people'>,
  word: Word,
): Word {
  const { subject, onBehalfOf } = word;
  const giver = onBehalfOf === undefined ? {} : { onBehalfOf: personOf(policy, onBehalfOf) };
  return { ...word, ...giver, subject: personOf(policy, subject) };
}

/** Readable where `sub` can stand in a name. */
function unnamedSubject(issuer: string, sub: string): string {
  const plain = `${UNNAMED}${sub}`;
  if (isName(plain) && !/^[0-9a-f]{64}$/.test(sub)) return plain;
  return `${UNNAMED}${sha256Digest(JSON.stringify([issuer, sub])).slice('sha256:'.length)}`;
}

/**
 * Whether somebody has a role: by name, or by what their identity provider says. Whoever signed in before the policy bound them otherwise
 * has none: they are somebody else now, and sign in again.
 */
export function hasRole(
  policy: Policy,
  { members, from }: Role,
  { subject, issuer, claims }: Identity,
): boolean {
  if (claims === null) return members.includes(subject);
  if (subjectOf(policy, issuer, claims.sub) !== subject) return false;
  return (
    (policy.people.has(subject) && members.includes(subject)) ||
    from.some((each) => each.issuer === issuer && says(claims, each.claim, each.value))
  );
}

/** Whether the policy means somebody at all: by a role, or as one of `people`, who may at least look after what they asked for. */
export function isKnown(policy: Policy, who: Identity): boolean {
  const bound =
    who.claims === null
      ? policy.people.has(who.subject)
      : policy.people.has(who.subject) && subjectOf(policy, who.issuer, who.claims.sub) === who.subject;
  return bound || [...policy.roles.values()].some((role) => hasRole(policy, role, who));
}

function says(claims: Claims, claim: string, value: string): boolean {
  const said = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  return typeof said === 'string' ? said === value : said?.includes(value) === true;
}
