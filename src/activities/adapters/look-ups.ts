/** Where a host is. */
export type Addresses = readonly { readonly address: string; readonly family: number }[];

/** The addresses of a host name, as the system's resolver gives them. */
export type Resolve = (host: string) => Promise<Addresses>;

/** A name server that is there answers sooner. */
const SLOW_MS = 2_000;

/**
 * Look-ups that share: one at a time for a host, and one at a time of all hosts whose last one was slow; beside it the others fail at once, as
 * a look-up does that nobody answered. A look-up cannot be given up, it holds a thread until the system does, and a process has two or so for
 * all look-ups: a few names that nobody answers for must not take the database's.
 */
export function sharedLookUps(resolve: Resolve, slowMs = SLOW_MS): Resolve {
  const underWay = new Map<string, Promise<Addresses>>();
  const slow = new Set<string>();
  return (host) => {
    const same = underWay.get(host);
    if (same) return same;
    if (slow.has(host) && [...underWay.keys()].some((other) => slow.has(other)))
      return Promise.reject(new NotLookedUp());
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      slow.add(host);
    }, slowMs).unref();
    const looking = resolve(host).finally(() => {
      clearTimeout(timer);
      underWay.delete(host);
      if (!late) slow.delete(host);
    });
    underWay.set(host, looking);
    return looking;
  };
}

class NotLookedUp extends Error {
  readonly code = 'EAI_AGAIN';
}
