const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Whether an address is this machine's own, which no other machine can listen on. */
export function isLoopback(url: URL): boolean {
  return LOOPBACK.has(url.hostname);
}
