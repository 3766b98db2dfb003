import type { Tool } from './tool.js';

/** How long after a call must be over another attempt waits before it concludes that the first one is. */
export const GRACE_MS = 1_000;

/** How often a tool that honours keys is called for one effect before a person is asked what became of it. */
export const MAX_ATTEMPTS = 5;

/** Whether another attempt at the same effect harms nobody: the tool honours the key still, or only reads. */
export function mayRepeat(
  tool: Pick<Tool, 'tier' | 'keyLifetimeMs'>,
  call: { readonly firstCalledAt: number | null; readonly attempt: number },
  now: number,
): boolean {
  if (call.attempt >= MAX_ATTEMPTS) return false;
  return (
    tool.tier === 1 || (tool.keyLifetimeMs !== null && now < (call.firstCalledAt ?? now) + tool.keyLifetimeMs)
  );
}
