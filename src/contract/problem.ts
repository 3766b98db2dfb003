import { z } from 'zod';
import { CountersignError, ERRORS, type ErrorCode } from '../domain/errors.js';

export { CountersignError } from '../domain/errors.js';

const codes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]; // Object.keys forgets the literal keys; the table is not empty

/** `application/problem+json`, RFC 9457, with our `code`; further members by code (`winner`, `retryAfterMs`, `problems` ...). */
export const problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string(),
  code: z.enum(codes),
});

/** The error that an answer's problem details tell of; by its status alone when the body is somebody else's (a proxy's, say). */
export function errorOf(status: number, body: unknown): CountersignError {
  const parsed = problem.safeParse(body);
  if (!parsed.success)
    return new CountersignError(
      codeOf(status),
      `The answer was ${status} without a reason: what answers there may be no gateway. Check the address, or try again later.`,
    );
  const { code, detail, type: _type, title: _title, status: _status, ...extra } = parsed.data;
  return new CountersignError(code, detail, extra);
}

function codeOf(status: number): ErrorCode {
  if (status === 429 || status === 502 || status === 503 || status === 504) return 'unreachable';
  const codes = Object.keys(ERRORS) as ErrorCode[]; // Object.keys forgets the literal keys
  return codes.find((code) => ERRORS[code].status === status && status >= 400) ?? 'internal';
}
