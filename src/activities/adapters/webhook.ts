import { lookup as systemLookup } from 'node:dns/promises';
import {
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { hookEvent } from '../../contract/hook-event.js';
import { rangesOf, type HookTarget } from '../../contract/hooks-file.js';
import { signWebhook } from '../../contract/standard-webhook.js';
import { limited, orOver } from '../../contract/time-limit.js';
import { EVERY_TENANT } from '../../store/halts.js';
import type { HookAnswer, HookSender } from '../ports.js';
import { sharedLookUps, type Addresses, type Resolve } from './look-ups.js';
import { mayReach } from './public-address.js';
import { retryAfterMs } from './retry-after.js';

/** From the look-up to the end of the answer. */
export const LONGEST_POST_MS = 10_000;
/** Of an answer; nothing of it is used. */
const MOST_ANSWER_BYTES = 64 * 1024;
/** A target that asks for more patience is asked again all the same. */
const LONGEST_PAUSE_MS = 24 * 3_600_000;

const systemResolve: Resolve = (host) => systemLookup(host, { all: true, verbatim: true });

/** What a test may replace. */
export interface WebhookOptions {
  readonly resolve?: Resolve;
  readonly longestMs?: number;
}

/**
 * Posts to targets as Standard Webhooks 1.0: CloudEvents in structured mode, signed with every secret of the target. Each connection goes to
 * an address that was checked right before, over no proxy and no pool; a redirect is an answer like any other, and is not followed.
 */
export function webhookSender(targets: readonly HookTarget[], options: WebhookOptions = {}): HookSender {
  const { resolve = systemResolve, longestMs: ms = LONGEST_POST_MS } = options;
  const byId = new Map(targets.map((target) => [target.id, target]));
  const lookUp = sharedLookUps(resolve);
  return {
    targets: [...byId.keys()],
    async send(target, entry, now, signal) {
      const to = byId.get(target);
      // What was to be told while the target was another tenant's is not for whoever has its name now.
      if (!to || (entry.tenant !== to.tenant && entry.tenant !== EVERY_TENANT))
        return { kind: 'failed', code: 'unknown-target' };
      let event;
      try {
        event = hookEvent(entry);
      } catch {
        return { kind: 'unsendable' };
      }
      const body = Buffer.from(event.body, 'utf8');
      const stamp = { id: event.id, timestamp: String(Math.floor(now / 1_000)) };
      const headers = {
        'content-type': 'application/cloudevents+json; charset=utf-8',
        'content-length': body.length,
        'user-agent': 'countersign',
        'webhook-id': stamp.id,
        'webhook-timestamp': stamp.timestamp,
        'webhook-signature': signWebhook(to.secrets, stamp, body),
      };
      return limited({ ms, signals: [signal] }, (limit) => post(to, { headers, body, limit }, lookUp)).catch(
        (error: unknown) => ({ kind: 'failed' as const, code: codeOf(error) }),
      );
    },
  };
}

interface Post {
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: Uint8Array;
  /** The time limit, or the end of this worker. */
  readonly limit: AbortSignal;
}

/** Settles once the answer's end, its bound or the limit is reached, whichever is first; then nothing of it is open any more. */
async function post(
  target: HookTarget,
  { headers, body, limit }: Post,
  lookUp: Resolve,
): Promise<HookAnswer> {
  const url = new URL(target.url);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const addresses = await checkedAddresses(host, target, lookUp, limit);
  const wanted: RequestOptions = {
    method: 'POST',
    host,
    port: url.port,
    path: `${url.pathname}${url.search}`,
    headers,
    agent: false,
    maxHeaderSize: 16 * 1024,
    signal: limit,
    lookup: only(addresses),
  };
  return new Promise((settle, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(wanted);
    let answered = false;
    // Once it has answered, being cut short is no failure.
    request.on('error', (error) => answered || reject(error));
    // One that changes the protocol ends with neither answer nor error.
    request.on('close', () => answered || reject(new NoAnswer()));
    request.on('response', (response) => {
      answered = true;
      drain(request, response, settle);
    });
    request.end(body);
  });
}

/** Where the host is, at this moment; what is connected to is one of these and nothing else. One that may not be reached spoils the rest. */
async function checkedAddresses(
  host: string,
  { allow_private: allowed }: HookTarget,
  lookUp: Resolve,
  limit: AbortSignal,
): Promise<Addresses> {
  const literal = isIP(host);
  const found =
    literal === 0 ? await orOver(() => lookUp(host), limit) : [{ address: host, family: literal }];
  const reachable = rangesOf(allowed);
  if (found.length === 0 || !found.every(({ address }) => mayReach(address, reachable)))
    throw new BlockedAddress();
  return found;
}

/** A look-up that answers what was looked up before, and does not look again. */
function only(addresses: Addresses): LookupFunction {
  return (_host, { all }, callback) => {
    const [first] = addresses;
    if (all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}

/** The status is the answer; what follows is read as far as is polite and thrown away. */
function drain(
  request: ClientRequest,
  response: IncomingMessage,
  settle: (answer: HookAnswer) => void,
): void {
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MOST_ANSWER_BYTES) request.destroy();
  });
  response.on('error', () => undefined); // as above
  response.on('close', () => settle(answerOf(response)));
}

function answerOf({ statusCode = 0, headers }: IncomingMessage): HookAnswer {
  if (statusCode >= 200 && statusCode < 300) return { kind: 'delivered' };
  if (statusCode === 410) return { kind: 'gone' };
  const patience = statusCode === 429 || statusCode === 503;
  const pauseMs = patience ? retryAfterMs(headers['retry-after'], LONGEST_PAUSE_MS) : undefined;
  return { kind: 'failed', code: `status-${statusCode}`, ...(pauseMs === undefined ? {} : { pauseMs }) };
}

class BlockedAddress extends Error {
  readonly code = 'blocked-address';
}

class NoAnswer extends Error {
  readonly code = 'no-answer';
}

/** A code for the record: no message, which may name what is inside. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const cause = error.name === 'AbortError' && error.cause instanceof Error ? error.cause : error;
  if (cause.name === 'TimeoutError') return 'timeout';
  if (cause.name === 'AbortError') return 'stopped';
  return 'code' in cause && /^[\w-]{1,60}$/.test(String(cause.code)) ? String(cause.code) : 'unknown';
}
