import { limited } from '../contract/time-limit.js';

/** A server that was asked did not answer, or not in a way that anything can be made of. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** How much of somebody else's server is waited for, and taken. */
const LIMITS = { ms: 5_000, bytes: 256 * 1024 } as const;

/** A request as OAuth libraries make it. */
type Asked = Pick<RequestInit, 'method' | 'headers'> & {
  readonly body?: RequestInit['body'] | undefined;
  readonly signal?: AbortSignal | undefined;
};

/**
 * `fetch` for servers that may be down, slow or lie: the whole answer within `ms` and `bytes`, and no redirect is followed. Throws NoAnswer,
 * also for a server's own failure (5xx).
 */
export function boundedFetch(limits: { readonly ms: number; readonly bytes: number } = LIMITS) {
  return async (url: string | URL, asked: Asked): Promise<Response> => {
    const { ms, bytes } = limits;
    const signals = asked.signal === undefined ? [] : [asked.signal];
    try {
      return await limited({ ms, signals }, (signal) => whole(url, { ...asked, signal }, bytes));
    } catch (error) {
      throw error instanceof NoAnswer ? error : new NoAnswer('no answer', { cause: error });
    }
  };
}

async function whole(
  url: string | URL,
  asked: Asked & { signal: AbortSignal },
  bytes: number,
): Promise<Response> {
  const response = await fetch(url, { ...asked, body: asked.body ?? null, redirect: 'manual' });
  if (response.status >= 500) throw new NoAnswer(`status ${response.status}`);
  const body = await bounded(response, bytes);
  const empty = response.status === 204 || response.status === 304;
  return new Response(empty ? null : body, { status: response.status, headers: response.headers });
}

async function bounded(response: Response, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let read = 0;
  for await (const chunk of response.body ?? []) {
    read += chunk.byteLength;
    if (read > bytes) throw new NoAnswer(`an answer of more than ${bytes} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** Whether an error comes of a server that did not answer, whatever a library made of it. */
export function isNoAnswer(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof NoAnswer) return true;
  return false;
}
