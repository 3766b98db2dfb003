import type { OperationView, TaskView } from '../contract/http.js';
import { escalationId } from '../domain/ids.js';
import type { LedgerRow } from '../store/ledger.js';
import type { QuestionRow } from '../store/questions.js';
import type { TaskRow } from '../store/tasks.js';

type State = TaskView['state'];
const STATES: readonly string[] = [
  'RUNNING',
  'PAUSED_PENDING_HUMAN',
  'HUMAN_RESPONDED',
  'RESUMING',
  'COMPLETED',
  'FAILED',
  'TIMED_OUT',
] satisfies State[];

/** A task's state and since when it holds. */
export interface Standing {
  readonly state: State;
  readonly since: number;
}

/** The state as the run tells it live; else as the store knows it: closed, paused by an open question, or running. */
export function standingOf(
  task: TaskRow,
  questions: readonly QuestionRow[],
  live: Standing | undefined,
): Standing {
  if (task.closedAt !== null) return { state: stateOf(task.state), since: task.closedAt };
  if (live) return { state: live.state, since: live.since };
  const open = questions.filter((question) => question.status === 'open');
  const [first] = open.map((question) => question.askedAt).toSorted((a, b) => a - b);
  return first === undefined
    ? { state: 'RUNNING', since: task.submittedAt }
    : { state: 'PAUSED_PENDING_HUMAN', since: first };
}

/** The state a row was given by its workflow. */
export function stateOf(text: string): State {
  return STATES.includes(text) ? (text as State) : 'RUNNING'; // just looked up
}

/** What a task waits for people to say, the most pressing first. */
export function waitsFor(questions: readonly QuestionRow[]): TaskView['waitsFor'] {
  return questions
    .filter((question) => question.status === 'open')
    .toSorted((a, b) => (a.answerBy ?? Infinity) - (b.answerBy ?? Infinity))
    .map(({ task, operation, role, answerBy, reason }) => ({
      escalation: escalationId(task, operation),
      role,
      answerBy,
      reason,
    }));
}

/** The history of a task's operations, one line for each generation. */
export function operationsOf(
  calls: readonly LedgerRow[],
  questions: readonly QuestionRow[],
): OperationView[] {
  return calls.map((call) => {
    const rounds = questions.filter(
      (row) => row.operation === call.operation && row.generation === call.generation,
    );
    const latest = rounds.at(-1);
    const asked = rounds.findLast((row) => row.status !== 'permitted');
    return {
      operation: call.operation,
      generation: call.generation,
      tool: call.tool,
      tier: latest?.tier ?? null,
      status: call.status,
      outcome: outcomeOf(call, asked),
      escalation: asked ? escalationId(call.task, call.operation) : null,
      proposal: asked?.brief?.proposal ?? null,
      at: call.endedAt ?? call.claimedAt ?? call.proposedAt,
    };
  });
}

/** What became of a call, in one word; null while that is open. */
export function outcomeOf(
  call: Pick<LedgerRow, 'status' | 'errorCode'> | null,
  asked: Pick<QuestionRow, 'closedAs'> | undefined,
): string | null {
  if (call === null) return asked?.closedAs ?? null;
  if (call.status === 'done') return 'executed';
  if (call.status === 'undone') return 'undone';
  if (call.status === 'failed') return `failed: ${call.errorCode ?? 'error'}`;
  if (call.status === 'unknown' || call.status === 'left') return 'unknown';
  if (call.status === 'open' || call.status === 'voided')
    return asked?.closedAs ?? (call.status === 'voided' ? 'voided' : null);
  return null;
}
