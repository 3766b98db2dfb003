import type { ExecuteInput, ExecuteResult } from '../activities/api.js';
import type { Command, Course, In } from '../domain/escalation.js';
import { execute } from './activity-calls.js';
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
      return settle(task, state, { type: 'finish', outcome: { kind: 'denied', because: course.because } });
    case 'execute':
    case 'resolve':
      return run(task, state, course);
  }
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
  });
  if (result.kind === 'halted' && result.scope === 'task') return task.end('halted', result.halt);
  const { decision } = state;
  if (result.kind === 'refused' && result.reason === 'unverified' && decision !== null)
    task.inbox.dismiss(decision);
  settle(task, state, conclusion(course, result));
  // The halt may have been lifted since: only a look after this point can tell.
  if (result.kind === 'halted') task.nudged = true;
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
      return { type: 'finish', outcome: { kind: 'executed' } };
    case 'failed':
      return { type: 'finish', outcome: { kind: 'call-failed', code: result.code } };
    case 'left':
      return course.do === 'resolve'
        ? { type: 'finish', outcome: { kind: 'left-unknown', decision: course.decision } }
        : { type: 'fail', reason: 'error', detail: 'internal' };
    case 'refused':
      return { type: 'reask', reason: result.reason };
    case 'halted':
      return { type: 'bar', halt: result.halt, question: null };
    case 'voided':
      return { type: 'fail', reason: 'error', detail: 'voided' };
  }
}
