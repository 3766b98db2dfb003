import { createHmac, createPrivateKey, generateKeyPairSync, sign as rawSign } from 'node:crypto';
import { calculateJwkThumbprint, CompactSign, compactVerify, decodeProtectedHeader, importJWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { createSigner, createVerifier, generateSigningKey, parseKeySet } from './sign.js';
import type { RecordKind } from './sign.js';

const key = generateSigningKey();
const signer = createSigner({ privateKey: key.privateKey });
const verifier = createVerifier({ keys: [key.publicKey] });
const payload = { aud: 'countersign', id: 'd-1', verb: 'approve' };
const genuine = signer.sign('decision', payload);

const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
/** A record signed with the right key, under any header. */
const forge = (header: unknown, body: unknown = payload) => {
  const input = `${part(header)}.${part(body)}`;
  return `${input}.${rawSign(null, Buffer.from(input), createPrivateKey({ key: key.privateKey, format: 'jwk' })).toString('base64url')}`;
};
const header = { alg: 'Ed25519', kid: key.kid, typ: 'countersign-decision+jws' };
const [head = '', body = '', signature = ''] = genuine.split('.');

describe('signed records', () => {
  it('come back as they were signed', () => {
    expect(verifier.verify('decision', genuine)).toEqual(payload);
    expect(forge(header)).toBe(genuine); // the helper below makes what we make
  });

  it('are JWS that another implementation verifies, and the other way round', async () => {
    const jwk = await importJWK({ ...key.publicKey, kty: 'OKP' }, 'Ed25519');
    const { payload: bytes, protectedHeader } = await compactVerify(genuine, jwk, {
      algorithms: ['Ed25519'],
    });
    expect(JSON.parse(Buffer.from(bytes).toString())).toEqual(payload);
    expect(protectedHeader).toEqual(header);
    const secret = await importJWK({ ...key.privateKey, kty: 'OKP' }, 'Ed25519');
    const theirs = await new CompactSign(Buffer.from(JSON.stringify(payload)))
      .setProtectedHeader(header)
      .sign(secret);
    expect(verifier.verify('decision', theirs)).toEqual(payload);
    expect(await calculateJwkThumbprint({ ...key.publicKey, kty: 'OKP' })).toBe(key.kid);
  });

  it('case 44: no kind passes for another', () => {
    const kinds: readonly RecordKind[] = ['decision', 'halt', 'lift', 'checkpoint'];
    for (const made of kinds) {
      for (const read of kinds) {
        const result = verifier.verify(read, signer.sign(made, payload));
        expect(result).toEqual(made === read ? payload : undefined);
      }
    }
    expect(decodeProtectedHeader(signer.sign('halt', payload)).typ).toBe('countersign-halt+jws');
  });

  const stranger = generateSigningKey();
  const publicBytes = Buffer.from(key.publicKey.x ?? '', 'base64url');
  const hmac = (secret: Buffer) => {
    const input = `${part({ ...header, alg: 'HS256' })}.${body}`;
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
  };

  it.each([
    ['alg none, no signature', `${part({ ...header, alg: 'none' })}.${body}.`],
    ['alg none, old signature', `${part({ ...header, alg: 'none' })}.${body}.${signature}`],
    ['HS256 with the public key', hmac(publicBytes)],
    ['HS256 with the public JWK text', hmac(Buffer.from(JSON.stringify(key.publicKey)))],
    ['alg EdDSA instead of ours', forge({ ...header, alg: 'EdDSA' })],
    ['wrong typ', forge({ ...header, typ: 'JWT' })],
    ['no typ', forge({ alg: 'Ed25519', kid: key.kid })],
    ['no kid', forge({ alg: 'Ed25519', typ: header.typ })],
    ['foreign kid', forge({ ...header, kid: 'other' })],
    [
      'a stranger under his own kid',
      createSigner({ privateKey: stranger.privateKey }).sign('decision', payload),
    ],
    [
      'a stranger under our kid',
      createSigner({ privateKey: stranger.privateKey, kid: key.kid }).sign('decision', payload),
    ],
    ['jku', forge({ ...header, jku: 'https://evil.example/keys' })],
    ['jwk', forge({ ...header, jwk: stranger.publicKey })],
    ['x5c', forge({ ...header, x5c: ['AAAA'] })],
    ['crit', forge({ ...header, crit: ['b64'], b64: false })],
    ['missing aud', forge(header, { id: 'd-1' })],
    ['other aud', forge(header, { ...payload, aud: 'elsewhere' })],
    ['aud in a list', forge(header, { ...payload, aud: ['countersign'] })],
    ['payload that is no object', forge(header, '"countersign"')],
    ['payload null', forge(header, 'null')],
    ['payload that is no JSON', forge(header, '{')],
    ['oversized', signer.sign('decision', { ...payload, pad: 'x'.repeat(20_000) })],
    ['tampered payload', `${head}.${part({ ...payload, id: 'd-2' })}.${signature}`],
    ['tampered signature', `${head}.${body}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`],
    [
      'signature with another spelling',
      `${head}.${body}.${signature.slice(0, -1)}${String.fromCharCode(signature.charCodeAt(85) + 1)}`,
    ],
    ['padding', `${genuine}==`],
    ['white space', ` ${genuine}`],
    ['line end', `${genuine}\n`],
    ['two parts', `${head}.${body}`],
    ['four parts', `${genuine}.${signature}`],
    ['JSON serialisation', JSON.stringify({ protected: head, payload: body, signature })],
    ['empty', ''],
    ['no text at all', { jws: genuine }],
    ['null', null],
  ])('case 44: refuses %s, and says nothing', (_name, jws) => {
    expect(verifier.verify('decision', jws)).toBeUndefined();
  });
});

describe('keys', () => {
  it('rotate: old records stay verifiable while the old key is known, and no longer', () => {
    const next = generateSigningKey();
    const both = createVerifier({ keys: [next.publicKey, key.publicKey] });
    expect(both.keys.keys.map(({ kid }) => kid)).toEqual([next.kid, key.kid]);
    expect(both.verify('decision', genuine)).toEqual(payload);
    expect(
      both.verify('decision', createSigner({ privateKey: next.privateKey }).sign('decision', payload)),
    ).toEqual(payload);
    expect(createVerifier({ keys: [next.publicKey] }).verify('decision', genuine)).toBeUndefined();
  });

  it('are read from JWK, JWK text and PEM', () => {
    const pem = createPrivateKey({ key: key.privateKey, format: 'jwk' })
      .export({ type: 'pkcs8', format: 'pem' })
      .toString();
    for (const privateKey of [key.privateKey, JSON.stringify(key.privateKey), pem]) {
      expect(createSigner({ privateKey }).sign('decision', payload)).toBe(genuine);
    }
    expect(createSigner({ privateKey: pem, kid: 'named' }).kid).toBe('named');
    expect(parseKeySet(JSON.stringify({ keys: [key.publicKey] }))).toEqual({ keys: [key.publicKey] });
  });

  it.each([
    ['an RSA key', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })],
    ['a public key', key.publicKey],
    ['no key', 'hello'],
    ['broken JSON', '{'],
  ])('refuse to sign with %s, without quoting it', (_name, privateKey) => {
    expect(() => createSigner({ privateKey })).toThrow(/key/);
  });

  // Seen to fail: a key that signed what no verifier takes, since the record grew too long or the verifier refuses the name.
  it('refuse a name for the signing key under which nothing could be verified', () => {
    for (const kid of ['', 'k'.repeat(257), 'k'.repeat(20_000)]) {
      expect(() => createSigner({ privateKey: key.privateKey, kid })).toThrow(/`kid` must be 1 to 256/);
      expect(() => createSigner({ privateKey: { ...key.privateKey, kid } })).toThrow(/`kid`/);
    }
    const kid = 'k'.repeat(256);
    const verifier = createVerifier({ keys: [{ ...key.publicKey, kid }] });
    const signed = createSigner({ privateKey: key.privateKey, kid }).sign('decision', payload);
    expect(verifier.verify('decision', signed)).toEqual(payload);
  });

  it('refuse a verifier without keys, with private, unnamed, doubled or foreign ones', () => {
    const { d: _d, ...rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({
      format: 'jwk',
    });
    expect(() => createVerifier({ keys: [] })).toThrow(/no verification key/);
    expect(() => createVerifier({ keys: [key.privateKey] })).toThrow(/private/);
    expect(() => createVerifier({ keys: [{ ...key.publicKey, kid: '' }] })).toThrow(/kid/);
    expect(() => createVerifier({ keys: [key.publicKey, key.publicKey] })).toThrow(/kid/);
    expect(() => createVerifier({ keys: [{ ...rsa, kid: 'r' }] })).toThrow(/Ed25519/);
    expect(() => parseKeySet('{}')).toThrow(/keys/);
    expect(() => parseKeySet('[')).toThrow(/JSON/);
    expect(() => createVerifier(parseKeySet('{"keys":[null]}'))).toThrow(/kid/);
  });
});
