/** How the subjects of people begin whom the policy does not name: nobody else's does. */
export const UNNAMED = 'oidc~';

/** What an identity provider says of somebody, cut down to `sub` and to what the policy's roles look at. */
export type Claims = Readonly<Record<string, string | readonly string[]>> & { readonly sub: string };

/** Who somebody is when roles are looked up. `claims` null: no identity provider stands behind the subject, the operator does. */
export interface Identity {
  readonly subject: string;
  readonly issuer: string;
  readonly claims: Claims | null;
}

/** Somebody whom the operator vouches for, with a token or a link. */
export function localIdentity(subject: string): Identity {
  return { subject, issuer: 'local', claims: null };
}

/** Which decisions take a fresh proof of who decides: from a tier on, signed in so long ago at most, in one of these ways (`acr`; null = any). */
export interface StepUp {
  readonly tier: number;
  readonly withinMs: number;
  readonly acr: readonly string[] | null;
}
