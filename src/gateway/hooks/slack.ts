import { createHmac, timingSafeEqual } from 'node:crypto';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';

/** How old a request may be, in seconds, in either direction (Slack's own advice). */
const TOLERANCE_S = 300;
/** An interaction quotes its whole message; more is none. */
const MOST_BYTES = 256 * 1024;

/** A request of Slack's as far as its signature covers it. */
export interface SlackRequest {
  readonly timestamp: string;
  readonly signature: string;
  readonly body: Uint8Array;
}

/**
 * Whether Slack signed this request, and did so just now: HMAC-SHA256 over `v0:timestamp:body`, compared in constant time
 * (https://docs.slack.dev/authentication/verifying-requests-from-slack). `nowMs` is this process's clock: nothing is decided by it.
 */
export function isFromSlack(secret: string, request: SlackRequest, nowMs: number): boolean {
  const { timestamp, signature, body } = request;
  if (!/^\d{10}$/.test(timestamp) || !/^v0=[0-9a-f]{64}$/.test(signature)) return false;
  if (Math.abs(nowMs / 1_000 - Number(timestamp)) > TOLERANCE_S) return false;
  const mac = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest();
  return timingSafeEqual(mac, Buffer.from(signature.slice(3), 'hex'));
}

/**
 * Takes note of a button that was pressed in Slack, and does nothing: it opened the review in a browser, and nothing is decided in chat.
 * Touches neither database nor Temporal, so that Slack has its answer in time. What is not a signed interaction gets one uniform 401.
 */
export function slackRoutes({
  secret,
  clock = Date.now,
}: {
  readonly secret: string;
  readonly clock?: () => number;
}): Hono {
  const app = new Hono();
  const refused = () => new Response(null, { status: 401 });
  app.post('/hooks/slack', bodyLimit({ maxSize: MOST_BYTES, onError: refused }), async (c) => {
    const body = new Uint8Array(await c.req.arrayBuffer());
    const request = {
      timestamp: c.req.header('x-slack-request-timestamp') ?? '',
      signature: c.req.header('x-slack-signature') ?? '',
      body,
    };
    const known = isFromSlack(secret, request, clock()) && isForm(c.req.raw) && isInteraction(body);
    return known ? new Response(null, { status: 200 }) : refused();
  });
  return app;
}

function isForm({ headers }: Request): boolean {
  const type = headers.get('content-type') ?? '';
  return /^application\/x-www-form-urlencoded\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type);
}

/** Whether it tells of a pressed button. */
function isInteraction(body: Uint8Array): boolean {
  const payload = new URLSearchParams(new TextDecoder().decode(body)).get('payload');
  try {
    const told: unknown = JSON.parse(payload ?? '');
    return typeof told === 'object' && told !== null && 'type' in told && told.type === 'block_actions';
  } catch {
    return false;
  }
}
