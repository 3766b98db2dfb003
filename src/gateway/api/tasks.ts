import { Hono } from 'hono';
import { z } from 'zod';
import {
  cancelRequest,
  resultQuery,
  submitRequest,
  taskQuery,
  type ResultView,
  type TaskPage,
} from '../../contract/http.js';
import { signedWord } from '../../contract/decision-record.js';
import type { TaskId } from '../../domain/ids.js';
import { decisionsOf, type DecisionRow } from '../../store/decisions.js';
import { callsOf } from '../../store/ledger.js';
import { questionsOf } from '../../store/questions.js';
import { findTask, requestCancel, searchTasks, type TaskRow } from '../../store/tasks.js';
import type { Bearer } from '../../store/tokens.js';
import { whileGood } from '../../store/while-good.js';
import { requireSight, type GatewayEnv } from '../auth.js';
import { requireCanceller } from '../cancelling.js';
import { watchClosed } from '../closed-watch.js';
import type { GatewayDeps } from '../deps.js';
import { notFound, refuse } from '../problem.js';
import { readBody, readCursor, readQuery, taskOf, writeCursor } from '../request.js';
import { submit } from '../submit-task.js';
import { outcomeOf, standingOf, stateOf } from '../task-state.js';
import { sightedTask, taskFor, taskLine } from '../views/task.js';

/** `/v1/tasks`: submit, list, look, wait for the result, cancel. */
export function taskRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const untilClosed = watchClosed(deps.database);
  const app = new Hono<GatewayEnv>();
  app.post('/tasks', async (c) => {
    const body = await readBody(c.req.raw, submitRequest);
    const { created, row } = await submit(deps, c.get('bearer'), body);
    return c.json(
      { task: row.task, tenant: row.tenant, created, state: stateOf(row.state) },
      created ? 201 : 200,
    );
  });
  app.get('/tasks', async (c) =>
    c.json(await listPage(deps, c.get('bearer'), readQuery(c.req.raw, taskQuery))),
  );
  app.get('/tasks/:task', async (c) =>
    c.json(await taskFor(deps, c.get('bearer'), taskOf(c.req.param('task')))),
  );
  app.get('/tasks/:task/result', async (c) => {
    const { wait } = readQuery(c.req.raw, resultQuery);
    const row = await sightedTask(deps, c.get('bearer'), taskOf(c.req.param('task')));
    await untilClosed(row, wait * 1_000, c.req.raw.signal);
    const { closed, view } = await result(deps, row);
    return c.json(view, closed ? 200 : 202);
  });
  app.post('/tasks/:task/cancel', async (c) => {
    const { why } = await readBody(c.req.raw, cancelRequest);
    const row = await sightedTask(deps, c.get('bearer'), taskOf(c.req.param('task')));
    return c.json(await cancel(deps, c.get('bearer'), row, why), 202);
  });
  return app;
}

const taskCursor = z.strictObject({ submittedAt: z.int(), task: z.string() });

async function listPage(
  deps: GatewayDeps,
  bearer: Bearer,
  query: z.output<typeof taskQuery>,
): Promise<TaskPage> {
  await requireSight(deps, deps.database, bearer, null);
  const before = readCursor(query.cursor, taskCursor);
  const rows = await searchTasks(deps.database, {
    tenant: bearer.tenant,
    limit: query.limit,
    ...(query.state === undefined ? {} : { state: query.state }),
    ...(query.agent === undefined ? {} : { agent: query.agent }),
    ...(before ? { before } : {}),
  });
  const last = rows.length === query.limit ? rows.at(-1) : undefined;
  return {
    tasks: rows.map((row) => ({
      ...taskLine(row),
      state: stateOf(row.state),
      since: row.closedAt ?? row.submittedAt,
    })),
    next: last ? writeCursor({ submittedAt: last.submittedAt, task: last.task }) : null,
  };
}

async function result(
  deps: GatewayDeps,
  { tenant, task }: TaskRow,
): Promise<{ readonly closed: boolean; readonly view: ResultView }> {
  const [row = notFound(), questions, calls, decisions] = await deps.database.reads((queries) =>
    Promise.all([
      findTask(queries, tenant, task),
      questionsOf(queries, tenant, task),
      callsOf(queries, tenant, task),
      decisionsOf(queries, { tenant, task }),
    ]),
  );
  const results = calls.map((call) => {
    const about = (one: { operation: number; generation: number }) =>
      one.operation === call.operation && one.generation === call.generation;
    const { operation, generation, tool } = call;
    const outcome = outcomeOf(call, questions.findLast(about)) ?? call.status;
    const last = decisions.filter(about).findLast((row) => row.outcome === 'applied');
    const said = last && asSigned(deps, last);
    const why = outcome === 'rejected' || outcome === 'undone' ? (said?.why ?? null) : null;
    const reported = said?.verb === 'respond' || said?.verb === 'take-over' ? said.result : undefined;
    return { operation, generation, tool, outcome, result: call.result ?? reported ?? null, why };
  });
  const { state } = standingOf(row, questions, undefined);
  const { reason, detail } = row;
  return { closed: row.closedAt !== null, view: { task, state, reason, detail, results } };
}

/** The agent goes on with what a person said: only what is as it was signed is told. */
function asSigned({ verifier, log }: GatewayDeps, said: DecisionRow): DecisionRow | undefined {
  if (signedWord(said, verifier)) return said;
  log('alarm', 'decision-altered', { task: said.task, operation: said.operation, decision: said.id });
  return undefined;
}

async function cancel(
  deps: GatewayDeps,
  bearer: Bearer,
  row: TaskRow,
  why: string,
): Promise<{ task: TaskId; cancelling: true }> {
  await requireCanceller(deps, bearer, row);
  // A policy that comes into force meanwhile keeps nobody from stopping.
  const noted = await requestCancel(whileGood(deps.database, { ...bearer, policyHash: null }), {
    tenant: row.tenant,
    task: row.task,
    by: bearer.subject,
    why,
  });
  if (!noted) {
    // A repeat gets its first answer, whatever became of the task; only what comes for the first time is too late.
    const ended = (await findTask(deps.database, row.tenant, row.task)) ?? notFound();
    if (ended.cancelAt === null)
      refuse({ refused: 'not-open', detail: `The task has ended already: ${ended.state.toLowerCase()}.` });
    return { task: row.task, cancelling: true };
  }
  const told = await deps.tasks.cancel(row);
  if (told !== 'told') deps.log('warn', 'cancel-not-delivered-yet', { task: row.task });
  return { task: row.task, cancelling: true };
}
