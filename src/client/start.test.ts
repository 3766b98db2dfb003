import { ServiceError, WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import type { TaskId, TenantId } from '../domain/ids.js';
import { startTask } from './start.js';

const INPUT = { tenant: 'acme' as TenantId, task: 't1' as TaskId, agent: 'bot', ready: { tool: 'pay' } }; // valid names

/** A client that starts as told; it notes what it was asked to start, and what was logged. */
function aTarget(start: () => Promise<unknown> = async () => ({ firstExecutionRunId: 'run-1' })) {
  const asked: { typedSearchAttributes: { key: { name: string }; value: unknown }[] }[] = [];
  const logged: unknown[] = [];
  const client = {
    withDeadline: (_deadline: number, call: () => Promise<unknown>) => call(),
    workflow: {
      start: (_type: string, options: (typeof asked)[number]) => {
        asked.push(options);
        return start();
      },
    },
  };
  const log = (...line: unknown[]) => void logged.push(line);
  return { target: { client: client as unknown as Client, taskQueue: 'q', log }, asked, logged }; // as far as starting uses it
}

/** A failure as gRPC makes it and the SDK wraps it. */
function grpcError(code: number, details: string): Error {
  const cause = Object.assign(new Error(`${code}: ${details}`), { code, details, metadata: {} });
  return new ServiceError('Failed to start Workflow', { cause });
}
const fails = (error: Error) => () => Promise.reject(error);

describe('starting a task', () => {
  // Seen to fail: the tool put into the attribute as it was submitted.
  it.each([
    ['pay', 'pay'],
    ['Ada Lovelace, 12 Main Street', 'unlisted-tool'],
    ['pay\0', 'unlisted-tool'],
  ])('shows the tool %j as %s where Temporal is searched', async (tool, shown) => {
    const { target, asked } = aTarget();
    expect(await startTask(target, { ...INPUT, ready: { tool } })).toEqual({
      kind: 'started',
      runId: 'run-1',
    });
    const attributes = asked[0]?.typedSearchAttributes.map(({ key, value }) => [key.name, value]);
    expect(attributes).toContainEqual(['CountersignTool', shown]);
  });

  // Seen to fail: every failure told as `unreachable`; the error's message logged.
  it('tells a refusal of the server from a server that is away, and logs its code alone', async () => {
    const details = 'Namespace default has no mapping defined for search attribute CountersignTool';
    const refused = aTarget(fails(grpcError(3, details)));
    expect(await startTask(refused.target, INPUT)).toEqual({ kind: 'refused', code: 'INVALID_ARGUMENT' });
    expect(refused.logged).toEqual([['warn', 'task-not-started', { task: 't1', code: 'INVALID_ARGUMENT' }]]);
    const strange = aTarget(fails(new TypeError('args of t1')));
    expect(await startTask(strange.target, INPUT)).toEqual({ kind: 'refused', code: 'TypeError' });
    expect(JSON.stringify(strange.logged)).not.toContain('args');
  });

  it.each([
    ['UNAVAILABLE', 14],
    ['DEADLINE_EXCEEDED', 4],
    ['CANCELLED', 1],
  ])('is silent while the server is away (%s): the dispatcher tries again', async (_name, code) => {
    const { target, logged } = aTarget(fails(grpcError(code, '')));
    expect(await startTask(target, INPUT)).toEqual({ kind: 'unreachable' });
    expect(logged).toEqual([]);
  });

  it('that was started before is no failure', async () => {
    const before = new WorkflowExecutionAlreadyStartedError('there', 'acme/t1', 'countersignTask');
    const { target, logged } = aTarget(fails(before));
    expect(await startTask(target, INPUT)).toEqual({ kind: 'exists' });
    expect(logged).toEqual([]);
  });
});
