import type { AskInput, AskResult } from '../activities/api.js';
import type { In } from '../domain/escalation.js';
import { isWithOwner } from '../domain/ladder.js';
import { ask as callAsk } from './activity-calls.js';
import { now } from './clock.js';
import { receive } from './deciding.js';
import { settle } from './settle.js';
import type { TaskRun } from './task-run.js';

/** How long a task waits outside a full desk, or for an owner nobody reaches, before it asks again. */
const ASK_AGAIN_MS = 60_000;

type Asking = In<'JUDGED'> | In<'PAUSED_PENDING_HUMAN'>;

/** Has an operation judged and, where a person is needed, put to the role of its rung. */
export async function ask(task: TaskRun, state: Asking): Promise<void> {
  const { operation } = state;
  const result = await callAsk(task, { operation, ...questionOf(state) });
  switch (result.kind) {
    case 'permitted': {
      const { generation } = questionOf(state);
      return settle(task, state, { type: 'permit', generation, tier: result.tier });
    }
    case 'asked':
      return asked(task, state, result);
    case 'full':
      settle(task, state, { type: 'queue', askBy: result.askBy });
      return askLater(task, operation);
    case 'undeliverable':
      if (isForOwner(state)) return askLater(task, operation);
      return settle(task, state, { type: 'miss', question: result.question });
    case 'halted':
      return halted(task, state, result);
  }
}

/** Asks for the round after this one, of which a decision told; a forged one tells of none, and leaves everything as it is. */
export async function askFurther(task: TaskRun, state: In<'PAUSED_PENDING_HUMAN'>): Promise<void> {
  task.look(state);
  const result = await callAsk(task, { operation: state.operation, ...questionOf(state) });
  if (result.kind === 'asked' && result.question.round > state.question.round) asked(task, state, result);
}

function asked(
  task: TaskRun,
  state: Asking,
  { question, tier, decisions }: Extract<AskResult, { kind: 'asked' }>,
): void {
  settle(task, state, { type: 'deliver', question, tier });
  for (const decision of decisions) if (!task.inbox.wasDismissed(decision)) receive(task, decision);
}

function halted(
  task: TaskRun,
  state: Asking,
  { halt, scope, question }: Extract<AskResult, { kind: 'halted' }>,
): void {
  if (scope === 'task') return task.end('halted', halt);
  settle(task, state, { type: 'bar', halt, question });
  // The halt may have been lifted since: only a look after this point can tell.
  task.nudged = true;
}

function questionOf(state: Asking): Pick<AskInput, 'generation' | 'round' | 'rung' | 'reason' | 'forOwner'> {
  if (state.status === 'JUDGED')
    return { generation: state.generation, round: state.round, rung: 0, reason: null };
  const { generation, round, rung } = state.question;
  return {
    generation,
    round,
    rung,
    reason: state.reason,
    ...(isForOwner(state) ? { forOwner: true } : {}),
  };
}

function isForOwner(state: Asking): boolean {
  return state.status === 'PAUSED_PENDING_HUMAN' && isWithOwner(state.question);
}

async function askLater(task: TaskRun, operation: number): Promise<void> {
  const state = task.branch(operation);
  await task.until(() => task.branch(operation) !== state, now() + ASK_AGAIN_MS);
}
