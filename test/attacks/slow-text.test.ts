import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contradictions } from '../../src/contract/contradictions.js';
import { hostsOf, linkSpans } from '../../src/contract/links.js';
import { replaceSecrets, secret } from '../../src/contract/secret.js';
import type { Json } from '../../src/domain/action.js';
import { flagsOf, normalised } from '../../src/domain/sanitise.js';
import { visible } from '../../src/policy/normalise.js';

/** The quickest of five, ms. */
function quickest(work: () => unknown): number {
  const taken = Array.from({ length: 5 }, () => {
    const begun = performance.now();
    work();
    return performance.now() - begun;
  });
  return Math.min(...taken);
}

/**
 * How much longer it takes for so many times as much, far apart, so that a busy machine changes nothing: sixteen times as much costs sixteen
 * times where the cost is linear, and 256 times where it is quadratic.
 */
function growth(work: (size: number) => unknown, size: number, times: number): number {
  return quickest(() => work(times * size)) / quickest(() => work(size));
}

const marks = (size: number) => `a${'\u0301\u0323'.repeat(size / 2)}`;
const letters = (size: number) =>
  Array.from({ length: size }, (_, at) => String.fromCodePoint(0x4e00 + (at % 20_000))).join('');

/** One argument of an agent stops no worker and no gateway. Seen to fail: NFC without breaking runs of marks (145 and more), any host read (4,000 and more). */
describe('case 8, fault 17: what a text costs grows as it does', () => {
  it.each([
    ['flags of', (size: number) => flagsOf(marks(size))],
    ['a reader takes', (size: number) => normalised(marks(size))],
    ['a rule sees', (size: number) => visible(marks(size))],
  ])('%s a text', (_name, work) => {
    expect(growth(work, 8_000, 16)).toBeLessThan(70);
  });

  it.each([
    ['hosts in', (host: string) => hostsOf([`https://${host}.example/x`])],
    ['hosts behind many slashes in', (host: string) => hostsOf([`https:////${host}.example/x`])],
    ['hosts to emphasise in', (host: string) => linkSpans(`see www.${host}.example`)],
  ])('%s a text with a long host, whatever it is written in', (_name, work) => {
    const [strange, plain] = [letters(60_000), 'a'.repeat(60_000)];
    expect(quickest(() => work(strange)) / quickest(() => work(plain))).toBeLessThan(50);
  });

  // Seen to fail: the words of a name looked for at every entry of its list (550); each of them counted there (55).
  it('numbers in a list with a long name', () => {
    const work = (name: string) =>
      contradictions('ok', { [name]: Array.from({ length: 2_000 }, () => 1) }, {});
    expect(quickest(() => work('order '.repeat(3_000))) / quickest(() => work('order'))).toBeLessThan(20);
  });

  it('long runs of marks are flagged', () => {
    expect(flagsOf(marks(200))).toContain('normalisation');
    expect(flagsOf('a\u0323\u0301')).toEqual(['normalisation']);
    expect(flagsOf('Việt Nam')).toEqual([]);
  });
});

/** Seen to fail: each part of a schema looked at once for every way that leads to it (1,000 and more). */
it('secrets are found in a nested argument whose shape may be told in several ways, without doubling at every level', () => {
  type Filter = { op: string; left?: Filter; right?: Filter; value?: string };
  const filter: z.ZodType<Filter> = z.lazy(() =>
    z.union([
      z.strictObject({ op: z.literal('and'), left: filter, right: filter }),
      z.strictObject({ op: z.literal('or'), left: filter, right: filter }),
      z.strictObject({ op: z.literal('is'), value: secret() }),
    ]),
  ) as z.ZodType<Filter>;
  const schema = JSON.parse(JSON.stringify(z.toJSONSchema(z.strictObject({ filter })))) as Json; // JSON by construction
  const nested = (depth: number): Json =>
    depth === 0
      ? { op: 'is', value: 'hunter2' }
      : { op: 'and', left: nested(depth - 1), right: { op: 'is', value: 'x' } };
  const replaced = (depth: number) =>
    replaceSecrets(schema, { filter: nested(depth) }, (value) => `ref-${value}`);
  expect(JSON.stringify(replaced(12))).not.toContain('"hunter2"');
  expect(growth(replaced, 4, 4)).toBeLessThan(200);
});
