import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
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

/** Sends a request and reads its answer. Throws CountersignError: the gateway's own, or `unreachable`. */
export type Send = <Schema extends z.ZodType>(call: Call<Schema>) => Promise<z.output<Schema>>;

/** A sender for one gateway and token. */
export function createSend(options: ClientOptions): Send {
  return async (call) => {
    const request = requestOf(options, call);
    const response = await attempt(options, call, request);
    const body: unknown = await response.json().catch(() => undefined);
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

function requestOf(options: ClientOptions, call: Call<z.ZodType>): { url: URL; init: RequestInit } {
  const url = new URL(call.path, options.url.endsWith('/') ? options.url : `${options.url}/`);
  for (const [key, value] of Object.entries(call.query ?? {}))
    if (value !== undefined) url.searchParams.set(key, String(value));
  const headers: Record<string, string> = {
    authorization: `Bearer ${options.token}`,
    accept: 'application/json',
  };
  if (options.channel) headers['countersign-channel'] = options.channel;
  if (call.method === 'GET') return { url, init: { method: 'GET', headers } };
  headers['content-type'] = 'application/json';
  headers['idempotency-key'] = call.idempotencyKey ?? randomUUID();
  return { url, init: { method: 'POST', headers, body: JSON.stringify(call.body ?? {}) } };
}

async function attempt(
  options: ClientOptions,
  call: Call<z.ZodType>,
  { url, init }: { url: URL; init: RequestInit },
): Promise<Response> {
  const { timeoutMs = 30_000, retries = 2 } = options;
  const send = options.fetch ?? fetch;
  for (let tried = 0; ; tried++) {
    try {
      return await send(url, { ...init, signal: AbortSignal.timeout(timeoutMs + (call.waitMs ?? 0)) });
    } catch (error) {
      if (tried >= retries) throw unreachable(options.url, error);
      await sleep(200 * 2 ** tried);
    }
  }
}

function unreachable(url: string, error: unknown): CountersignError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
  return new CountersignError(
    'unreachable',
    `The gateway at ${url} does not answer${cause === '' ? '' : ` (${cause})`}: start it, or give another address (--url, COUNTERSIGN_URL).`,
  );
}
