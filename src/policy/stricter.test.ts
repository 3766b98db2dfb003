import { expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../contract/tool.js';
import { impactRaised } from './stricter.js';

const pay = defineTool({
  name: 'pay',
  version: '1',
  tier: 3,
  input: z.strictObject({ cents: z.int() }),
  impact: ({ cents }) => ({ money: { minor: cents, currency: 'USD' } }),
  describe: () => 'pay',
  run: () => null,
});

// Seen to fail: amounts compared without their signs, so that 90 dollars towards us became 90 dollars away from us.
it.each([
  [9_000, 9_001, true],
  [9_000, 8_999, false],
  [9_000, 9_000, false],
  [-9_000, -9_001, true],
  [-9_000, -8_999, false],
  [-9_000, 9_000, true],
  [-9_000, 1, true],
  [9_000, -9_000, true],
  [9_000, 0, false],
  [0, 1, true],
])('an amount of %i that is edited to %i does more: %s', (before, now, raised) => {
  expect(impactRaised({ args: { cents: now } }, { args: { cents: before } }, pay)).toBe(raised);
});
