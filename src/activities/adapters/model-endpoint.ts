import { CountersignError } from '../../domain/errors.js';
import { boundedText } from './bounded-text.js';
import { retryAfterMs } from './retry-after.js';

/** Where a model answers, and as whom it is asked. */
export interface ModelEndpoint {
  /** Up to and without `/chat/completions`, such as `https://api.openai.com/v1`. */
  readonly url: string;
  readonly model: string;
  /** Sent as a bearer token; null = none. */
  readonly key: string | null;
}

/** More is no answer of a model that was asked for a few calls. */
const MOST_BYTES = 1024 * 1024;
/** An endpoint that asks for more patience is asked again all the same: no header parks a task for days. */
const LONGEST_PAUSE_MS = 15 * 60_000;

/**
 * Asks for one chat completion and answers the body, parsed and otherwise unchecked: it may repeat the key. Throws `unreachable` for what a
 * later attempt may bring (with `retryAfterMs` if the endpoint said when), `config` or `invalid` for good. No error quotes key, request or
 * answer.
 */
export async function complete(
  { url, model, key }: ModelEndpoint,
  request: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<unknown> {
  const { host } = new URL(url);
  const text = await post(url, key, { model, ...request }, signal).catch((error: unknown) => {
    throw error instanceof CountersignError ? error : noAnswer(host, error);
  });
  try {
    return JSON.parse(text) as unknown; // the caller checks it
  } catch {
    throw new CountersignError('unreachable', `${host} sent half an answer, or one that is not JSON`);
  }
}

async function post(url: string, key: string | null, body: object, signal: AbortSignal): Promise<string> {
  const response = await fetch(`${url.replace(/\/+$/, '')}/chat/completions`, {
    method: 'POST',
    redirect: 'manual', // whoever answers elsewhere is not who was configured
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify(body),
    signal,
  });
  if (response.ok) return await textOf(response, new URL(url).host);
  await response.body?.cancel();
  throw refused(new URL(url).host, response);
}

async function textOf(response: Response, host: string): Promise<string> {
  const text = await boundedText(response, MOST_BYTES);
  if (text === undefined)
    throw new CountersignError('invalid', `${host} answered with more than ${MOST_BYTES} bytes`);
  return text;
}

const SETTINGS: Readonly<Record<number, string>> = {
  401: 'check the key in COUNTERSIGN_MODEL_KEY_FILE',
  403: 'check what the key in COUNTERSIGN_MODEL_KEY_FILE may do',
  404: 'check COUNTERSIGN_MODEL_URL and COUNTERSIGN_MODEL',
};

/** What a status other than success means. */
function refused(host: string, { status, headers }: Response): CountersignError {
  const said = `${host} answered ${status}`;
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    const pauseMs = retryAfterMs(headers.get('retry-after'), LONGEST_PAUSE_MS);
    return new CountersignError(
      'unreachable',
      `${said}: it is asked again`,
      pauseMs === undefined ? {} : { retryAfterMs: pauseMs },
    );
  }
  if (status < 400)
    return new CountersignError(
      'config',
      `${said}, a way to another address: set COUNTERSIGN_MODEL_URL to it`,
    );
  const todo = SETTINGS[status];
  if (todo !== undefined) return new CountersignError('config', `${said}: ${todo}`);
  return new CountersignError(
    'invalid',
    `${said}: it does not take this request; see whether the model knows tools, and how much it can read`,
  );
}

function noAnswer(host: string, error: unknown): CountersignError {
  if (error instanceof Error && error.name === 'TimeoutError')
    return new CountersignError('unreachable', `${host} did not answer in time`);
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  return new CountersignError(
    'unreachable',
    `${host} was not heard to the end${/^\w+$/.test(code) ? ` (${code})` : ''}`,
  );
}
