import {
  ActivityCancellationType,
  ApplicationFailure,
  proxyActivities,
  proxyLocalActivities,
  proxySinks,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import { patched, type ActivityOptions, type LocalActivityOptions } from '@temporalio/workflow';
import type {
  Activities,
  AskInput,
  AskResult,
  Carry,
  ConcludeInput,
  ConcludeResult,
  ExecuteInput,
  ExecuteResult,
  ExpireInput,
  ExpireResult,
  Head,
  InspectResult,
  PlanInput,
  PlanResult,
  RecordInput,
  RecordResult,
  RunSinks,
  SafeguardInput,
  SafeguardResult,
  UndoInput,
  UndoResult,
  VerifyInput,
  VerifyResult,
} from '../activities/api.js';
import { EXECUTE_MS } from '../domain/call-times.js';
import { causeOf } from './failure.js';
import type { TaskRun } from './task-run.js';

/** Tried inside the workflow task first; what does not come back within two seconds becomes an ordinary activity. */
const QUICK: LocalActivityOptions = {
  scheduleToCloseTimeout: '2 seconds',
  retry: {
    initialInterval: '100 milliseconds',
    backoffCoefficient: 2,
    maximumInterval: '500 milliseconds',
    maximumAttempts: 3,
  },
};
/** Every activity says each second that its worker lives; a lost one is known after this. */
const heartbeatTimeout = '5 seconds';
/** Retried without limit: an unreachable database means waiting. */
const PATIENT: ActivityOptions = {
  startToCloseTimeout: '1 minute',
  heartbeatTimeout,
  retry: { initialInterval: '500 milliseconds', backoffCoefficient: 2, maximumInterval: '10 seconds' },
};
const PLAN: ActivityOptions = {
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout,
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
};
/** The ledger, not an attempt count, makes a repeat harmless. A call under way is waited for before the task may end. */
const EXECUTE: ActivityOptions = {
  startToCloseTimeout: EXECUTE_MS,
  heartbeatTimeout,
  retry: { initialInterval: '200 milliseconds', backoffCoefficient: 1.5, maximumInterval: '5 seconds' },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
};

const { claims } = proxySinks<RunSinks>();
const local = proxyLocalActivities<Activities>(QUICK);
const ordinary = proxyActivities<Activities>(PATIENT);

type Bare<Input extends Carry> = Omit<Input, keyof Carry>;
type Callable<Options, Input, Result> = {
  executeWithOptions(options: Options, args: [Input]): Promise<Result>;
};

/** Asks the planner for the next step. */
export function plan(task: TaskRun, input: Bare<PlanInput>): Promise<PlanResult> {
  const summary = `plan step ${input.step}`;
  return carrying(task, (carry) =>
    ordinary.plan.executeWithOptions({ ...PLAN, summary }, [{ ...carry, ...input }]),
  );
}

/** Judges an operation and puts the question on a desk, if it needs one. */
export function ask(task: TaskRun, input: Bare<AskInput>): Promise<AskResult> {
  return quickly(task, local.ask, ordinary.ask, input, `ask ${task.label(input.operation)}`);
}

/** Whether a decision is genuine. */
export function verify(task: TaskRun, input: Bare<VerifyInput>): Promise<VerifyResult> {
  return quickly(task, local.verify, ordinary.verify, input, `verify ${input.decision.verb}`);
}

/** What the store knows when a rung's time is over. */
export function expire(task: TaskRun, input: Bare<ExpireInput>): Promise<ExpireResult> {
  return quickly(task, local.expire, ordinary.expire, input, `expire ${task.label(input.operation)}`);
}

/** Halts in force and questions that reached nobody. */
export function inspect(task: TaskRun): Promise<InspectResult> {
  return quickly(task, local.inspect, ordinary.inspect, {}, 'inspect');
}

/** The claim and the call. */
export function execute(task: TaskRun, input: Bare<ExecuteInput>): Promise<ExecuteResult> {
  const summary = `execute ${task.label(input.operation)}`;
  return carrying(task, (carry) => {
    const whole = { ...carry, ...input };
    if (!workflowInfo().unsafe.isReplaying) claims.ahead(whole);
    return ordinary.execute.executeWithOptions({ ...EXECUTE, summary }, [whole]);
  });
}

/** The taking back of a call that ran. */
export function undo(task: TaskRun, input: Bare<UndoInput>): Promise<UndoResult> {
  const summary = `undo ${task.label(input.operation)}`;
  return carrying(task, (carry) =>
    ordinary.undo.executeWithOptions({ ...EXECUTE, summary }, [{ ...carry, ...input }]),
  );
}

/** The safe action in place of one that nobody answered. */
export function safeguard(task: TaskRun, input: Bare<SafeguardInput>): Promise<SafeguardResult> {
  return quickly(
    task,
    local.safeguard,
    ordinary.safeguard,
    input,
    `safeguard ${task.label(input.operation)}`,
  );
}

/** Closes the task in the store. */
export function conclude(task: TaskRun, input: Bare<ConcludeInput>): Promise<ConcludeResult> {
  return quickly(task, local.conclude, ordinary.conclude, input, `conclude ${input.state}`);
}

/** Writes what no other call will carry. */
export function record(task: TaskRun, input: Bare<RecordInput>): Promise<RecordResult> {
  return quickly(task, local.record, ordinary.record, input, 'record');
}

/**
 * Local activities take turns. The results of two under way at once come in one activation on replay and in two the first time, which
 * lets the branches see each other's state at different moments: a command more, a command less, and the replay fails.
 */
async function quickly<Input extends Carry, Result extends { readonly head: Head }>(
  task: TaskRun,
  first: Callable<LocalActivityOptions, Input, Result>,
  then: Callable<ActivityOptions, Input, Result>,
  input: Bare<Input>,
  summary: string,
): Promise<Result> {
  // Bare<Input> and Carry are the two halves of Input.
  const whole = (carry: Carry): Input => ({ ...carry, ...input }) as Input; // see above
  task.callStarted();
  try {
    return await task.inTurn(() =>
      carrying(task, (carry) => first.executeWithOptions({ ...QUICK, summary }, [whole(carry)])),
    );
  } catch (error) {
    if (!mayHelp(error)) throw error;
    return await carrying(task, (carry) => then.executeWithOptions({ ...PATIENT, summary }, [whole(carry)]));
  } finally {
    task.callEnded();
  }
}

async function carrying<Result extends { readonly head: Head }>(
  task: TaskRun,
  call: (carry: Carry) => Promise<Result>,
): Promise<Result> {
  try {
    return await calling(task, call);
  } catch (error) {
    if (!isOfEarlierRun(error) || !patched('called-again-after-reset')) throw error;
    return calling(task, call);
  }
}

async function calling<Result extends { readonly head: Head }>(
  task: TaskRun,
  call: (carry: Carry) => Promise<Result>,
): Promise<Result> {
  const sent = task.journal.send();
  task.callStarted();
  try {
    const result = await call({ ...task.identity, events: sent });
    task.journal.acknowledge(sent, result.head);
    return result;
  } catch (error) {
    task.journal.giveBack(sent);
    throw error;
  } finally {
    task.callEnded();
  }
}

/** A reset hands out what was pending once more, with what the earlier run had said of itself: that is refused, or ended by the reset. */
function isOfEarlierRun(error: unknown): boolean {
  const cause = causeOf(error);
  return (
    cause instanceof ApplicationFailure && (cause.type === 'forbidden' || cause.type === 'ResetWorkflow')
  );
}

/** Whether a patient repeat may help after a quick attempt failed: not when it was cancelled, nor when it said that it never will. */
function mayHelp(error: unknown): boolean {
  const cause = causeOf(error);
  if (cause instanceof ApplicationFailure) return cause.nonRetryable !== true;
  return cause instanceof TimeoutFailure;
}
