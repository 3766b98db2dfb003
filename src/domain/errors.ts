/** How one error code shows at each edge. */
interface ErrorRow {
  /** Whether trying the same again later can help. */
  readonly retryable: boolean;
  /** RFC 9110 status. */
  readonly status: number;
  /** Exit code of the CLI. */
  readonly exit: number;
}

/**
 * The one error table. Exit codes: 0 done, 1 internal, 2 usage, 3 not found, 4 not allowed, 5 unreachable, 6 refused by state or policy,
 * 7 recorded but not yet applied.
 */
export const ERRORS = {
  internal: { retryable: false, status: 500, exit: 1 },
  usage: { retryable: false, status: 400, exit: 2 },
  invalid: { retryable: false, status: 422, exit: 2 },
  'too-large': { retryable: false, status: 413, exit: 2 },
  'unsupported-media': { retryable: false, status: 415, exit: 2 },
  config: { retryable: false, status: 500, exit: 2 },
  unauthenticated: { retryable: false, status: 401, exit: 4 },
  forbidden: { retryable: false, status: 403, exit: 4 },
  'step-up-required': { retryable: false, status: 403, exit: 4 },
  'not-found': { retryable: false, status: 404, exit: 3 },
  'method-not-allowed': { retryable: false, status: 405, exit: 2 },
  unreachable: { retryable: true, status: 503, exit: 5 },
  'not-stored': { retryable: true, status: 503, exit: 5 },
  conflict: { retryable: false, status: 409, exit: 6 },
  'already-decided': { retryable: false, status: 409, exit: 6 },
  stale: { retryable: false, status: 409, exit: 6 },
  'too-late': { retryable: false, status: 409, exit: 6 },
  halted: { retryable: false, status: 409, exit: 6 },
  'not-open': { retryable: false, status: 409, exit: 6 },
  'already-claimed': { retryable: false, status: 409, exit: 6 },
  'policy-refused': { retryable: false, status: 409, exit: 6 },
  'idempotency-conflict': { retryable: false, status: 409, exit: 6 },
  /** Another attempt at the same effect may still be running. */
  'in-flight': { retryable: true, status: 409, exit: 6 },
  pending: { retryable: true, status: 202, exit: 7 },
} as const satisfies Record<string, ErrorRow>;

/** A code of the error table. */
export type ErrorCode = keyof typeof ERRORS;

/** An expected refusal, as a value. */
export interface Refusal {
  readonly refused: ErrorCode;
  /** What happened and what to do, for people. */
  readonly detail: string;
  /** With `already-decided`: what came first, as far as the run knows. It is verified only when the call is claimed. */
  readonly winner?: { readonly decision: string; readonly verb: string };
}

/** Thrown at the edges only, where a refusal must end a request or an activity. */
export class CountersignError extends Error {
  override readonly name = 'CountersignError';
  readonly code: ErrorCode;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, detail: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(detail);
    this.code = code;
    this.extra = extra;
  }
}
