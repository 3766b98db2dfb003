import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { hostsOf, linkSpans } from '../../src/contract/links.js';
import { replaceSecrets, secret } from '../../src/contract/secret.js';
import type { Json } from '../../src/domain/action.js';
import { flagsOf, normalised } from '../../src/domain/sanitise.js';
import { visibleText } from '../../src/policy/normalise.js';

/** How much longer it takes for four times as much; the quickest of five each. 4 where the cost is linear, 16 where it is quadratic. */
function growth(work: (size: number) => unknown, size: number): number {
  const quickest = (of: number) =>
    Math.min(
      ...Array.from({ length: 5 }, () => {
        const begun = performance.now();
        work(of);
        return performance.now() - begun;
      }),
    );
  return quickest(4 * size) / quickest(size);
}

const marks = (size: number) => `a${'\u0301\u0323'.repeat(size / 2)}`;
const letters = (size: number) =>
  Array.from({ length: size }, (_, at) => String.fromCodePoint(0x4e00 + (at % 20_000))).join('');

/** One argument of an agent stops no worker and no gateway. Seen to fail: NFC without breaking runs of marks (9 to 24), any host read (14). */
describe('case 8, fault 17: what a text costs grows as it does', () => {
  it.each([
    ['flags of', (size: number) => flagsOf(marks(size))],
    ['a reader takes', (size: number) => normalised(marks(size))],
    ['a rule sees', (size: number) => visibleText(marks(size))],
    ['hosts in', (size: number) => hostsOf([`https://${letters(size)}.example/x`])],
    ['hosts behind many slashes in', (size: number) => hostsOf([`https:////${letters(size)}.example/x`])],
    ['hosts to emphasise in', (size: number) => linkSpans(`see www.${letters(size)}.example`)],
  ])('%s a text', (_name, work) => {
    expect(growth(work, 20_000)).toBeLessThan(8);
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
  expect(growth(replaced, 4)).toBeLessThan(40);
});
