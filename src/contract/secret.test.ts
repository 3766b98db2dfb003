import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Json } from '../domain/action.js';
import { canonicalJson } from './canonical.js';
import {
  carrySecrets,
  forgedReferences,
  maskSecrets,
  replaceSecrets,
  restoreSecrets,
  scrubSecrets,
  secret,
  SECRET_MASK,
  secretMac,
  secretReferences,
} from './secret.js';

const key = Buffer.alloc(32, 7);
function box() {
  const stored = new Map<string, string>();
  return {
    stored,
    seal: (value: string) => {
      const reference = secretMac(key, value);
      stored.set(reference, value);
      return reference;
    },
    open: (reference: string) => {
      const value = stored.get(reference);
      if (value === undefined) throw new Error('unknown secret');
      return value;
    },
  };
}
const schemaOf = (shape: z.ZodRawShape) => z.toJSONSchema(z.strictObject(shape)) as Json;
const node: z.ZodType = z.strictObject({
  pin: secret().optional(),
  get children() {
    return z.array(node).optional();
  },
});

describe('secrets', () => {
  it.each([
    ['a plain string', { a: secret() }, { a: 'S3' }],
    ['one with checks', { a: secret(z.string().min(2)) }, { a: 'S3' }],
    ['checks after the mark', { a: secret().min(2).max(9) }, { a: 'S3' }],
    [
      'optional, nullable, with default',
      { a: secret().optional(), b: secret().nullable(), c: secret().default('S3') },
      { a: 'S3', b: 'S3', c: 'S3' },
    ],
    ['in a list', { a: z.array(secret()) }, { a: ['S3', 'S3'] }],
    ['in a tuple', { a: z.tuple([z.number(), secret()]) }, { a: [1, 'S3'] }],
    ['in the rest of a tuple', { a: z.tuple([z.number()], secret()) }, { a: [1, 'S3'] }],
    ['in a record', { a: z.record(z.string(), secret()) }, { a: { x: 'S3' } }],
    ['in a union', { a: z.union([z.number(), z.strictObject({ k: secret() })]) }, { a: { k: 'S3' } }],
    ['in one branch only', { a: z.union([z.string(), secret()]) }, { a: 'S3' }],
    [
      'in an intersection',
      { a: z.intersection(z.object({ n: z.number() }), z.object({ k: secret() })) },
      { a: { n: 1, k: 'S3' } },
    ],
    [
      'deep',
      { a: z.strictObject({ b: z.array(z.strictObject({ c: secret() })) }) },
      { a: { b: [{ c: 'S3' }] } },
    ],
    ['in a schema that refers to itself', { a: node }, { a: { children: [{ children: [{ pin: 'S3' }] }] } }],
  ])('case 67: %s is replaced, and comes back only with the box', (_name, shape, args) => {
    const { seal, open } = box();
    const sealed = replaceSecrets(schemaOf(shape), args as Json, seal);
    expect(canonicalJson(sealed)).not.toContain('S3');
    expect(secretReferences(sealed)).toEqual([secretMac(key, 'S3')]);
    expect(restoreSecrets(sealed, open)).toEqual(args);
    expect(canonicalJson(maskSecrets(sealed))).not.toContain('hmac');
    expect(canonicalJson(maskSecrets(sealed))).toContain(SECRET_MASK);
  });

  it('leaves what is not marked', () => {
    const { seal, stored } = box();
    const args = { order: '1182', token: 'x' };
    expect(replaceSecrets(schemaOf({ order: z.string(), token: secret() }), args, seal)).toMatchObject({
      order: '1182',
    });
    expect(stored.size).toBe(1);
    expect(replaceSecrets({}, args, seal)).toEqual(args);
  });

  it('stands in digests as the same keyed hash each time, which the plain hash of the value does not give away', () => {
    expect(secretMac(key, 'a')).toBe(secretMac(key, 'a'));
    expect(secretMac(key, 'a')).not.toBe(secretMac(key, 'b'));
    expect(secretMac(Buffer.alloc(32, 8), 'a')).not.toBe(secretMac(key, 'a'));
    expect(secretMac(key, 'a')).toMatch(/^hmac-sha256:[0-9a-f]{64}$/);
  });

  it('cannot be named from outside: an argument of the shape of a reference is refused wherever it stands', () => {
    const forged: Json = {
      a: [{ b: { $secret: secretMac(key, 'of somebody else') } }],
      c: { $secret: 'x', more: 2 },
    };
    expect(forgedReferences(forged)).toEqual(['$.a[0].b', '$.c']);
    expect(secretReferences(forged)).toEqual([secretMac(key, 'of somebody else')]); // more than the one member is no reference
    expect(() => replaceSecrets({}, forged, () => 'x')).toThrow(/\$\.a\[0\]\.b, \$\.c/);
  });

  it('an edit that leaves the mask keeps the secret of that place, and takes none to another', () => {
    const original: Json = { token: { $secret: 'r1' }, list: [{ $secret: 'r2' }], note: 'x' };
    expect(carrySecrets({ token: SECRET_MASK, list: [SECRET_MASK], note: 'y' }, original)).toEqual({
      ...original,
      note: 'y',
    });
    expect(carrySecrets({ token: 'new', note: SECRET_MASK, list: ['a', SECRET_MASK] }, original)).toEqual({
      token: 'new',
      note: SECRET_MASK,
      list: ['a', SECRET_MASK],
    });
  });

  it('are taken out of texts that quote them', () => {
    expect(scrubSecrets('use tok_123456 (tok_123456) now', ['tok_123456', ''])).toBe(
      `use ${SECRET_MASK} (${SECRET_MASK}) now`,
    );
    expect(scrubSecrets('nothing here', ['tok_123456'])).toBe('nothing here');
    expect(scrubSecrets('abcd ab', ['ab', 'abcd'])).toBe(`${SECRET_MASK} ${SECRET_MASK}`);
  });

  it('survive the way through any arguments', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }), (args) => {
        const { seal, open } = box();
        const sealed = replaceSecrets(schemaOf({ a: z.record(z.string(), secret()) }), { a: args }, seal);
        for (const value of Object.values((sealed as { a: Record<string, Json> }).a))
          expect(value).toHaveProperty('$secret');
        expect(restoreSecrets(sealed, open)).toEqual({ a: args });
      }),
    );
  });
});
