import { z } from 'zod';
import { limited } from '../../contract/time-limit.js';
import { NotTaken, type Notifier } from '../ports.js';
import { boundedText } from './bounded-text.js';
import { retryAfterMs } from './retry-after.js';
import { slackMessage } from './slack-blocks.js';
import { faultName } from '../../domain/failure-facts.js';

/** More is no answer about one message. */
const MOST_BYTES = 256 * 1024;
const UNSAID_PAUSE_MS = 1_000;
/** No header parks a notification for longer. */
const LONGEST_PAUSE_MS = 15 * 60_000;
/** Errors of Slack's that pass; every other one is for good: the same call would meet it again. */
const PASSING: ReadonlySet<string> = new Set([
  'ratelimited',
  'rate_limited',
  'message_limit_exceeded',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
  'org_login_required',
]);

const answer = z.union([
  z.object({
    ok: z.literal(true),
    channel: z.string().regex(/^[A-Z0-9]{1,32}$/),
    ts: z.string().regex(/^\d{1,20}\.\d{1,20}$/),
  }),
  z.object({ ok: z.literal(false), error: z.string().regex(/^[a-z_]{1,64}$/) }),
]);

/**
 * Messages by Slack's Web API, one at a time: Slack takes about one a second for a channel. A pause that Slack asks for is the outbox's to
 * wait: what goes to other channels is behind it. `url` is the API's, up to and without the method's name.
 */
export function slackNotifier(settings: { readonly token: string; readonly url?: string }): Notifier {
  const closing = new AbortController();
  let before: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = before.then(work);
    before = mine.catch(() => undefined); // its own caller hears of it
    return mine;
  };
  const call = (method: string, body: object, given: AbortSignal) => {
    return limited({ signals: [given, closing.signal] }, (signal) =>
      inTurn(() => {
        if (signal.aborted) throw new NotTaken('not-sent', { unsent: true });
        return post({ ...settings, method, body, signal });
      }),
    );
  };
  return {
    channel: 'slack',
    async send(notice, signal) {
      const { channel, ts } = await call(
        'chat.postMessage',
        { channel: notice.to[0], ...slackMessage(notice) },
        signal,
      );
      return `${channel}/${ts}`;
    },
    async amend(reference, notice, signal) {
      const [channel, ts] = reference.split('/');
      await call('chat.update', { channel, ts, ...slackMessage(notice) }, signal);
    },
    close: () => {
      closing.abort();
    },
  };
}

interface Call {
  readonly token: string;
  readonly url?: string;
  readonly method: string;
  readonly body: object;
  readonly signal: AbortSignal;
}

async function post({ token, url = 'https://slack.com/api', method, body, signal }: Call) {
  let response: Response;
  let text: string | undefined;
  try {
    response = await fetch(`${url}/${method}`, {
      method: 'POST',
      redirect: 'manual', // the token goes to Slack alone
      headers: { 'content-type': 'application/json; charset=utf-8', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
      signal,
    });
    text = await boundedText(response, MOST_BYTES);
  } catch (error) {
    throw unheard(error);
  }
  if (response.status === 429) throw tooMany(response);
  if (!response.ok) throw new NotTaken(`http-${response.status}`);
  return read(text);
}

function read(text: string | undefined) {
  const parsed = answer.safeParse(text === undefined ? undefined : jsonOf(text));
  if (!parsed.success) throw new NotTaken('unreadable-answer');
  if (parsed.data.ok) return parsed.data;
  const { error } = parsed.data;
  throw new NotTaken(error, { permanent: !PASSING.has(error) });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown; // parsed by the schema
  } catch {
    return undefined;
  }
}

function tooMany({ headers }: Response): NotTaken {
  const said = retryAfterMs(headers.get('retry-after'), LONGEST_PAUSE_MS) ?? 0;
  return new NotTaken('ratelimited', { retryAfterMs: Math.max(said, UNSAID_PAUSE_MS) });
}

function unheard(error: unknown): NotTaken {
  return new NotTaken(faultName(error), { cause: error });
}
