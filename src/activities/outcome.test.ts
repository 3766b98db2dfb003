import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { EXECUTE_MS, LONGEST_CALL_MS, PERSIST_MS } from '../domain/call-times.js';
import type { ExecuteInput } from './api.js';
import type { Claimed } from './claim.js';
import { recordEnd } from './outcome.js';
import type { ActivityDeps } from './ports.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A store that does not even refuse: every transaction hangs until its own time-out. */
const HANGS_MS = 30_000;
const deps = {
  database: {
    transaction: () => new Promise((_, reject) => setTimeout(() => reject(new Error('timed out')), HANGS_MS)),
  },
  log: () => undefined,
} as unknown as ActivityDeps; // all that recording looks at

// Seen to fail: tries counted instead of the time, which took eight hours here.
it('gives up recording while the activity still counts', async () => {
  const input = {} as ExecuteInput; // nothing reads it while no transaction opens
  const claim = {} as Claimed; // see above
  const since = performance.now();
  const recorded = recordEnd(deps, input, claim, { status: 'unknown' }).catch((error: unknown) => error);
  const ended = recorded.then(() => performance.now() - since);
  await vi.advanceTimersByTimeAsync(EXECUTE_MS - LONGEST_CALL_MS);
  vi.useRealTimers();
  expect(await Promise.race([recorded, Promise.resolve('still trying')])).toMatchObject({
    message: 'timed out',
  });
  expect(await ended).toBeGreaterThanOrEqual(PERSIST_MS);
});
