import { isGrpcServiceError } from '@temporalio/client';

/** gRPC's status codes by number, https://grpc.io/docs/guides/status-codes. */
const CODES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

/** The name of the gRPC status that a call to Temporal failed with, itself or as the SDK wraps it; undefined = it failed with none. */
export function grpcCode(error: unknown): (typeof CODES)[number] | undefined {
  if (isGrpcServiceError(error)) return CODES[error.code];
  return error instanceof Error && error.cause !== undefined ? grpcCode(error.cause) : undefined;
}
