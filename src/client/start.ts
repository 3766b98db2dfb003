import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { workflowId } from '../domain/ids.js';
import { toolLabel } from '../domain/tool-name.js';
import { AGENT_TASK, type TaskInput } from '../workflows/messages.js';
import { AGENT, STATE, TENANT, TOOL } from './attributes.js';
import { within, type TemporalTarget } from './connection.js';
import { grpcCode } from './grpc-code.js';
import { faultName } from '../domain/failure-facts.js';

/**
 * What starting came to: `exists` = a run of this task was there before, open or closed; `refused` = the server answered and would not: a
 * search attribute that it does not know, a right that is missing. Trying again helps once somebody has put that right.
 */
export type Started =
  | { readonly kind: 'started'; readonly runId: string }
  | { readonly kind: 'exists' }
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'refused'; readonly code: string };

/** Whether Temporal has a run of the task now. */
export function isThere({ kind }: Pick<Started, 'kind'>): boolean {
  return kind === 'started' || kind === 'exists';
}

/** Codes of a server that cannot be reached, or not in time. */
const AWAY: readonly (string | undefined)[] = ['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'CANCELLED'];

/** Starts the run of a stored task, once however often it is called. A refusal is logged here, with its code alone: whoever starts does not wait. */
export async function startTask(
  target: TemporalTarget,
  input: TaskInput,
  timeoutMs = 2_000,
): Promise<Started> {
  try {
    const handle = await within(target, timeoutMs, () =>
      target.client.workflow.start(AGENT_TASK, {
        workflowId: workflowId(input.tenant, input.task),
        taskQueue: target.taskQueue,
        args: [input],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'USE_EXISTING',
        typedSearchAttributes: [
          { key: STATE, value: 'RUNNING' },
          { key: TENANT, value: input.tenant },
          { key: AGENT, value: input.agent },
          ...(input.ready ? [{ key: TOOL, value: toolLabel(input.ready.tool) }] : []),
        ],
      }),
    );
    return { kind: 'started', runId: handle.firstExecutionRunId };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return { kind: 'exists' };
    const code = grpcCode(error);
    if (AWAY.includes(code)) return { kind: 'unreachable' };
    const said = code ?? faultName(error);
    target.log?.('warn', 'task-not-started', { task: input.task, code: said });
    return { kind: 'refused', code: said };
  }
}
