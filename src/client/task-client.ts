import { WorkflowNotFoundError } from '@temporalio/client';
import type { DecisionMessage } from '../domain/decision.js';
import { parseWorkflowId } from '../domain/ids.js';
import {
  AGENT_TASK,
  haltSignal,
  viewQuery,
  type HaltMessage,
  type TaskInput,
  type TaskView,
} from '../workflows/messages.js';
import { runOf, tell, within, type TaskRef, type TemporalTarget, type Told } from './connection.js';
import { decideTask, sendDecision, type Delivery } from './decide.js';
import { startTask, type Started } from './start.js';

/** What Temporal knows of a task's run: `ended` tells how, in Temporal's own word. */
export type RunStatus =
  | { readonly kind: 'open'; readonly runId: string }
  | { readonly kind: 'ended'; readonly runId: string; readonly as: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreachable' };

/** All that the gateway and the dispatcher say to Temporal. Nothing here throws: what cannot be reached is an answer too. */
export interface TaskClient {
  start(input: TaskInput): Promise<Started>;
  decide(ref: TaskRef, message: DecisionMessage): Promise<Delivery>;
  /** The decision as a signal only; for the dispatcher, which waits for nobody. */
  send(ref: TaskRef, message: DecisionMessage): Promise<Delivery>;
  /** Nudges a run to read the halts in the store. */
  nudge(ref: TaskRef, message: HaltMessage): Promise<Told>;
  cancel(ref: TaskRef): Promise<Told>;
  /** The live view; undefined when no worker answers within a second. */
  view(ref: TaskRef): Promise<TaskView | undefined>;
  describe(ref: TaskRef): Promise<RunStatus>;
  /** The tasks that had a run end by force since epoch milliseconds `since`; another run of theirs may be open. */
  endedByForce(since: number): Promise<readonly TaskRef[]>;
  /** Whether the server answers at all; for readiness. */
  reachable(): Promise<boolean>;
}

/** The client of one namespace and task queue, over a connected SDK client. */
export function createTaskClient(target: TemporalTarget, timeoutMs = 2_000): TaskClient {
  return {
    start: (input) => startTask(target, input, timeoutMs),
    decide: (ref, message) => decideTask(target, ref, message, timeoutMs),
    send: (ref, message) => sendDecision(target, ref, message, timeoutMs),
    nudge: (ref, message) => tell(target, ref, timeoutMs, (run) => run.signal(haltSignal, message)),
    cancel: (ref) => tell(target, ref, timeoutMs, (run) => run.cancel()),
    view: (ref) => viewTask(target, ref),
    describe: (ref) => describeTask(target, ref, timeoutMs),
    endedByForce: (since) => endedByForce(target, since, timeoutMs),
    reachable: () => reachable(target),
  };
}

async function viewTask(target: TemporalTarget, ref: TaskRef): Promise<TaskView | undefined> {
  try {
    return await within(target, 1_000, () => runOf(target, ref).query(viewQuery));
  } catch {
    return undefined;
  }
}

async function describeTask(target: TemporalTarget, ref: TaskRef, timeoutMs: number): Promise<RunStatus> {
  try {
    const { status, runId } = await within(target, timeoutMs, () => runOf(target, ref).describe());
    const open = status.name === 'RUNNING' || status.name === 'PAUSED';
    return open ? { kind: 'open', runId } : { kind: 'ended', runId, as: status.name };
  } catch (error) {
    return { kind: error instanceof WorkflowNotFoundError ? 'missing' : 'unreachable' };
  }
}

async function endedByForce(
  target: TemporalTarget,
  since: number,
  timeoutMs: number,
): Promise<readonly TaskRef[]> {
  const query = `WorkflowType = '${AGENT_TASK}' and ExecutionStatus in ('Terminated', 'TimedOut', 'Failed') and CloseTime >= '${new Date(since).toISOString()}'`;
  const found = new Map<string, TaskRef>();
  try {
    await within(target, timeoutMs, async () => {
      for await (const { workflowId } of target.client.workflow.list({ query })) {
        const ref = parseWorkflowId(workflowId);
        if (ref) found.set(workflowId, ref);
      }
    });
  } catch {
    // What was found so far is of use; the rest is found the next time.
  }
  return [...found.values()];
}

async function reachable(target: TemporalTarget): Promise<boolean> {
  try {
    await within(target, 1_000, () =>
      target.client.workflowService.describeNamespace({ namespace: target.client.options.namespace }),
    );
    return true;
  } catch {
    return false;
  }
}
