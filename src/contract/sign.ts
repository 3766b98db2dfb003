import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import type { Json } from '../domain/action.js';
import { CountersignError } from '../domain/errors.js';
import { canonicalJson } from './canonical.js';
import { sha256Hex } from './digest.js';
import { parseStrictJson } from './strict-json.js';

/** What is signed; each kind has its own `typ`, so that none passes for another. */
export type RecordKind = 'decision' | 'halt' | 'lift' | 'closing' | 'checkpoint';

/** `aud` of every record. */
export const AUDIENCE = 'countersign';

const KINDS = ['decision', 'halt', 'lift', 'closing', 'checkpoint'] as const satisfies readonly RecordKind[];
/** Longest compact form, in characters; a checkpoint names many heads. */
const LONGEST: Readonly<Record<RecordKind, number>> = {
  decision: 16_384,
  halt: 16_384,
  lift: 16_384,
  closing: 16_384,
  checkpoint: 16 * 1024 * 1024,
};

/** It stands in every record, of which a verifier reads no more than the above. UTF-16 code units. */
const LONGEST_KID = 256;

/** A key pair as it is kept: the private half is the gateway's, the public half goes into the workers' key file. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: JsonWebKey;
  readonly publicKey: JsonWebKey;
}

/** Public keys by `kid`, RFC 7517. */
export interface KeySet {
  readonly keys: readonly JsonWebKey[];
}

/** Signs records. Gateway and checkpoint writer only. */
export interface Signer {
  readonly kid: string;
  /** JWS compact serialisation, RFC 7515; 40 microseconds. */
  sign(kind: RecordKind, payload: Json): string;
}

/** Checks records against the known keys. */
export interface Verifier {
  readonly keys: KeySet;
  /** The signed payload, or undefined for whatever reason it is not acceptable: forgers learn nothing. */
  verify(kind: RecordKind, jws: unknown): Json | undefined;
}

/** A new Ed25519 key; `kid` is its RFC 7638 thumbprint. */
export function generateSigningKey(): SigningKey {
  const pair = generateKeyPairSync('ed25519');
  const kid = thumbprint(pair.publicKey);
  const shared = { kid, alg: 'Ed25519', use: 'sig' };
  return {
    kid,
    privateKey: { ...pair.privateKey.export({ format: 'jwk' }), ...shared },
    publicKey: { ...pair.publicKey.export({ format: 'jwk' }), ...shared },
  };
}

/**
 * `kid` defaults to the one in the JWK, else the thumbprint. Throws CountersignError `config` when the key is not an Ed25519 private key
 * (JWK object, its JSON text, or PKCS #8 PEM), or has a `kid` under which no verifier would take its records.
 */
export function createSigner(key: {
  readonly privateKey: string | JsonWebKey;
  readonly kid?: string;
}): Signer {
  const given =
    typeof key.privateKey === 'string' && key.privateKey.trimStart().startsWith('{')
      ? jwkOf(key.privateKey)
      : key.privateKey;
  const secret = ed25519('the signing key', () =>
    createPrivateKey(typeof given === 'string' ? given : { key: given, format: 'jwk' }),
  );
  const named = typeof given === 'string' ? undefined : given['kid'];
  const kid = key.kid ?? (typeof named === 'string' ? named : thumbprint(createPublicKey(secret)));
  if (kid === '' || kid.length > LONGEST_KID)
    throw new CountersignError('config', `the signing key's \`kid\` must be 1 to ${LONGEST_KID} characters`);
  const headers = headersOf(kid);
  return {
    kid,
    sign(kind, payload) {
      const input = `${headers[kind]}.${Buffer.from(canonicalJson(payload), 'utf8').toString('base64url')}`;
      return `${input}.${sign(null, Buffer.from(input, 'ascii'), secret).toString('base64url')}`;
    },
  };
}

/**
 * Several keys at once: the current one and those rotated out whose records must stay verifiable. A record is acceptable only if its
 * protected header is, byte for byte, the one our signer writes for a known key and this kind: no `alg`, `typ`, `kid`, `jku`, `jwk` or
 * `crit` of anybody else's choosing is ever interpreted. Throws CountersignError `config` on a bad set.
 */
export function createVerifier(keys: KeySet): Verifier {
  const byHeader: Record<RecordKind, Map<string, KeyObject>> = {
    decision: new Map(),
    halt: new Map(),
    lift: new Map(),
    closing: new Map(),
    checkpoint: new Map(),
  };
  const kids: string[] = [];
  for (const jwk of keys.keys) {
    const kid = jwk['kid'];
    if (typeof kid !== 'string' || kid === '' || kids.includes(kid))
      throw new CountersignError('config', 'every verification key needs a `kid` of its own');
    if (jwk.d !== undefined)
      throw new CountersignError(
        'config',
        `verification key ${kid} holds a private key: give workers the public half only`,
      );
    const key = ed25519(`verification key ${kid}`, () => createPublicKey({ key: jwk, format: 'jwk' }));
    kids.push(kid);
    const headers = headersOf(kid);
    for (const kind of KINDS) byHeader[kind].set(headers[kind], key);
  }
  if (kids.length === 0)
    throw new CountersignError('config', 'there is no verification key: give at least one public key');
  return { keys, verify: (kind, jws) => verified(byHeader[kind], jws, LONGEST[kind]) };
}

function verified(keys: ReadonlyMap<string, KeyObject>, jws: unknown, longest: number): Json | undefined {
  if (typeof jws !== 'string' || jws.length > longest) return undefined;
  const parts = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{86})$/.exec(jws);
  const [, header = '', payload = '', signature = ''] = parts ?? [];
  const key = keys.get(header);
  if (key === undefined) return undefined;
  const bytes = Buffer.from(signature, 'base64url');
  if (bytes.toString('base64url') !== signature) return undefined; // one spelling per signature
  if (!verify(null, Buffer.from(`${header}.${payload}`, 'ascii'), key, bytes)) return undefined;
  return payloadForUs(Buffer.from(payload, 'base64url').toString('utf8'));
}

function payloadForUs(text: string): Json | undefined {
  let payload: { readonly [key: string]: Json } | null;
  try {
    payload = JSON.parse(text) as typeof payload; // whoever holds a key writes objects; anything else has no `aud` and is refused below
  } catch {
    return undefined;
  }
  return payload?.['aud'] === AUDIENCE ? payload : undefined;
}

/** Reads a JWKS file's text. Throws CountersignError `config`; what is in it is checked by createVerifier. */
export function parseKeySet(text: string): KeySet {
  const keys: unknown = jwkOf(text)['keys'];
  if (!Array.isArray(keys))
    throw new CountersignError('config', 'the key file is not a JSON Web Key Set: it needs an array `keys`');
  return { keys: keys.map((key: JsonWebKey | null) => key ?? {}) };
}

function jwkOf(text: string): JsonWebKey {
  const parsed = parseStrictJson(text, { bytes: 262_144 });
  if ('problems' in parsed || typeof parsed.value !== 'object' || parsed.value === null) {
    throw new CountersignError('config', 'the key file is not a JSON object');
  }
  return parsed.value as JsonWebKey; // every member is optional; Node checks those it reads
}

function ed25519(what: string, read: () => KeyObject): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = read();
  } catch {
    // told below, without the key material that Node's message may hold
  }
  if (key?.asymmetricKeyType !== 'ed25519')
    throw new CountersignError('config', `${what} is not a readable Ed25519 key (JWK or PEM)`);
  return key;
}

function headersOf(kid: string): Readonly<Record<RecordKind, string>> {
  const header = (kind: RecordKind) =>
    Buffer.from(canonicalJson({ alg: 'Ed25519', kid, typ: `countersign-${kind}+jws` }), 'utf8').toString(
      'base64url',
    ); // alg: RFC 9864
  return {
    decision: header('decision'),
    halt: header('halt'),
    lift: header('lift'),
    closing: header('closing'),
    checkpoint: header('checkpoint'),
  };
}

/** RFC 7638 with RFC 8037 section 2: SHA-256 over the required members in order. */
function thumbprint(key: KeyObject): string {
  const { crv, kty, x } = key.export({ format: 'jwk' });
  return Buffer.from(
    sha256Hex(canonicalJson({ crv: crv ?? '', kty: kty ?? '', x: x ?? '' })),
    'hex',
  ).toString('base64url');
}
