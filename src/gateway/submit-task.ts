import { isThere } from '../client/start.js';
import type { SubmitRequest } from '../contract/http.js';
import { labelled } from '../contract/digest.js';
import type { TakenSecrets } from '../contract/seal.js';
import { scrubReadings } from '../contract/secret.js';
import type { Json } from '../domain/action.js';
import { CountersignError } from '../domain/errors.js';
import type { Queries } from '../store/database.js';
import { isTarget } from '../store/hooks.js';
import { storeSecrets } from '../store/secrets.js';
import { hurrySweep, submitTask, type NewTask, type TaskRow } from '../store/tasks.js';
import type { Bearer } from '../store/tokens.js';
import { whileGood } from '../store/while-good.js';
import { cleanArguments } from './arguments.js';
import type { GatewayDeps } from './deps.js';
import { hidePlannerInput, type HiddenInput } from './planner-input.js';
import { refuse } from './problem.js';

/**
 * Stores a task and starts its run. Secrets are out of the arguments before anything is stored. When Temporal does not answer, the task is
 * stored all the same and the dispatcher starts it.
 */
export async function submit(
  deps: GatewayDeps,
  bearer: Bearer,
  body: SubmitRequest,
): Promise<{ created: boolean; row: TaskRow }> {
  const requester = requesterOf(bearer, body);
  const { action, planner } = body;
  const [clean, now] = await deps.database.reads((queries) =>
    Promise.all([
      action &&
        cleanArguments(deps, queries, { tenant: bearer.tenant, tool: action.tool, args: action.args }),
      queries.now(),
      requireAgent(deps, queries, bearer, body.agent),
      requireTarget(queries, bearer, body.callback),
    ]),
  );
  const hidden = planner && (await hidePlannerInput(deps, bearer.tenant, planner));
  const task = newTask(bearer, body, { requester, clean, hidden });
  const secrets = [...(clean?.secrets ?? []), ...(hidden?.secrets ?? [])];
  // It is judged by the policy in force when it runs.
  const database = whileGood(deps.database, { ...bearer, policyHash: null });
  const { created, row } = await submitTask(database, task, {
    now,
    within: (tx) => storeSecrets(tx, bearer.tenant, secrets, now),
  });
  if (row.requestDigest !== task.requestDigest) {
    refuse({
      refused: 'idempotency-conflict',
      detail: `There is another task named ${body.task}: choose a new name for a new task.`,
    });
  }
  await deps.point?.('task-stored');
  if (row.runId === null && row.closedAt === null) await start(deps, row);
  return { created, row };
}

async function start(deps: GatewayDeps, row: TaskRow): Promise<void> {
  const { tenant, task, agent, readyTool } = row;
  const started = await deps.tasks.start({
    tenant,
    task,
    agent,
    ready: readyTool === null ? null : { tool: readyTool },
  });
  if (isThere(started)) deps.marks.started({ tenant, task });
  // A run that had the name before may have ended.
  if (started.kind === 'exists') await hurrySweep(deps.database, [{ tenant, task }]);
  else if (started.kind === 'unreachable') deps.log('warn', 'task-not-started-yet', { task });
}

function requesterOf(bearer: Bearer, body: SubmitRequest): string {
  if (body.requester === undefined || body.requester === bearer.subject) return bearer.subject;
  if (bearer.kind === 'service' && bearer.scopes.includes('on-behalf')) return body.requester;
  throw new CountersignError(
    'forbidden',
    'Only a service token with the scope `on-behalf` may name another requester.',
  );
}

async function requireAgent(
  deps: GatewayDeps,
  queries: Queries,
  bearer: Bearer,
  agent: string,
): Promise<void> {
  const roster = await deps.policies.roster(queries, bearer.policyHash, bearer.tenant);
  if (!roster)
    throw new CountersignError(
      'invalid',
      'No policy is active: activate one with `countersign policy activate FILE`.',
    );
  if (!roster.agents.has(agent)) {
    throw new CountersignError(
      'invalid',
      `The active policy (${roster.version}) knows no agent ${agent}: it knows ${[...roster.agents].join(', ')}.`,
    );
  }
}

async function requireTarget(queries: Queries, bearer: Bearer, callback: string | undefined): Promise<void> {
  if (callback === undefined || (await isTarget(queries, bearer.tenant, callback))) return;
  throw new CountersignError(
    'invalid',
    `There is no web hook ${callback} to call back: \`countersign hooks\` lists them; a worker publishes those of its file when it starts.`,
  );
}

function newTask(
  bearer: Bearer,
  body: SubmitRequest,
  {
    requester,
    clean,
    hidden,
  }: { requester: string; clean: TakenSecrets | undefined; hidden: HiddenInput | undefined },
): NewTask {
  const { action } = body;
  // Whoever repeats a secret in plain words has it masked there too.
  const scrub = clean?.scrub ?? hidden?.scrub ?? ((text: string) => text);
  const readings = scrubReadings(body.readings ?? {}, scrub);
  const request = {
    goal: scrub(body.goal ?? ''),
    situation: body.situation ?? '',
    readings,
    planner: hidden?.settings ?? null,
    ...(body.deadline === undefined ? {} : { deadline: body.deadline }),
  };
  const ready =
    action && clean
      ? {
          tool: action.tool,
          args: clean.args,
          readings,
          agentText: action.agentText === undefined ? null : scrub(action.agentText),
          ...(action.question === undefined ? {} : { question: scrub(action.question) }),
        }
      : null;
  const callback = body.callback === undefined ? {} : { callback: body.callback };
  const identity: Json = { agent: body.agent, requester, request, ready, ...callback };
  return {
    tenant: bearer.tenant,
    task: body.task,
    agent: body.agent,
    requester,
    request,
    ready,
    requestDigest: labelled('task-request', identity),
    ...callback,
  };
}
