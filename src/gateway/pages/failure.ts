import { randomBytes } from 'node:crypto';
import type { Context } from 'hono';
import { CountersignError, ERRORS, type ErrorCode } from '../../domain/errors.js';
import { isUnavailable } from '../../store/unavailable.js';
import type { GatewayEnv } from '../auth.js';
import type { GatewayDeps } from '../deps.js';
import { logFailure } from '../log-failure.js';
import type { Typed } from './decision-form.js';
import { NOT_HERE, problemPage, sendAgain } from './problem-page.js';
import { readerOf } from './reader-cookie.js';
import { faultName } from '../../domain/failure-facts.js';

/** A problem, as a page tells it. */
export interface PageProblem {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly extra: Readonly<Record<string, unknown>>;
}

/** What was thrown, in words for people; what should not have been is logged, and told by its incident. */
export function pageProblem(deps: GatewayDeps, error: unknown): PageProblem {
  if (error instanceof CountersignError)
    return {
      code: error.code,
      detail: error.code === 'not-found' ? NOT_HERE : spelt(error),
      extra: error.extra,
    };
  if (isUnavailable(error)) {
    deps.log('alarm', 'database-unavailable', { error: faultName(error) });
    return {
      code: 'unreachable',
      detail: 'Wait a moment, then try again: what is sent twice counts once.',
      extra: {},
    };
  }
  const incident = randomBytes(8).toString('hex');
  logFailure(deps, error, incident);
  const detail = `Something failed that should not. Give your operator the incident id ${incident}.`;
  return { code: 'internal', detail, extra: {} };
}

/** A page has no `problems` to look into: they stand in its text. */
function spelt({ message, extra }: CountersignError): string {
  const problems: readonly unknown[] = Array.isArray(extra['problems']) ? extra['problems'] : [];
  const named = problems.flatMap((one) =>
    typeof one === 'object' && one !== null && 'message' in one
      ? [`${'path' in one ? `${String(one.path).replace(/^\$\.?/, '')}: ` : ''}${String(one.message)}`]
      : [],
  );
  return named.length === 0 ? message : `${message.replace(/: see `problems`\.$/, '')}: ${named.join('; ')}.`;
}

/** A failed request as a page; what was typed stays on it, to be sent again as the same decision. */
export function pageFailure(
  deps: GatewayDeps,
  error: unknown,
  c: Context<GatewayEnv>,
  typed?: Typed,
): Response | Promise<Response> {
  const problem = pageProblem(deps, error);
  const { retryable, status } = ERRORS[problem.code];
  if (retryable) c.header('retry-after', '5');
  const reader = c.get('bearer') === undefined ? null : readerOf(deps, c);
  const again =
    typed !== undefined && reader !== null
      ? sendAgain(c.req.path, typed, reader.formToken, 'Send it again')
      : undefined;
  return c.html(problemPage(reader, problem, again), status);
}
