/** What ends a piece of work before it ends itself. */
export interface Limit {
  readonly ms?: number;
  readonly signals?: readonly AbortSignal[];
}

/**
 * Runs `work` with a signal that is aborted after `ms`, or as soon as one of `signals` is. Not `AbortSignal.any`: a garbage collection may
 * take the time-out in it away, and then nothing ever ends the work (nodejs/node#57736).
 */
export async function limited<T>(
  { ms, signals = [] }: Limit,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const timer =
    ms === undefined
      ? undefined
      : setTimeout(() => {
          controller.abort(new DOMException(`took longer than ${ms} ms`, 'TimeoutError'));
        }, ms).unref();
  const pass = () => {
    controller.abort(signals.find(({ aborted }) => aborted)?.reason);
  };
  for (const signal of signals) signal.addEventListener('abort', pass, { once: true });
  if (signals.some(({ aborted }) => aborted)) pass();
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    for (const signal of signals) signal.removeEventListener('abort', pass);
  }
}

/** Rejects when the limit is over, whether the work listens or not. Nothing is begun once it is: nobody would hear of its failure. */
export async function orOver<T>(begin: () => Promise<T>, limit: AbortSignal): Promise<T> {
  limit.throwIfAborted();
  let over = () => {};
  const ended = new Promise<never>((_, reject) => {
    over = () => {
      reject(limit.reason as Error); // what `limited` aborts with
    };
    limit.addEventListener('abort', over, { once: true });
  });
  try {
    return await Promise.race([begin(), ended]);
  } finally {
    limit.removeEventListener('abort', over);
  }
}
