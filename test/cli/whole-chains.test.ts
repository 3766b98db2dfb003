import { expect, it } from 'vitest';
import { wholeChains } from '../../src/cli/whole-chains.js';
import type { CountersignClient } from '../../src/sdk/client.js';

type Journal = Pick<CountersignClient['journal'], 'all'>;

/** What a listing by time saw, and what each chain holds by itself. */
function journal(seen: readonly (readonly [string, number])[], held: Record<string, number>): Journal {
  return {
    async *all({ task } = {}) {
      const entries =
        task === undefined
          ? seen
          : Array.from({ length: held[task] ?? 0 }, (_, at) => [task, at + 1] as const);
      for (const [name, seq] of entries) yield { task: name, seq } as never; // only these are looked at
    },
  };
}

// Seen to fail: the listing taken as it came.
it('reads a chain again that a listing by time saw with a hole; what is missing then is missing', async () => {
  const seen = [
    ['a', 1],
    ['b', 1],
    ['a', 3],
    ['b', 2],
    ['c', 2],
  ] as const;
  const whole = await wholeChains(journal(seen, { a: 4, b: 9, c: 0 }), { of: 'tenant' });
  expect(whole.map(({ task, seq }) => `${task}${seq}`)).toEqual(['a1', 'a2', 'a3', 'a4', 'b1', 'b2']);
  expect(await wholeChains(journal(seen, { a: 4 }), { of: 'tenant', task: 'a' })).toHaveLength(4);
});
