import { CancellationScope, patched } from '@temporalio/workflow';
import { isAboutUndo } from '../domain/course.js';
import { isClosed } from '../domain/decide.js';
import type { Escalation, In } from '../domain/escalation.js';
import { hasFurtherRung } from '../domain/ladder.js';
import { questionOf } from '../domain/task.js';
import { record, safeguard, verify } from './activity-calls.js';
import { ask } from './asking.js';
import { hearWaiting } from './deciding.js';
import { publish } from './publish.js';
import { resume } from './resuming.js';
import { settle } from './settle.js';
import type { TaskRun } from './task-run.js';
import { wait } from './waiting.js';

/**
 * Drives one operation until it is closed or the run hands over: look at the status, take the one step it calls for, look again. As
 * nothing but the state says what comes next, a next run simply drives again.
 */
export async function driveBranch(task: TaskRun, operation: number): Promise<void> {
  try {
    await drive(task, operation);
  } catch (error) {
    giveUp(task, operation, error);
    await drive(task, operation).catch((again: unknown) => giveUp(task, operation, again));
  }
  publish(task);
}

async function drive(task: TaskRun, operation: number): Promise<void> {
  for (;;) {
    if (task.ending !== null) task.endBranch(operation);
    hearWaiting(task, operation);
    const state = task.branch(operation);
    if (state === undefined || isClosed(state) || task.leaving) return;
    await (mustSettle(state)
      ? CancellationScope.nonCancellable(async () => step(task, state))
      : step(task, state));
  }
}

/** Ends the task by what went wrong. What ran unconfirmed is left to be taken back; an undo that cannot even be tried is a failed one. */
function giveUp(task: TaskRun, operation: number, error: unknown): void {
  const state = task.branch(operation);
  task.endBy(error);
  if (state?.status === 'RESUMING' && isAboutUndo(state))
    task.apply(operation, { type: 'reask', reason: 'undo-failed' });
  task.endBranch(operation);
  hearWaiting(task, operation);
}

/** Whether something ran that nobody has confirmed yet: a cancelled task takes it back before it ends. */
function mustSettle(state: Escalation): boolean {
  return questionOf(state)?.kind === 'confirmation' || (state.status === 'RESUMING' && isAboutUndo(state));
}

function step(task: TaskRun, state: Escalation): Promise<void> | void {
  switch (state.status) {
    case 'JUDGED':
      return ask(task, state);
    case 'PAUSED_PENDING_HUMAN':
      return state.delivered || state.halt !== null ? wait(task, state) : ask(task, state);
    case 'HUMAN_RESPONDED':
      return confirm(task, state);
    case 'TIMED_OUT':
      return timeOut(task, state);
    case 'RESUMING':
      return resume(task, state);
    case 'SETTLED':
    case 'FAILED':
      return;
  }
}

async function confirm(task: TaskRun, state: In<'HUMAN_RESPONDED'>): Promise<void> {
  const { decision } = state;
  const { genuine, withdrawn, votes } = await verify(task, { decision });
  if (!genuine) task.inbox.dismiss(decision);
  settle(task, state, {
    type: 'verify',
    decision: decision.id,
    genuine,
    ...(withdrawn && { withdrawn }),
    ...(votes && { votes }),
  });
  // The halt that came meanwhile may have been lifted since: only a look after this point can tell.
  const after = task.branch(state.operation);
  if (after?.status === 'PAUSED_PENDING_HUMAN' && after.halt !== null && patched('looked-after-verifying'))
    task.nudged = true;
}

async function timeOut(task: TaskRun, state: In<'TIMED_OUT'>): Promise<void> {
  const { operation, question } = state;
  if (hasFurtherRung(question)) return settle(task, state, { type: 'climb' });
  if (question.fallback === 'safe' && question.kind !== 'resolution' && question.kind !== 'confirmation')
    return doSafely(task, state);
  settle(task, state, { type: 'fall-back' });
  const after = task.branch(operation);
  if (after?.status === 'FAILED' && question.fallback === 'halt')
    await CancellationScope.nonCancellable(() => record(task, { haltAgent: { operation } }));
}

/** Denies what nobody answered, and has the safe action of its ladder judged in its place. */
async function doSafely(task: TaskRun, state: In<'TIMED_OUT'>): Promise<void> {
  const { generation, round } = state.question;
  const as = task.nextOperation;
  task.nextOperation += 1;
  const made = await safeguard(task, { operation: state.operation, generation, round, as });
  settle(task, state, { type: 'fall-back' });
  const after = task.branch(state.operation);
  // A halt that came meanwhile has the call asked anew: then nothing takes its place yet.
  const denied = after?.status === 'RESUMING' && after.course.do === 'deny';
  if (!denied || task.branch(made.operation) !== undefined) return;
  task.open(made.operation, made.tool);
  const others = task.branches.filter(
    ({ operation }) => ![state.operation, made.operation].includes(operation),
  );
  // Beside others that wait, perhaps for weeks, it is not to wait for them.
  if (others.every(isClosed) || !patched('safe-at-once')) return;
  await drive(task, state.operation);
  await driveBranch(task, made.operation);
}
