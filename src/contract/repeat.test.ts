import { expect, it } from 'vitest';
import { mayRepeat } from './repeat.js';

const tool = { tier: 4, keyLifetimeMs: 60_000, timeoutMs: 10_000 } as const;
const call = { firstCalledAt: 1_000, attempt: 1 };

// Seen to fail: the key's life compared with the moment of the claim, which the call may follow by the tool's whole time.
it('repeats only what begins within the life of its key, however late after its claim', () => {
  expect(mayRepeat(tool, call, 50_999)).toBe(true);
  expect(mayRepeat(tool, call, 51_000)).toBe(false);
  expect(mayRepeat({ ...tool, keyLifetimeMs: null }, call, 1_000)).toBe(false);
});

it('repeats what only reads, key or not, and nothing for ever', () => {
  const reading = { ...tool, tier: 1, keyLifetimeMs: null } as const;
  expect(mayRepeat(reading, call, 9_999_999)).toBe(true);
  expect(mayRepeat(reading, { ...call, attempt: 5 }, 1_000)).toBe(false);
  expect(mayRepeat(tool, { ...call, attempt: 5 }, 1_000)).toBe(false);
});
