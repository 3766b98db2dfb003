import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { refund, refundArgs as args, type refundInput as input } from '../../test/support/refund-tool.js';
import type { Json } from '../domain/action.js';
import type { TaskId, TenantId } from '../domain/ids.js';
import { defineTool, describeCall, isTool, ToolFailure, toolFacts } from './tool.js';
import type { RunContext } from './tool-definition.js';

const context: RunContext = {
  idempotencyKey: 'k',
  signal: new AbortController().signal,
  tenant: 'acme' as TenantId,
  task: 't-1' as TaskId,
  operation: 1,
};

describe('defineTool', () => {
  it('gives the facts, schema and times of the definition', () => {
    const tool = refund();
    expect(toolFacts(tool)).toEqual({
      name: 'issue_refund',
      version: '1',
      tier: 4,
      categories: ['money'],
      hasUndo: false,
    });
    expect(tool).toMatchObject({
      keyLifetimeMs: 86_400_000,
      timeoutMs: 30_000,
      preview: null,
      fingerprint: null,
      undo: null,
    });
    expect(tool.schema).toMatchObject({
      properties: { pin: { type: 'string', minLength: 4, 'x-secret': true } },
    });
    expect(isTool(tool)).toBe(true);
    expect(isTool({ ...tool })).toBe(false);
    expect(refund({ undo: () => null })).toMatchObject({ hasUndo: true });
  });

  it('infers the types of the arguments from the input', () => {
    defineTool({
      name: 'typed',
      version: '1',
      tier: 1,
      input: z.object({ n: z.number(), tags: z.array(z.string()) }),
      describe: (given) => {
        expectTypeOf(given).toEqualTypeOf<{ n: number; tags: string[] }>();
        return '';
      },
      run: (given) => given.n,
    });
  });

  it('case 29: another digest when the input changes', () => {
    const wider = {
      name: 'issue_refund',
      version: '1',
      tier: 4,
      describe: () => 'x',
      run: () => null,
    } as const;
    const one = defineTool({ ...wider, input: z.strictObject({ a: z.string() }) });
    const other = defineTool({ ...wider, input: z.strictObject({ a: z.string().optional() }) });
    expect(one.schemaDigest).not.toBe(other.schemaDigest);
  });
});

describe('arguments', () => {
  it('pass as they are written; a proposal has its defaults filled in before', () => {
    expect(refund().parseArgs(args)).toEqual({ args });
    expect(refund().normaliseArgs({ orderId: '1182', amountCents: 24000 })).toEqual({ args });
  });

  // Seen to fail: what the schema made of them taken for what was written.
  it('case 19: are refused where the tool would read something else than is shown', () => {
    const shape = {
      lower: z.string().toLowerCase().optional(),
      trimmed: z.string().trim().optional(),
      counted: z.coerce.number().optional(),
      assumed: z.string().default('production'),
    };
    const tool = refund({ input: z.object(shape) as unknown as typeof input, describe: () => 'x' });
    const placesOf = (given: Json) => {
      const parsed = tool.parseArgs(given);
      return 'problems' in parsed ? parsed.problems.map(({ path }) => path) : [];
    };
    const fine = { assumed: 'staging', lower: 'production', trimmed: 'x', counted: 1 };
    expect(placesOf(fine)).toEqual([]);
    expect(placesOf({ ...fine, lower: 'PRODUCTION' })).toEqual(['$.lower']);
    expect(placesOf({ ...fine, trimmed: ' x' })).toEqual(['$.trimmed']);
    expect(placesOf({ ...fine, counted: '1' })).toEqual(['$.counted']);
    expect(placesOf({ lower: 'x' })).toEqual(['$.assumed']);
    expect(placesOf({ ...fine, more: 1 })).toEqual(['$.more']);
  });

  it('are refused with the place', () => {
    expect(refund().parseArgs({ orderId: '1182', amountCents: '24000' })).toEqual({
      problems: [{ path: '$.amountCents', message: expect.any(String) as string }],
    });
    expect(refund().parseArgs({ ...args, more: 1 })).toHaveProperty('problems');
    expect(refund().parseArgs([])).toHaveProperty('problems');
  });

  it('case 67: may not name a secret', () => {
    expect(refund().parseArgs({ ...args, pin: { $secret: 'hmac-sha256:00' } })).toEqual({
      problems: [{ path: '$.pin', message: 'only the gate may write a secret reference' }],
    });
  });

  it('case 21: are refused when reading them again gives something else', () => {
    const scaling = z.object({ n: z.preprocess((n) => Number(n) * 100, z.number()) });
    expect(refund({ input: scaling as unknown as typeof input }).parseArgs({ n: 1 })).toEqual({
      problems: [{ path: '$', message: 'the schema changes what it has read' }],
    });
  });

  it('are refused, not thrown, when the schema itself fails', () => {
    const failing = z.object({
      n: z.string().refine(() => {
        throw new Error('boom');
      }),
    });
    expect(refund({ input: failing as unknown as typeof input }).parseArgs({ n: 'x' })).toHaveProperty(
      'problems',
    );
    const late = z.object({ n: z.string().refine(() => Promise.resolve(true) as unknown as boolean) });
    expect(refund({ input: late as unknown as typeof input }).parseArgs({ n: 'x' })).toHaveProperty(
      'problems',
    );
  });
});

describe('what a tool answers', () => {
  it('is described in plain words, with secrets masked', () => {
    const tool = refund({ describe: (given) => `PIN ${given.pin?.toUpperCase() ?? 'none'}` });
    expect(describeCall(tool, { ...args, pin: { $secret: 'hmac-sha256:00' } })).toBe('PIN ••••••');
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('x');
      },
    ],
    ['says nothing', () => '  '],
    ['answers with no text', () => 5 as unknown as string],
    ['is late', () => Promise.resolve('x') as unknown as string],
  ])('fault 17: has no words when describe %s', (_name, say) => {
    expect(describeCall(refund({ describe: say }), args)).toBeNull();
  });

  it('has no words for an undeclared tool', () => {
    expect(describeCall(undefined, args)).toBeNull();
  });

  it.each([
    ['half cents', { money: { minor: 1.5, currency: 'USD' } }],
    ['no currency', { money: { minor: 1 } }],
    ['a negative number of rows', { rows: -1 }],
    ['a misspelt member', { amount: 5 }],
  ])('case 21: an impact with %s is refused', (_name, impact) => {
    expect(() => refund({ impact: () => impact as never }).impact(args)).toThrow(/impact of issue_refund/);
  });

  it('is checked in previews and fingerprints', async () => {
    const good = refund({
      preview: () => ({ diff: [{ field: 'a', before: '1', after: '2' }] }),
      fingerprint: async () => Promise.resolve('v1'),
    });
    expect(await good.preview?.(args, context)).toEqual({ diff: [{ field: 'a', before: '1', after: '2' }] });
    expect(await good.fingerprint?.(args, context)).toBe('v1');
    const bad = refund({ preview: () => ({ diff: 'all' }) as never, fingerprint: () => '' });
    await expect(bad.preview?.(args, context)).rejects.toThrow(/preview/);
    await expect(bad.fingerprint?.(args, context)).rejects.toThrow(/fingerprint/);
    // Seen to fail: a time that no brief can carry, which nobody's client could then read.
    const late = { evidence: [{ what: 'a', source: 'b', at: 1_700_000_000_000_000 }] };
    await expect(refund({ preview: () => late }).preview?.(args, context)).rejects.toThrow(/evidence\.0\.at/);
  });

  it('keeps `this` of the definition', async () => {
    const tool = defineTool({
      name: 'self',
      version: '1',
      tier: 1,
      input: z.object({}),
      describe() {
        return `${this.name} speaks`;
      },
      run() {
        return this.version;
      },
    });
    expect(tool.describe({})).toBe('self speaks');
    expect(await tool.run({}, context)).toBe('1');
  });

  const unreadable = {
    toJSON() {
      throw Object.create(null); // oxlint-disable-line no-throw-literal
    },
  };
  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };

  // Seen to fail: JSON.stringify over the whole, which lost all of it with one member, or made nothing of a Map or NaN.
  it.each([
    ['nothing', undefined, null],
    ['plain JSON', { a: [1] }, { a: [1] }],
    ['a date', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['undefined members', { a: undefined, b: 1 }, { b: 1 }],
    ['half a character', { a: '\ud800' }, { a: '\ufffd' }],
    ['a function', () => 1, null],
    ['an unsafe integer', { n: 1e21, ref: 'tx-1' }, { n: '1e+21', ref: 'tx-1' }],
    ['a bigint', { block: 12n, ref: 'tx-1' }, { block: '12', ref: 'tx-1' }],
    ['no number', [Number.NaN, Number.POSITIVE_INFINITY, -0], ['NaN', 'Infinity', 0]],
    ['no date', { at: new Date(Number.NaN) }, { at: 'Invalid Date' }],
    [
      'a Map and a Set',
      { of: new Map([['a', new Set([1n])]]), some: new Set() },
      { of: [['a', ['1']]], some: [] },
    ],
    [
      'an error',
      { failed: new RangeError('too far') },
      { failed: { name: 'RangeError', message: 'too far' } },
    ],
    ['a boxed number', { n: new Number(5) }, { n: 5 }], // oxlint-disable-line no-new-wrappers
    ['what shows itself', { toJSON: () => ({ shown: 1n }) }, { shown: '1' }],
    ['a symbol', { kind: Symbol('x') }, { kind: 'Symbol(x)' }],
    [
      'what throws',
      { ref: 'tx-1', a: unreadable, b: { toJSON: () => unreadable.toJSON() } },
      { ref: 'tx-1', a: 'unreadable: unreadable', b: 'unreadable: unreadable' },
    ],
    [
      'what cannot be read at all',
      {
        ref: 'tx-1',
        get a() {
          throw new Error('no such row');
        },
        b: revoked(),
      },
      { ref: 'tx-1', a: 'unreadable: no such row', b: expect.stringContaining('revoked') as string },
    ],
    [
      'a key that could change a prototype',
      { constructor: 'ACME' },
      { unserialisable: '{"constructor":"ACME"}' },
    ],
  ])('is kept as JSON when run gives %s', async (_name, given, kept) => {
    expect(await refund({ run: () => given }).run(args, context)).toEqual(kept);
  });

  it('tells what holds itself, or nests without end, since the effect has happened', async () => {
    const loop: Record<string, unknown> = { ref: 'tx-1' };
    loop['self'] = { loop, twice: [loop] };
    expect(await refund({ run: () => loop }).run(args, context)).toEqual({
      ref: 'tx-1',
      self: { loop: 'what it is in itself', twice: ['what it is in itself'] },
    });
    const nested = (levels: number) => Array.from({ length: levels }).reduce((inner) => [inner], 'deep');
    expect(await refund({ run: () => nested(70) }).run(args, context)).toEqual({
      unserialisable: JSON.stringify(nested(70)),
    });
    const endless = await refund({ run: () => nested(20_000) }).run(args, context);
    expect(JSON.stringify(endless)).toContain('nested deeper than 500 levels');
  });

  it('passes on what run throws; only ToolFailure says that nothing happened', async () => {
    const failing = refund({
      run: () => {
        throw new ToolFailure('no-funds', 'the account is empty');
      },
    });
    const thrown: unknown = await failing.run(args, context).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(ToolFailure);
    expect(thrown).toMatchObject({ code: 'no-funds', message: 'the account is empty' });
    for (const other of [new Error('x'), { code: 'no-funds' }, null, 'x'])
      expect(other instanceof ToolFailure).toBe(false);
  });

  it('gets the arguments and the context of the call', async () => {
    const seen: unknown[] = [];
    await refund({
      run: (...given) => {
        seen.push(...given);
      },
    }).run(args as Json, context);
    expect(seen).toEqual([args, context]);
  });
});
