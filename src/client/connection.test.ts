import { ServiceError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { expect, it } from 'vitest';
import type { TaskId, TenantId } from '../domain/ids.js';
import { tell } from './connection.js';

const REF = { tenant: 'acme' as TenantId, task: 't1' as TaskId }; // valid names

/** A failure as gRPC makes it and the SDK wraps it. */
function grpcError(code: number): Error {
  const cause = Object.assign(new Error('args of t1'), { code, details: 'args of t1', metadata: {} });
  return new ServiceError('Failed to signal Workflow', { cause });
}

// Seen to fail: a run that had all its signals told as one that cannot be reached.
it.each([
  ['INVALID_ARGUMENT', grpcError(3), 'refused'],
  ['FAILED_PRECONDITION', grpcError(9), 'unreachable'],
  ['UNAVAILABLE', grpcError(14), 'unreachable'],
  ['no such run', new WorkflowNotFoundError('gone', 'acme/t1', undefined), 'gone'],
] as const)('telling a run, answered by %s', async (name, failure, told) => {
  const logged: unknown[] = [];
  const client = {
    withDeadline: (_deadline: number, call: () => Promise<unknown>) => call(),
    workflow: { getHandle: () => ({}) },
  } as unknown as Client; // as far as telling uses it
  const target = { client, taskQueue: 'q', log: (...line: unknown[]) => void logged.push(line) };
  expect(await tell(target, REF, 1_000, () => Promise.reject(failure))).toBe(told);
  expect(logged).toEqual(told === 'refused' ? [['warn', 'run-not-told', { task: 't1', code: name }]] : []);
});
