import { WorkflowNotFoundError, type Client, type WorkflowHandle } from '@temporalio/client';
import { grpcCode } from './grpc-code.js';
import { workflowId, type TaskId, type TenantId } from '../domain/ids.js';

/** Where the functions of this room speak to: one namespace, one task queue. */
export interface TemporalTarget {
  readonly client: Client;
  readonly taskQueue: string;
  /** Told what nobody would hear of otherwise; no arguments. */
  readonly log?: (level: 'warn', event: string, values: Readonly<Record<string, string>>) => void;
}

/** Names one task. */
export interface TaskRef {
  readonly tenant: TenantId;
  readonly task: TaskId;
}

/** The current run of a task, whatever its run id. */
export function runOf(target: TemporalTarget, ref: TaskRef): WorkflowHandle {
  return target.client.workflow.getHandle(workflowId(ref.tenant, ref.task));
}

/** Every call to the server ends by then: without a worker or a server the SDK would retry for ever. */
export function within<T>(target: TemporalTarget, timeoutMs: number, call: () => Promise<T>): Promise<T> {
  return target.client.withDeadline(Date.now() + timeoutMs, call);
}

/**
 * What telling a run something came to: `gone` = there is no open run to tell, `refused` = this run takes no more, however often it is told:
 * it had all the signals that a run may have.
 */
export type Told = 'told' | 'gone' | 'refused' | 'unreachable';

/** Tells a run something that need not be answered. A refusal is logged, with its code alone. */
export async function tell(
  target: TemporalTarget,
  ref: TaskRef,
  timeoutMs: number,
  call: (run: WorkflowHandle) => Promise<unknown>,
): Promise<Told> {
  try {
    await within(target, timeoutMs, () => call(runOf(target, ref)));
    return 'told';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'gone';
    const code = grpcCode(error);
    // Not FAILED_PRECONDITION: a namespace that is active in another cluster answers so for every run, for a while.
    if (code !== 'INVALID_ARGUMENT') return 'unreachable';
    target.log?.('warn', 'run-not-told', { task: ref.task, code });
    return 'refused';
  }
}
