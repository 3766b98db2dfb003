import { patched } from '@temporalio/workflow';
import type { ExecuteInput, ExecuteResult, UndoInput } from '../activities/api.js';
import { isAboutUndo, isLeaving } from '../domain/course.js';
import { isClosed } from '../domain/decide.js';
import type { Command, Course, In } from '../domain/escalation.js';
import { execute, record, undo } from './activity-calls.js';
import { settle } from './settle.js';
import type { TaskRun } from './task-run.js';

/** Goes the course that was decided on: runs the call, or settles without one. */
export function resume(task: TaskRun, state: In<'RESUMING'>): Promise<void> | void {
  const { course } = state;
  switch (course.do) {
    case 'reject':
      return settle(task, state, {
        type: 'finish',
        outcome: { kind: 'rejected', decision: course.decision },
      });
    case 'deny':
      return deny(task, state, course);
    case 'answer':
      return settle(task, state, {
        type: 'finish',
        outcome: { kind: 'answered', decision: course.decision },
      });
    case 'take-over':
      settle(task, state, { type: 'finish', outcome: { kind: 'taken-over', decision: course.decision } });
      return task.end('taken-over', course.decision);
    case 'confirm':
      return settle(task, state, {
        type: 'finish',
        outcome: { kind: 'confirmed', decision: course.decision },
      });
    case 'undo':
      return takeBack(task, state, null);
    case 'resolve':
      return isAboutUndo(state)
        ? takeBack(task, state, { decision: course.decision, as: course.resolution })
        : run(task, state, course);
    case 'execute':
      return run(task, state, course);
  }
}

/** Beside others that wait, perhaps for weeks, or a planner that does not answer, no other call would take the question off its desk soon. */
async function deny(
  task: TaskRun,
  state: In<'RESUMING'>,
  { because }: Extract<Course, { do: 'deny' }>,
): Promise<void> {
  settle(task, state, { type: 'finish', outcome: { kind: 'denied', because } });
  const others = task.branches.filter(({ operation }) => operation !== state.operation);
  if (!others.every(isClosed) && patched('recorded-when-denied')) return void (await record(task, {}));
  if (task.planning && patched('recorded-before-planning')) await record(task, {});
}

async function run(
  task: TaskRun,
  state: In<'RESUMING'>,
  course: Extract<Course, { do: 'execute' | 'resolve' }>,
): Promise<void> {
  const { operation, generation, round } = state;
  const result = await execute(task, {
    operation,
    generation,
    round,
    ...orders(course),
    ...(task.endsWith(operation) ? { completes: true } : {}),
  });
  if (result.kind === 'executed' && result.closed === true) task.complete();
  if (result.kind === 'halted' && result.scope === 'task') return task.end('halted', result.halt);
  const { decision } = state;
  if (result.kind === 'refused' && result.reason === 'unverified' && decision !== null)
    task.inbox.dismiss(decision);
  settle(task, state, conclusion(course, result));
  // The halt may have been lifted since: only a look after this point can tell.
  if (result.kind === 'halted') task.nudged = true;
}

async function takeBack(
  task: TaskRun,
  state: In<'RESUMING'>,
  resolution: UndoInput['resolution'],
): Promise<void> {
  const { operation, generation } = state;
  const result = await undo(task, { operation, generation, resolution });
  switch (result.kind) {
    case 'undone':
      return settle(task, state, { type: 'finish', outcome: { kind: 'undone' } });
    case 'stands':
      return settle(task, state, {
        type: 'finish',
        outcome: { kind: 'confirmed', decision: result.decision },
      });
    case 'failed':
      return settle(task, state, { type: 'reask', reason: 'undo-failed' });
    case 'unverified': {
      if (state.decision !== null) task.inbox.dismiss(state.decision);
      return settle(task, state, { type: 'reask', reason: 'unverified' });
    }
  }
}

function orders(
  course: Extract<Course, { do: 'execute' | 'resolve' }>,
): Pick<ExecuteInput, 'decisions' | 'resolution'> {
  if (course.do === 'execute') return { decisions: course.decisions, resolution: null };
  return { decisions: [], resolution: { decision: course.decision, as: course.resolution } };
}

function conclusion(course: Extract<Course, { do: 'execute' | 'resolve' }>, result: ExecuteResult): Command {
  switch (result.kind) {
    case 'executed':
      return result.confirm === undefined
        ? { type: 'finish', outcome: { kind: 'executed' } }
        : { type: 'act', question: result.confirm };
    case 'failed':
      return { type: 'finish', outcome: { kind: 'call-failed', code: result.code } };
    case 'left': {
      const decision = result.decision ?? (isLeaving(course) ? course.decision : undefined);
      return decision === undefined
        ? { type: 'fail', reason: 'error', detail: 'internal' }
        : { type: 'finish', outcome: { kind: 'left-unknown', decision } };
    }
    case 'refused':
      return { type: 'reask', reason: result.reason };
    case 'halted':
      return { type: 'bar', halt: result.halt, question: null };
    case 'voided':
      return { type: 'fail', reason: 'error', detail: 'voided' };
  }
}
