import { CountersignError, ERRORS, type ErrorCode, type Refusal } from '../domain/errors.js';

/** An error as RFC 9457 problem details, with the status of the one table. `detail` says what happened and what to do. */
export function problem(
  code: ErrorCode,
  detail: string,
  extra: Readonly<Record<string, unknown>> = {},
): Response {
  const { status, retryable } = ERRORS[code];
  const title = code.charAt(0).toUpperCase() + code.slice(1).replaceAll('-', ' ');
  const headers = new Headers({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
  if (code === 'unauthenticated') headers.set('www-authenticate', 'Bearer');
  if (retryable) headers.set('retry-after', '1');
  const body = { ...extra, type: `urn:countersign:error:${code}`, title, status, detail, code };
  return new Response(JSON.stringify(body), { status, headers });
}

/** A thrown refusal as its response. */
export function problemOf(error: CountersignError): Response {
  return problem(error.code, error.message, error.extra);
}

/** An expected refusal at the point where it must end the request. */
export function refuse(refusal: Refusal, extra: Readonly<Record<string, unknown>> = {}): never {
  throw new CountersignError(refusal.refused, refusal.detail, extra);
}

/** One answer for what does not exist, is another tenant's, or is none of the asker's business. */
export function notFound(): never {
  throw new CountersignError(
    'not-found',
    'There is nothing here that this token may see. Check the id and the token.',
  );
}
