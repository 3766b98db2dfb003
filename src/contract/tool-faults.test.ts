import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  refund,
  refundArgs as args,
  type RefundDefinition as Definition,
  refundInput,
} from '../../test/support/refund-tool.js';
import { secret } from './secret.js';
import { defineTool, describeCall, impactOfCall } from './tool.js';

describe('defineTool refuses', () => {
  it('names everything wrong with a definition in one message', () => {
    const wrong = {
      name: 'no spaces',
      version: '',
      tier: 5,
      categories: ['fun'],
      timeout: 'soon',
      idempotency: { keyLifetime: '1 day' },
      input: {},
    };
    const define = () => defineTool(wrong as unknown as Definition);
    expect(define).toThrow(/tool "no spaces"/);
    for (const part of [
      '`name`',
      '`version`',
      '`tier`',
      '`categories`',
      '`timeout`',
      'keyLifetime',
      '`describe`',
      '`run`',
      '`input`',
    ]) {
      expect(define).toThrow(part);
    }
    expect(() => defineTool({} as unknown as Definition)).toThrow(/`name`/);
  });

  // Seen to fail: any duration taken.
  it.each(['601s', '11m', '7d', '0s'])(
    'refuses a timeout of %s: a call must end while its activity counts',
    (timeout) => {
      expect(() => refund({ timeout })).toThrow(/`timeout` must be a time such as 30s or 5m, 10m at most/);
      expect(refund({ timeout: '10m' }).timeoutMs).toBe(600_000);
    },
  );

  it.each([
    ['a transform', z.object({ a: z.string().transform((text) => text.length) })],
    ['a date', z.object({ a: z.date() })],
    ['a bigint', z.object({ a: z.bigint() })],
    ['a map', z.object({ a: z.map(z.string(), z.string()) })],
  ])('case 19: refuses an input with %s, which would run as something else than is shown', (_name, other) => {
    expect(() => refund({ input: other as unknown as typeof refundInput })).toThrow(/plain JSON/);
  });

  // Seen to fail: members that nothing reads taken.
  it('refuses a member that nothing reads: a misspelt `categories` would promise what nobody keeps', () => {
    const misspelt = { category: ['money'], fingerPrint: () => 'x' } as unknown as Partial<Definition>;
    expect(() => refund(misspelt)).toThrow(
      /`category`, `fingerPrint`: nothing reads it; known are name, version/,
    );
  });

  // Seen to fail: each taken.
  it.each([
    ['`describe` must answer at once', { describe: async () => 'x' }],
    ['`impact` must answer at once', { impact: async () => ({}) }],
    [
      '`input` has a check that is async',
      { input: z.strictObject({ a: z.string().refine(async () => true) }) },
    ],
  ])('refuses what answers later: %s', (message, change) => {
    expect(() => refund(change as unknown as Partial<Definition>)).toThrow(message);
  });

  it('refuses a mark of secrecy on what is no string', () => {
    const other = z.object({ a: z.number().meta({ 'x-secret': true }) });
    expect(() => refund({ input: other as unknown as typeof refundInput })).toThrow(/only strings/);
  });

  // Seen to fail: each taken, and the secret stored as it is.
  it.each([
    ['a pipe leaves behind', z.object({ a: secret().pipe(z.string().min(3)) })],
    ['names a member', z.object({ a: z.record(secret(), z.string()) })],
    ['is written over', z.object({ a: secret().register(z.globalRegistry, { description: 'a key' }) })],
    ['is a part of a text', z.object({ a: z.optional(z.templateLiteral(['Bearer ', secret()])) })],
  ])('refuses a mark of secrecy that %s: nothing would be replaced', (_name, other) => {
    expect(() => refund({ input: other as unknown as typeof refundInput })).toThrow(/secret\(\) is lost/);
  });
});

describe('what a tool answers', () => {
  // Seen to fail: a promise, a map and nothing at all taken for a call that moves nothing; a promise whose failure ended the process.
  it.each([
    ['a promise', () => Promise.resolve({ money: { minor: 1, currency: 'USD' } })],
    ['a promise that fails', () => Promise.reject(new Error('no rates today'))],
    ['a map', () => new Map([['rows', 1]])],
    ['nothing', () => undefined],
    ['null', () => null],
  ])('is no impact when it is %s: the call is then judged strictest', (_name, impact) => {
    expect(
      impactOfCall(refund({ impact: impact as unknown as NonNullable<Definition['impact']> }), args),
    ).toBeNull();
  });

  it('may be left out: then the call moves nothing', () => {
    const { impact: _none, ...rest } = {
      impact: undefined,
      name: 'quiet',
      version: '1',
      tier: 1,
      input: refundInput,
    } as const;
    expect(impactOfCall(defineTool({ ...rest, describe: () => 'x', run: () => null }), args)).toEqual({});
  });

  it('is no description when it is a promise, also one that fails', () => {
    for (const describing of [() => Promise.resolve('x'), () => Promise.reject(new Error('no words today'))])
      expect(describeCall(refund({ describe: describing as unknown as () => string }), args)).toBeNull();
  });
});
