/** The workflow's time, epoch milliseconds: when the current workflow task started, the same on every replay. */
export function now(): number {
  return Date.now();
}
