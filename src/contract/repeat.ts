import type { Tool } from './tool.js';

/** How long after a call must be over another attempt waits before it concludes that the first one is. */
export const GRACE_MS = 1_000;

/** How often a tool that honours keys is called for one effect before a person is asked what became of it. */
export const MAX_ATTEMPTS = 5;

/** Whether another attempt at the same effect harms nobody: the tool honours the key still, or only reads. */
export function mayRepeat(
  tool: Pick<Tool, 'tier' | KeyTimes>,
  call: { readonly firstCalledAt: number | null; readonly attempt: number },
  now: number,
): boolean {
  return call.attempt < MAX_ATTEMPTS && (tool.tier === 1 || honoursKey(tool, call.firstCalledAt ?? now, now));
}

/** Whether the key still holds when an attempt that is claimed now begins: it may do so until its time is over. */
export function honoursKey(
  { keyLifetimeMs, timeoutMs }: Pick<Tool, KeyTimes>,
  firstCalledAt: number,
  now: number,
): boolean {
  return keyLifetimeMs !== null && now + timeoutMs < firstCalledAt + keyLifetimeMs;
}

type KeyTimes = 'keyLifetimeMs' | 'timeoutMs';
