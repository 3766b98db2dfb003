import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import { ERRORS, type ErrorCode } from '../domain/errors.js';

/**
 * What made an activity fail. A failed local activity throws an ActivityFailure around its cause the first time and the bare cause on
 * replay; whoever looks at one without this takes another way on replay.
 */
export function causeOf(error: unknown): unknown {
  return error instanceof ActivityFailure ? error.cause : error;
}

/** The code of our error table that an activity failed with; `internal` when it failed with none. */
export function codeOf(error: unknown): ErrorCode {
  const cause = causeOf(error);
  const type = cause instanceof ApplicationFailure ? cause.type : undefined;
  return typeof type === 'string' && isErrorCode(type) ? type : 'internal';
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}
