import { createHmac, timingSafeEqual } from 'node:crypto';
import { CountersignError } from '../domain/errors.js';

/** A shared secret of Standard Webhooks, symmetric (`v1`): the bytes behind `whsec_`. */
export type WebhookSecret = Uint8Array;

/** How far a message's time may be from ours, either way (Standard Webhooks 1.0 leaves the figure open; its libraries take 5 minutes). */
export const TOLERANCE_MS = 5 * 60_000;

/** The specification's lower bound. */
const LEAST_BYTES = 24;
const MOST_BYTES = 64;
/** A sender in rotation sends a few; more is an attempt to make us work. */
const MOST_SIGNATURES = 8;
const ID = /^[A-Za-z0-9_-]{8,64}$/;
const TIMESTAMP = /^\d{10}$/;
const SIGNATURE = /^v1,([A-Za-z0-9+/]{43}=)$/;

/** Reads `whsec_` and the base64 of 24 to 64 bytes, with white space around it. Throws `config`; no message quotes the text. */
export function parseWebhookSecret(text: string): WebhookSecret {
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text.trim())?.[1];
  const bytes = Buffer.from(encoded ?? '', 'base64');
  if (encoded === undefined || bytes.toString('base64').replace(/=+$/, '') !== encoded.replace(/=+$/, ''))
    throw new CountersignError('config', 'it must hold one secret, whsec_ and base64');
  if (bytes.length >= LEAST_BYTES && bytes.length <= MOST_BYTES) return bytes;
  throw new CountersignError(
    'config',
    `its secret has ${bytes.length} bytes, it must have ${LEAST_BYTES} to ${MOST_BYTES}`,
  );
}

/** The three headers of a message. `timestamp` is in seconds, as it is signed. */
export interface WebhookStamp {
  readonly id: string;
  readonly timestamp: string;
}

/** `webhook-signature`: one `v1` for each secret, so that a receiver in rotation finds its own. */
export function signWebhook(
  secrets: readonly WebhookSecret[],
  stamp: WebhookStamp,
  body: Uint8Array,
): string {
  return secrets.map((secret) => `v1,${macOf(secret, stamp, body).toString('base64')}`).join(' ');
}

/** The headers of a message that may be one, before anything of it is read; undefined for any other. */
export function stampOf(
  headers: Headers,
): (WebhookStamp & { readonly signatures: readonly Uint8Array[] }) | undefined {
  const id = headers.get('webhook-id') ?? '';
  const timestamp = headers.get('webhook-timestamp') ?? '';
  const given = (headers.get('webhook-signature') ?? '').split(' ', MOST_SIGNATURES + 1);
  if (!ID.test(id) || !TIMESTAMP.test(timestamp) || given.length > MOST_SIGNATURES) return undefined;
  const signatures = given.flatMap((text) => {
    const mac = SIGNATURE.exec(text)?.[1];
    return mac === undefined ? [] : [Buffer.from(mac, 'base64')];
  });
  return signatures.length === 0 ? undefined : { id, timestamp, signatures };
}

/**
 * Which of the secrets made one of the signatures; -1 = none. Over the bytes as they came, and at the same cost whether and wherever one
 * fits: every secret is tried with every signature.
 */
export function signedBy(
  secrets: readonly WebhookSecret[],
  message: WebhookStamp & { readonly signatures: readonly Uint8Array[] },
  body: Uint8Array,
): number {
  let found = -1;
  for (const [index, secret] of secrets.entries()) {
    const expected = macOf(secret, message, body);
    const fits = message.signatures.map((given) => timingSafeEqual(given, expected)).includes(true);
    found = fits && found < 0 ? index : found;
  }
  return found;
}

/** Whether a message of that time is one of now: the edge itself still is. */
export function isFresh({ timestamp }: WebhookStamp, now: number): boolean {
  return Math.abs(now - Number(timestamp) * 1_000) <= TOLERANCE_MS;
}

function macOf(secret: WebhookSecret, { id, timestamp }: WebhookStamp, body: Uint8Array): Buffer {
  return createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest();
}
