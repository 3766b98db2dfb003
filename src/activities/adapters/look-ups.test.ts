import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sharedLookUps, type Addresses, type Resolve } from './look-ups.js';

const FOUND: Addresses = [{ address: '192.0.2.1', family: 4 }];

/** A resolver of which each look-up ends when the test says so. */
function aResolver() {
  const asked: string[] = [];
  const ends = new Map<string, (found: Addresses) => void>();
  return {
    asked,
    resolve: (host: string) => {
      asked.push(host);
      return new Promise<Addresses>((settle) => ends.set(host, settle));
    },
    answer: (host: string) => ends.get(host)?.(FOUND),
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('look-ups', () => {
  // Seen to fail: a look-up for each message.
  it('of one host are one, which all who ask share', async () => {
    const { asked, resolve, answer } = aResolver();
    const lookUp = sharedLookUps(resolve);
    const both = [lookUp('crm.test'), lookUp('crm.test')];
    vi.advanceTimersByTime(60_000);
    both.push(lookUp('crm.test'));
    expect(asked).toEqual(['crm.test']);
    answer('crm.test');
    expect(await Promise.all(both)).toEqual([FOUND, FOUND, FOUND]);
    void lookUp('crm.test');
    expect(asked).toHaveLength(2);
  });

  // Seen to fail: each host for itself; slow only once it has ended; slow for ever.
  it('of hosts that were slow are one at a time, and hold up no other', async () => {
    const { asked, resolve, answer } = aResolver();
    const lookUp = sharedLookUps(resolve);
    const dead = lookUp('dead.test');
    const slow = lookUp('slow.test');
    vi.advanceTimersByTime(10_000);
    answer('slow.test');
    await slow;
    await expect(lookUp('slow.test')).rejects.toMatchObject({ code: 'EAI_AGAIN' });
    const good = lookUp('good.test');
    answer('good.test');
    expect(await good).toBe(FOUND);
    expect(asked).toEqual(['dead.test', 'slow.test', 'good.test']);

    answer('dead.test');
    await dead;
    const again = lookUp('slow.test');
    await expect(lookUp('dead.test')).rejects.toMatchObject({ code: 'EAI_AGAIN' });
    answer('slow.test');
    await again;
    void lookUp('dead.test');
    void lookUp('slow.test'); // it was quick
    expect(asked.slice(3)).toEqual(['slow.test', 'dead.test', 'slow.test']);
  });

  it('that fail are over', async () => {
    const failing = vi.fn<Resolve>(() => Promise.reject(new Error('ENOTFOUND')));
    const lookUp = sharedLookUps(failing);
    await expect(lookUp('no.test')).rejects.toThrow('ENOTFOUND');
    await expect(lookUp('no.test')).rejects.toThrow('ENOTFOUND');
    expect(failing).toHaveBeenCalledTimes(2);
  });
});
