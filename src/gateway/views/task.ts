import { votersOf } from '../../domain/verdict.js';
import type { TaskView } from '../../contract/http.js';
import type { TaskId } from '../../domain/ids.js';
import { haltsOver } from '../../store/halts.js';
import { callsOf } from '../../store/ledger.js';
import { decisionsOf } from '../../store/decisions.js';
import { questionsOf, type QuestionRow } from '../../store/questions.js';
import { findTask, type TaskRow } from '../../store/tasks.js';
import type { Bearer } from '../../store/tokens.js';
import { requireSight } from '../auth.js';
import type { GatewayDeps } from '../deps.js';
import { notFound } from '../problem.js';
import { isBlind } from '../voting.js';
import { operationsOf, standingOf, waitsFor } from '../task-state.js';

/** A task that this bearer may see. Throws the uniform 404. */
export async function sightedTask(deps: GatewayDeps, bearer: Bearer, task: TaskId): Promise<TaskRow> {
  const row = (await findTask(deps.database, bearer.tenant, task)) ?? notFound();
  await requireSight(deps, deps.database, bearer, row.requester);
  return row;
}

/** One task with the history of its operations. Throws the uniform 404. */
export async function taskFor(deps: GatewayDeps, bearer: Bearer, task: TaskId): Promise<TaskView> {
  const row = await sightedTask(deps, bearer, task);
  const [[questions, calls, halts], seen] = await Promise.all([
    deps.database.reads((queries) =>
      Promise.all([
        questionsOf(queries, row.tenant, row.task),
        callsOf(queries, row.tenant, row.task),
        haltsOver(queries, row),
      ]),
    ),
    row.runId === null ? undefined : deps.tasks.view(row),
  ]);
  const live = (await isBlindTo(deps, bearer, questions)) ? undefined : seen;
  return {
    ...taskLine(row),
    goal: row.request.goal === '' ? null : row.request.goal,
    ...standingOf(row, questions, live),
    halt: row.closedAt === null ? (halts.inForce[0]?.id ?? null) : null,
    waitsFor: waitsFor(questions),
    operations: operationsOf(calls, questions),
    head: live?.head ?? null,
  };
}

/** Whether a run's state and the head of its journal would tell that others have answered before this person has. */
async function isBlindTo(
  deps: GatewayDeps,
  bearer: Bearer,
  questions: readonly QuestionRow[],
): Promise<boolean> {
  const several = questions.filter((each) => each.status === 'open' && votersOf(each) > 1);
  const [first] = several;
  if (first === undefined) return false;
  const lines = await decisionsOf(deps.database, { tenant: first.tenant, task: first.task });
  return several.some((question) =>
    isBlind(
      question,
      lines.filter(({ operation }) => operation === question.operation),
      bearer.subject,
    ),
  );
}

/** What a list shows of a task. */
export function taskLine(row: TaskRow) {
  const { task, tenant, agent, requester, submittedAt, closedAt, reason, detail } = row;
  const deadline = row.request.deadline ?? null;
  return { task, tenant, agent, requester, deadline, submittedAt, closedAt, reason, detail };
}
