import { jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';

/** Asymmetric ones alone: with a symmetric one whoever knows a key to check with could also sign (RFC 8725, section 2.1). */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];
/** An ID token is read at once: one that was made longer ago was made for something else. */
const MAX_AGE_S = 600;
/** How far the provider's clock and ours may differ. */
export const CLOCK_SKEW_S = 30;
/** Far above what providers send; groups of thousands belong elsewhere. */
const MAX_BYTES = 16 * 1024;

/** Claims of a token that was verified. */
export type VerifiedClaims = JWTPayload & { readonly sub: string };

/**
 * The claims of an ID token after every check of OIDC Core, section 3.1.3.7, and RFC 8725: signature by a key of the issuer and an algorithm
 * of the list, type, issuer, audience and authorised party, times, nonce, size. Throws for any other.
 */
export async function verifyIdToken(
  token: string,
  keys: JWTVerifyGetKey,
  expected: { readonly issuer: string; readonly clientId: string; readonly nonce: string },
): Promise<VerifiedClaims> {
  if (token.length > MAX_BYTES) throw new Error('the ID token is too large');
  const { payload, protectedHeader } = await jwtVerify(token, keys, {
    algorithms: ALGORITHMS,
    issuer: expected.issuer,
    audience: expected.clientId,
    requiredClaims: ['sub', 'exp', 'iat', 'nonce'],
    maxTokenAge: MAX_AGE_S,
    clockTolerance: CLOCK_SKEW_S,
  });
  const { sub, azp, aud, nonce } = payload;
  const several = Array.isArray(aud) && aud.length > 1;
  const fits =
    (protectedHeader.typ === undefined || protectedHeader.typ.toUpperCase() === 'JWT') &&
    (azp === undefined ? !several : azp === expected.clientId) &&
    nonce === expected.nonce;
  if (!fits || sub === undefined || !/^[\x20-\x7e]{1,255}$/.test(sub))
    throw new Error('the ID token is not for this sign-in');
  return { ...payload, sub };
}
