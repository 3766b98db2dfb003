import { createRemoteJWKSet, customFetch as joseFetch, type JWTVerifyGetKey } from 'jose';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  customFetch,
  discovery,
  None,
} from 'openid-client';
import { boundedFetch, isNoAnswer, NoAnswer } from './bounded-fetch.js';
import { verifyIdToken, type VerifiedClaims } from './id-token.js';

/** What one sign-in is bound to, from its begin to its end. */
export interface Attempt {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE (RFC 7636). */
  readonly verifier: string;
}

/** How the provider has to ask again, whoever is signed in there. */
export interface AskAgain {
  readonly acr: readonly string[] | null;
}

/** An identity provider (OpenID Connect, code flow with PKCE). */
export interface IdentityProvider {
  readonly issuer: string;
  /** Where to send the browser. Throws NoAnswer. */
  begin(attempt: Attempt, again: AskAgain | null): Promise<URL>;
  /** The claims of whoever came back to `url`. Throws NoAnswer, or another error for what cannot be trusted. */
  finish(attempt: Attempt, url: URL): Promise<VerifiedClaims>;
}

/** How this gateway is known to the provider, and how long its answers hold. */
export interface ProviderOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly scope: string;
  /** How long keys hold without being read again; default one hour. */
  readonly keysMaxAgeMs?: number;
  /** How soon an unknown key may have the keys read again; default 30 s. */
  readonly keysCooldownMs?: number;
  /** How long one answer may take; default 5 s. */
  readonly answerMs?: number;
}

const HOUR = 3_600_000;

/**
 * The provider of these settings. Nothing is asked before the first sign-in: a gateway starts while it is down, and asks anew at the next
 * one. What was learnt holds for an hour; after that it holds on only while the provider does not answer. Its keys do not: past their
 * age they are read, or nobody signs in.
 */
export function createIdentityProvider(options: ProviderOptions): IdentityProvider {
  const { issuer, clientId } = options;
  const fetcher = boundedFetch({ ms: options.answerMs ?? 5_000, bytes: 256 * 1024 });
  const known = remembered(() => discover(options, fetcher), HOUR);
  const keys = keySets(options, fetcher);
  return {
    issuer,
    async begin({ redirectUri, state, nonce, verifier }, again) {
      const challenge = await calculatePKCECodeChallenge(verifier);
      return buildAuthorizationUrl(await known(), {
        redirect_uri: redirectUri,
        scope: options.scope,
        state,
        nonce,
        code_challenge: challenge,
        code_challenge_method: 'S256',
        ...(again === null ? {} : { prompt: 'login', max_age: '0' }),
        ...(again?.acr ? { acr_values: again.acr.join(' ') } : {}),
      });
    },
    async finish({ state, nonce, verifier }, url) {
      const config = await known();
      const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier };
      const { id_token: token } = await authorizationCodeGrant(config, url, checks);
      const { jwks_uri: keysAt } = config.serverMetadata();
      if (token === undefined || keysAt === undefined) throw new Error('there is no ID token to verify');
      return verifyIdToken(token, keys(keysAt), { issuer, clientId, nonce });
    },
  };
}

type Fetcher = ReturnType<typeof boundedFetch>;

/** Throws NoAnswer, also for an answer that does not fit: nobody can be sent to such a provider. */
async function discover(options: ProviderOptions, fetcher: Fetcher): Promise<Configuration> {
  const { issuer, clientId, clientSecret } = options;
  const plain = issuer.startsWith('http:');
  const auth = clientSecret === undefined ? None() : secretAuth(clientSecret);
  const config = await discovery(new URL(issuer), clientId, {}, auth, {
    [customFetch]: fetcher,
    ...(plain ? { execute: [allowInsecureRequests] } : {}), // an issuer on the loopback address: the settings take no other
  }).catch((cause: unknown) => {
    throw new NoAnswer('the provider does not say what it is', { cause });
  });
  const { issuer: said, authorization_endpoint: to, jwks_uri: keysAt } = config.serverMetadata();
  const safe = [to, keysAt].every((url) => url !== undefined && isSafe(url, plain));
  if (said !== issuer || !safe)
    throw new NoAnswer('the provider says of itself what does not fit its issuer');
  return config;
}

/** In the header, as OIDC Core, section 9, has it where nothing else is registered; in the body for a provider that takes it there alone. */
function secretAuth(clientSecret: string): ClientAuth {
  const [basic, post] = [ClientSecretBasic(clientSecret), ClientSecretPost(clientSecret)];
  return (server, ...rest) => {
    const taken = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    return (taken.includes('client_secret_basic') ? basic : post)(server, ...rest);
  };
}

function isSafe(url: string, plain: boolean): boolean {
  return URL.canParse(url) && ['https:', ...(plain ? ['http:'] : [])].includes(new URL(url).protocol);
}

/** What was made last, made anew when it is older; if that gets no answer, the old one goes on. One at a time. */
function remembered<Made>(make: () => Promise<Made>, maxAgeMs: number): () => Promise<Made> {
  let last: { readonly made: Made; readonly at: number } | undefined;
  let making: Promise<Made> | undefined;
  const anew = async () => {
    try {
      const made = await make();
      last = { made, at: performance.now() };
      return made;
    } catch (error) {
      if (last !== undefined && isNoAnswer(error)) return last.made;
      throw error;
    } finally {
      making = undefined;
    }
  };
  return () => {
    if (last !== undefined && performance.now() - last.at < maxAgeMs) return Promise.resolve(last.made);
    making ??= anew();
    return making;
  };
}

/** The keys at an address: read when first needed, when one is unknown (once in a while), and when they are too old to hold. */
function keySets(options: ProviderOptions, fetcher: Fetcher): (url: string) => JWTVerifyGetKey {
  const sets = new Map<string, JWTVerifyGetKey>();
  return (url) => {
    const known = sets.get(url);
    if (known) return known;
    const made = createRemoteJWKSet(new URL(url), {
      cacheMaxAge: options.keysMaxAgeMs ?? HOUR,
      cooldownDuration: options.keysCooldownMs ?? 30_000,
      [joseFetch]: fetcher,
    });
    sets.clear(); // one address at a time
    sets.set(url, made);
    return made;
  };
}
