import type { IncomingMessage, ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTHeaderParameters } from 'jose';
import { listening } from './listening.js';

/** How one address of the provider answers. */
export type Answers = (request: IncomingMessage, response: ServerResponse) => void;

/** An identity provider that says whatever a test wants; what it does not lie about is right. */
export interface LyingProvider {
  readonly issuer: string;
  readonly clientId: string;
  /** The ID token that the next exchange of a code gives. */
  token: string;
  /** The nonce of the sign-in under way. */
  nonce: string;
  /** The public keys that it shows, as JWKs. */
  keys: readonly object[];
  /** How addresses answer instead, by path: `/.well-known/openid-configuration`, `/keys`, `/token`. */
  readonly instead: Map<string, Answers>;
  /** How often each path was asked. */
  readonly asked: Map<string, number>;
  sign(over?: {
    claims?: Readonly<Record<string, unknown>>;
    header?: JWTHeaderParameters;
    key?: CryptoKey;
  }): Promise<string>;
  close(): Promise<void>;
}

/** A pair of RSA keys with the public one as JWK. */
export async function keyPair(kid: string) {
  const pair = await generateKeyPair('RS256', { extractable: true });
  return { ...pair, jwk: { ...(await exportJWK(pair.publicKey)), kid, alg: 'RS256', use: 'sig' } };
}

/** Starts the provider; everything it says is right until a test sets it otherwise. */
export async function startLyingProvider(): Promise<LyingProvider> {
  const own = await keyPair('own');
  const made: { lying?: LyingProvider } = {};
  const server = await listening((origin) => (request, response) => {
    if (made.lying) answer(made.lying, origin, request, response);
  });
  const lying: LyingProvider = {
    issuer: server.origin,
    clientId: 'countersign',
    nonce: '',
    token: '',
    keys: [own.jwk],
    instead: new Map(),
    asked: new Map(),
    sign: ({ claims = {}, header, key } = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const right = {
        iss: server.origin,
        aud: 'countersign',
        sub: '00u1',
        iat: now,
        exp: now + 300,
        nonce: lying.nonce,
      };
      return new SignJWT({ ...right, ...claims })
        .setProtectedHeader(header ?? { alg: 'RS256', kid: 'own' })
        .sign(key ?? own.privateKey);
    },
    close: server.close,
  };
  made.lying = lying;
  return lying;
}

function answer(
  lying: LyingProvider,
  origin: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const path = request.url ?? '';
  lying.asked.set(path, (lying.asked.get(path) ?? 0) + 1);
  const instead = lying.instead.get(path);
  if (instead) return instead(request, response);
  const send = (body: object) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  if (path === '/keys') return send({ keys: lying.keys });
  if (path === '/.well-known/openid-configuration') return send(metadata(origin));
  send({ access_token: 'x', token_type: 'bearer', id_token: lying.token });
}

function metadata(origin: string): object {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    jwks_uri: `${origin}/keys`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none', 'ES256', 'PS256', 'EdDSA'],
  };
}
