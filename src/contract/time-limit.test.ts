import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { limited, orOver } from './time-limit.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void; // V8's own, there since the flag is set

const untilOver = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

describe('a limit', () => {
  /** Seen to fail: `AbortSignal.any` over `AbortSignal.timeout`, which on Node 20 is collected together with its time-out. */
  it('ends work that waits for nothing else, whatever garbage is collected meanwhile', async () => {
    const work = limited({ ms: 100, signals: [new AbortController().signal] }, untilOver);
    const collecting = setInterval(collectGarbage, 10);
    const ended = await Promise.race([
      work.catch((error: unknown) => (error instanceof Error ? error.name : '')),
      new Promise((resolve) => setTimeout(resolve, 10_000, 'still waits')),
    ]);
    clearInterval(collecting);
    expect(ended).toBe('TimeoutError');
  });

  it('is over with any of its signals, for their reason, and leaves no listener behind', async () => {
    const [one, other] = [new AbortController(), new AbortController()];
    const work = limited({ signals: [one.signal, other.signal] }, untilOver);
    other.abort(new Error('the other'));
    await expect(work).rejects.toThrow('the other');
    expect(getEventListeners(one.signal, 'abort')).toEqual([]);
    expect(getEventListeners(other.signal, 'abort')).toEqual([]);
  });

  it('that is over already is over for the work at once', async () => {
    const before = AbortSignal.abort(new Error('before'));
    await expect(limited({ signals: [before] }, async ({ reason }) => reason)).resolves.toEqual(
      new Error('before'),
    );
  });

  it('says when its time was over', async () => {
    await expect(limited({ ms: 1 }, untilOver)).rejects.toMatchObject({
      name: 'TimeoutError',
      message: 'took longer than 1 ms',
    });
  });
});

describe('work that does not listen', () => {
  it('is not waited for once its limit is over', async () => {
    const limit = new AbortController();
    const work = orOver(() => new Promise(() => undefined), limit.signal);
    limit.abort(new Error('over'));
    await expect(work).rejects.toThrow('over');
  });

  it('is not begun after that', async () => {
    let begun = false;
    const begin = async () => {
      begun = true;
    };
    await expect(orOver(begin, AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
    expect(begun).toBe(false);
  });

  it('keeps its own answer, and no listener', async () => {
    const { signal } = new AbortController();
    await expect(orOver(async () => 1, signal)).resolves.toBe(1);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
