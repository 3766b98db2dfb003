import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again and again until there is an answer. Throws, naming what was waited for, when the time is over. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined>,
  { timeoutMs = 30_000, everyMs = 100 }: { readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`waited ${timeoutMs / 1000} s in vain for ${what}`);
    await sleep(everyMs);
  }
}
