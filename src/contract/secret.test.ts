import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Json } from '../domain/action.js';
import { canonicalJson } from './canonical.js';
import {
  carrySecrets,
  forgedReferences,
  maskedSecrets,
  maskSecrets,
  replaceSecrets,
  restoreSecrets,
  scrubberOf,
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

  it('the mask in the place of a secret is found, also within a text, and nowhere else', () => {
    const schema = schemaOf({ key: secret(), note: z.string(), list: z.array(secret()) });
    const args = { key: `Bearer ${SECRET_MASK}`, note: SECRET_MASK, list: ['S3', SECRET_MASK] };
    expect(maskedSecrets(schema, args).map(({ path }) => path)).toEqual(['$.key', '$.list[1]']);
    expect(maskedSecrets(schema, { key: 'S3', note: SECRET_MASK, list: [] })).toEqual([]);
    expect(maskedSecrets({}, args)).toEqual([]);
  });

  it('are taken out of texts that quote them', () => {
    expect(scrubberOf(['tok_123456', ''])('use tok_123456 (tok_123456) now')).toBe(
      `use ${SECRET_MASK} (${SECRET_MASK}) now`,
    );
    expect(scrubberOf(['tok_123456'])('nothing here')).toBe('nothing here');
    expect(scrubberOf(['ab', 'abcd'])('abcd ab')).toBe(`${SECRET_MASK} ${SECRET_MASK}`);
  });

  // Seen to fail: only the secret itself looked for.
  const PEM = '-----BEGIN KEY-----\nc2Vjcm"V0\\ é?>~+\n-----END KEY-----';
  it.each<[string, string, string]>([
    ['JSON', JSON.stringify({ key: PEM }), `{"key":"${SECRET_MASK}"}`],
    ['JSON in JSON', JSON.stringify(JSON.stringify([PEM])), `"[\\"${SECRET_MASK}\\"]"`],
    ['a URL', `/?key=${encodeURIComponent(PEM)}&n=1`, `/?key=${SECRET_MASK}&n=1`],
    ['the body of a form', new URLSearchParams({ key: PEM }).toString(), `key=${SECRET_MASK}`],
    ['base64', Buffer.from(PEM, 'utf8').toString('base64'), `${SECRET_MASK}==`],
    ['base64url', Buffer.from(PEM, 'utf8').toString('base64url'), SECRET_MASK],
  ])('are taken out of texts that quote them in %s', (_, text, scrubbed) => {
    expect(scrubberOf([PEM])(text)).toBe(scrubbed);
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

const entry = z.strictObject({ name: z.string(), password: secret() });
const owned = schemaOf({
  amount: z.int(),
  key: secret(),
  note: z.string().optional(),
  card: z.strictObject({ holder: z.string(), number: secret() }).optional(),
  accounts: z.array(entry).optional(),
  plain: z.array(secret()).optional(),
  pair: z.tuple([z.string(), secret()]).optional(),
  byName: z.record(z.string(), entry).optional(),
  either: z.union([z.strictObject({ pin: secret() }), z.strictObject({ list: z.array(entry) })]).optional(),
});
const kept = (name: string, password = SECRET_MASK) => ({ name, password });
const stored = (name: string) => ({ name, password: { $secret: `r-${name}` } });

/** Seen to fail, each that is told: a mask carried wherever the original has a reference at the same path. */
describe('an edit', () => {
  const original: { [key: string]: Json } = {
    amount: 1,
    key: { $secret: 'r-key' },
    card: { holder: 'mia', number: { $secret: 'r-card' } },
    accounts: [stored('mia'), stored('joon')],
    plain: [{ $secret: 'r-1' }, { $secret: 'r-2' }],
    pair: ['mia', { $secret: 'r-pair' }],
    byName: { one: stored('mia'), two: stored('joon') },
    either: { list: [stored('mia')] },
  };
  const shown = maskSecrets(original) as { [key: string]: Json }; // an object, as the original
  const after = (change: { [key: string]: Json }) => carrySecrets(owned, { ...shown, ...change }, original);
  const unkept = (change: { [key: string]: Json }) =>
    maskedSecrets(owned, after(change)).map(({ path }) => path);

  it.each<[string, { [key: string]: Json }, { [key: string]: Json }]>([
    ['nothing', {}, {}],
    ['an amount', { amount: 2 }, { amount: 2 }],
    ['a secret', { key: 'S3' }, { key: 'S3' }],
    [
      'what stands beside a secret under a key of the tool',
      { card: { holder: 'joon', number: SECRET_MASK } },
      { card: { holder: 'joon', number: { $secret: 'r-card' } } },
    ],
    ['all secrets of a list', { plain: ['S3', 'S4', 'S5'] }, { plain: ['S3', 'S4', 'S5'] }],
    ['one entry under a key', { byName: { two: kept('joon') } }, { byName: { two: stored('joon') } }],
    ['a text to the mask', { note: SECRET_MASK }, { note: SECRET_MASK }],
  ])('of %s keeps every secret that was left as its mask', (_, change, changed) => {
    expect(after(change)).toEqual({ ...original, ...changed });
    expect(unkept(change)).toEqual([]);
  });

  it.each<[string, { [key: string]: Json }, readonly string[]]>([
    ['the removal of an entry', { accounts: [kept('joon')] }, ['$.accounts[0].password']],
    [
      'an entry put in front',
      { accounts: [kept('ruth', 'S3'), kept('mia'), kept('joon')] },
      ['$.accounts[1].password', '$.accounts[2].password'],
    ],
    [
      'another order',
      { accounts: [kept('joon'), kept('mia')] },
      ['$.accounts[0].password', '$.accounts[1].password'],
    ],
    [
      'one entry gone and one added',
      { accounts: [kept('joon'), kept('ruth', 'S3')] },
      ['$.accounts[0].password'],
    ],
    ['an added entry', { accounts: [kept('ruth')] }, ['$.accounts[0].password']],
    ['entries that nothing tells apart', { plain: [SECRET_MASK, 'S3'] }, ['$.plain[0]']],
    ['a tuple', { pair: ['joon', SECRET_MASK] }, ['$.pair[1]']],
    ['an entry moved to another key', { byName: { one: kept('joon') } }, ['$.byName.one.password']],
    ['an entry under a new key', { byName: { three: kept('mia') } }, ['$.byName.three.password']],
    ['a list in a union', { either: { list: [kept('joon')] } }, ['$.either.list[0].password']],
    ['another branch of a union', { either: { pin: SECRET_MASK } }, ['$.either.pin']],
    ['a list in the place of an object', { card: [SECRET_MASK] }, []],
  ])('with %s gives no secret to anybody', (_, change, places) => {
    expect(after(change)).toEqual({ ...original, ...change });
    expect(unkept(change)).toEqual(places);
  });
});
