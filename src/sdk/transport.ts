import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { wellFormed } from '../contract/brief-arguments.js';
import { CountersignError, errorOf } from '../contract/problem.js';

/** How to reach a gateway. */
export interface ClientOptions {
  /** Such as `http://127.0.0.1:8484`. */
  readonly url: string;
  readonly token: string;
  /** How long to wait for an answer; default 30 s. A long poll gets its own wait on top. */
  readonly timeoutMs?: number;
  /** How often a request that got no answer is sent again; default 2. Every POST carries an Idempotency-Key, so a repeat is harmless. */
  readonly retries?: number;
  readonly fetch?: typeof fetch;
  /** What the journal says a decision came by; default `api`. */
  readonly channel?: 'cli';
}

/** One request. */
export interface Call<Schema extends z.ZodType> {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly idempotencyKey?: string | undefined;
  readonly waitMs?: number;
  readonly answer: Schema;
}

/** Sends a request and reads its answer. Throws CountersignError: the gateway's own, `unreachable`, or `usage` for a request that cannot be sent. */
export type Send = <Schema extends z.ZodType>(call: Call<Schema>) => Promise<z.output<Schema>>;

/** A sender for one gateway and token. */
export function createSend(options: ClientOptions): Send {
  return async (call) => {
    const request = requestOf(options, call);
    const { response, text } = await attempt(options, call, request);
    refuseRedirect(options.url, response);
    const body = parsedJson(text);
    if (!response.ok) throw errorOf(response.status, body);
    if (body === undefined)
      throw new CountersignError(
        'unreachable',
        `What answers at ${options.url} is no gateway: correct the address (--url, COUNTERSIGN_URL).`,
      );
    const parsed = call.answer.safeParse(body);
    if (!parsed.success)
      throw new CountersignError(
        'internal',
        `The gateway's answer to ${call.path} is not of this version: ${parsed.error.issues[0]?.message ?? ''}`,
      );
    return parsed.data;
  };
}

/** A text as one part of a path or as a key: whatever it is, the gateway is asked, and says what is wrong with it. */
export function part(text: string): string {
  return encodeURIComponent(wellFormed(text));
}

/** Where a list goes on. Throws `internal` when that is where it was just asked from: such a list has no end. */
export function onward<Place>(from: Place, next: Place): Place {
  if (next !== undefined && next !== null && next === from)
    throw new CountersignError('internal', 'The gateway gives the same page of a list again and again.');
  return next;
}

function requestOf(options: ClientOptions, call: Call<z.ZodType>): { url: URL; init: RequestInit } {
  const url = urlOf(options, call);
  // What fetch says of a header that it refuses quotes it.
  if (!/^[\x20-\x7e]*$/.test(options.token.trim()))
    throw unsendable('`token` holds characters that no token has: give the text that was told once');
  const headers: Record<string, string> = {
    authorization: `Bearer ${options.token}`,
    accept: 'application/json',
  };
  if (options.channel) headers['countersign-channel'] = options.channel;
  if (call.method === 'GET') return { url, init: { method: 'GET', headers } };
  const { idempotencyKey = randomUUID() } = call;
  if (!/^[\x21-\x7e]{1,255}$/.test(idempotencyKey))
    throw unsendable('`idempotencyKey` must be 1 to 255 visible ASCII characters');
  headers['content-type'] = 'application/json';
  headers['idempotency-key'] = idempotencyKey;
  return { url, init: { method: 'POST', headers, body: bodyOf(call) } };
}

function urlOf(options: ClientOptions, call: Call<z.ZodType>): URL {
  const base = URL.canParse(options.url) ? new URL(options.url) : undefined;
  if (base === undefined || !/^https?:$/.test(base.protocol) || base.username !== '' || base.password !== '')
    throw unsendable(
      '`url` must be the address of a gateway without user and password, such as http://127.0.0.1:8484',
    );
  const url = new URL(call.path, options.url.endsWith('/') ? options.url : `${options.url}/`);
  for (const [key, value] of Object.entries(call.query ?? {}))
    if (value !== undefined) url.searchParams.set(key, String(value));
  return url;
}

function bodyOf({ body = {} }: Call<z.ZodType>): string {
  try {
    return JSON.stringify(body);
  } catch (error) {
    throw unsendable(
      `what is sent must be plain JSON: ${error instanceof Error ? error.message : 'it threw'}`,
    );
  }
}

function unsendable(why: string): CountersignError {
  return new CountersignError('usage', `The request was not sent: ${why}.`);
}

/** A whole answer: one whose text breaks off is none, and is asked for again. */
async function attempt(
  options: ClientOptions,
  call: Call<z.ZodType>,
  { url, init }: { url: URL; init: RequestInit },
): Promise<{ response: Response; text: string }> {
  const { timeoutMs = 30_000, retries = 2 } = options;
  const send = options.fetch ?? fetch;
  for (let tried = 0; ; tried++) {
    try {
      const signal = AbortSignal.timeout(timeoutMs + (call.waitMs ?? 0));
      // The token is for this address: it must not follow to another one.
      const response = await send(url, { ...init, redirect: 'manual', signal });
      return { response, text: await response.text() };
    } catch (error) {
      if (tried >= retries) throw unreachable(options.url, error);
      await sleep(200 * 2 ** tried);
    }
  }
}

function refuseRedirect(url: string, response: Response): void {
  if (response.type !== 'opaqueredirect' && (response.status < 300 || response.status > 399)) return;
  const target = response.headers.get('location')?.slice(0, 200);
  throw new CountersignError(
    'unreachable',
    `What answers at ${url} sends elsewhere${target === undefined ? '' : `, to ${target}`}, where no token follows: if that is your gateway, give its address (--url, COUNTERSIGN_URL).`,
  );
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreachable(url: string, error: unknown): CountersignError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
  return new CountersignError(
    'unreachable',
    `The gateway at ${url} does not answer${cause === '' ? '' : ` (${cause})`}: start it, or give another address (--url, COUNTERSIGN_URL).`,
  );
}
