/** Retry-After (RFC 9110, 10.2.3) in milliseconds from now, at most `longestMs`: seconds or a date; undefined for anything else. */
export function retryAfterMs(header: string | null | undefined, longestMs: number): number | undefined {
  if (header == null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), longestMs);
}
