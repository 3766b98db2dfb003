import { CountersignError } from '../domain/errors.js';
import { isToolName } from '../domain/tool-name.js';
import { isDetectedName } from '../contract/readings.js';
import { isMembers } from '../contract/schema-at.js';
import { openSecret, takeSecrets } from '../contract/seal.js';
import { referenceOf, scrubberOf, scrubReadings } from '../contract/secret.js';
import { assertPlainJson } from '../contract/plain-json.js';
import { decisionsOf } from '../store/decisions.js';
import { callsOf, insertCalls, type ProposedCall } from '../store/ledger.js';
import { askedLast } from '../store/questions.js';
import { readSecrets, storeSecrets, type SealedSecret } from '../store/secrets.js';
import { earlierSteps, findStep, insertStep } from '../store/steps.js';
import { findTask, type TaskRequest, type TaskRow } from '../store/tasks.js';
import type { Json, Readings } from '../domain/action.js';
import type { PlanInput, PlanResult } from './api.js';
import { journal } from './carry.js';
import { isToldWith, recall } from './memory.js';
import type { ActivityDeps, Proposal } from './ports.js';
import { coursesOf } from './task-course.js';

/** Each is a question that a person may have to read: more at once is a runaway, not a plan. */
const MOST_CALLS = 100;
/** The longest question of an agent, in UTF-16 code units. */
const LONGEST_QUESTION = 2_000;

type Accepted = ProposedCall & { readonly secrets: readonly SealedSecret[] };

/** Asks the planner once per step and stores what it proposes; a repeat of a step, also after a reset, answers the same. */
export async function plan(deps: ActivityDeps, input: PlanInput, signal: AbortSignal): Promise<PlanResult> {
  const { database } = deps;
  const task = await findTask(database, input.tenant, input.task);
  if (!task) throw new CountersignError('not-found', `task ${input.task} is not in the store`);
  const known = await findStep(database, input);
  if (!known && task.closedAt !== null) return nothingMore(deps, input);
  const proposed = known ? undefined : await propose(deps, input, task, signal);
  return database.transaction(async (tx) => {
    const now = await tx.now();
    if (
      proposed &&
      (await insertStep(tx, {
        ...input,
        done: proposed.done,
        operations: proposed.calls.map((call) => call.operation),
      }))
    ) {
      storeSecrets(
        tx,
        input.tenant,
        proposed.calls.flatMap((call) => call.secrets),
        now,
      );
      insertCalls(tx, { ...input, agent: task.agent, now, calls: proposed.calls });
    }
    const step = await findStep(tx, input);
    if (!step)
      throw new CountersignError('internal', `step ${input.step} of task ${input.task} was not stored`);
    const operations = step.operations.map(({ operation, tool }) => ({ operation, tool }));
    const event = {
      id: `planned/${input.step}`,
      type: 'planned',
      body: { step: input.step, done: step.done, operations },
    };
    return { done: step.done, operations, head: await journal(tx, input, now, [event]) };
  });
}

/** A task that has ended in the store, whatever its run believes: its agent goes no further. */
async function nothingMore(deps: ActivityDeps, input: PlanInput): Promise<PlanResult> {
  const head = await deps.database.transaction(async (tx) => journal(tx, input, await tx.now()));
  return { done: true, operations: [], head };
}

async function propose(
  deps: ActivityDeps,
  input: PlanInput,
  task: TaskRow,
  signal: AbortSignal,
): Promise<{ done: boolean; calls: readonly Accepted[] }> {
  const settings = await settingsOf(deps, task);
  if (!settings) return { done: true, calls: [] };
  const planner = deps.planners[settings.kind];
  if (!planner)
    throw new CountersignError(
      'invalid',
      `this worker has no planner named ${settings.kind}: use one of ${Object.keys(deps.planners).join(', ')} (model: set COUNTERSIGN_MODEL_URL and COUNTERSIGN_MODEL)`,
    );
  const { tenant } = task;
  const [known, decisions, asked, steps] = await deps.database.reads((queries) =>
    Promise.all([
      callsOf(queries, tenant, task.task),
      decisionsOf(queries, task),
      askedLast(queries, tenant, task.task),
      earlierSteps(queries, input),
    ]),
  );
  const answer = await planner.next({
    tenant: task.tenant,
    task: task.task,
    agent: task.agent,
    request: { ...task.request, planner: settings },
    step: input.step,
    memory: recall(deps, known, decisions, asked),
    signal,
  });
  if ('done' in answer) return { done: true, calls: [] };
  if (answer.calls.length > MOST_CALLS)
    throw new CountersignError(
      'invalid',
      `step ${input.step}: the planner proposed ${answer.calls.length} calls at once, at most ${MOST_CALLS} are taken`,
    );
  // The run may not know of a safe action that was stored: what stands under a number stays.
  const first = Math.max(input.firstOperation, ...known.map(({ operation }) => operation + 1));
  const calls = acceptAll(deps, task, answer.calls, first);
  const rejected = new Set(
    decisions.filter((row) => isToldWith(row, 'reject')).map((decision) => decision.operation),
  );
  const courses = coursesOf({ calls: known, rejected, steps }, calls, deps.tools);
  return {
    done: calls.length === 0,
    calls: calls.map((call, index) => ({ ...call, detected: courses[index] ?? {} })),
  };
}

/** The planner's name beside its settings, which are sealed in the store; an input that is no object stands under `input`. */
async function settingsOf(deps: ActivityDeps, { tenant, request }: TaskRow): Promise<TaskRequest['planner']> {
  const { planner } = request;
  const reference = planner && referenceOf(planner['input'] ?? null);
  if (!planner || !reference) return planner;
  const sealed = (await readSecrets(deps.database, tenant, [reference])).get(reference) ?? '';
  const input = JSON.parse(openSecret(deps.secrets, { tenant, reference }, sealed)) as Json; // sealed by hidePlannerInput
  return isMembers(input) ? { ...input, kind: planner.kind } : { input, kind: planner.kind };
}

/**
 * Proposals as they are stored: plain JSON, secrets replaced by references before anything else sees them, in the words of every call of
 * the step, since a model says one thing for all of them. Throws `invalid`, for good.
 */
function acceptAll(
  deps: ActivityDeps,
  task: TaskRow,
  proposals: readonly Proposal[],
  first: number,
): readonly Accepted[] {
  const accepted = proposals.map((proposal, index) => accept(deps, task, proposal, first + index));
  const values = accepted.flatMap(({ taken }) => taken.values);
  const scrub = scrubberOf(values);
  return accepted.map(({ operation, tool, taken, said, asks, readings }) => ({
    operation,
    tool,
    args: taken.args,
    readings: scrubReadings(readings, scrub),
    agentText: said === null ? null : scrub(said),
    ...(asks === null ? {} : { question: scrub(asks) }),
    secrets: taken.secrets,
  }));
}

function accept(deps: ActivityDeps, task: TaskRow, proposal: Proposal, operation: number) {
  const refuse = (what: string) =>
    new CountersignError('invalid', `operation ${operation}: the planner ${what}`);
  if (!isToolName(proposal.tool)) throw refuse('named no tool');
  // A model's adapter may hand on anything.
  const said: unknown = proposal.agentText ?? null;
  if (said !== null && typeof said !== 'string') throw refuse('said something else than a text');
  const asks: unknown = proposal.question ?? null;
  if (asks !== null && !isQuestion(asks))
    throw refuse(`asked something else than a text of 1 to ${LONGEST_QUESTION} characters`);
  const tool = deps.tools.get(proposal.tool);
  const written = assertPlainJson(proposal.args);
  const read = tool?.normaliseArgs(written);
  const taken = takeSecrets(deps.secrets, {
    tenant: task.tenant,
    schema: tool?.schema ?? {},
    args: read && 'args' in read ? read.args : written,
  });
  return {
    operation,
    tool: proposal.tool,
    taken,
    said: said === null ? null : storable(said),
    asks: asks === null ? null : storable(asks),
    // What the submitter measured, no model overrules.
    readings: { ...readingsOf(proposal), ...task.request.readings },
  };
}

function isQuestion(asks: unknown): asks is string {
  return typeof asks === 'string' && asks.length >= 1 && asks.length <= LONGEST_QUESTION;
}

/** What a planner says under a name that only the gate may use counts as not said. */
function readingsOf({ readings }: Proposal): Readings {
  const own = Object.entries(readings ?? {}).filter(([key]) => !isDetectedName(key));
  const texts = own.map(([key, value]) => [
    storable(key),
    typeof value === 'string' ? storable(value) : value,
  ]);
  return assertPlainJson(Object.fromEntries(texts)) as Readings; // numbers, texts and yes or no, by the planner's type
}

/** Postgres keeps no NUL and JSON no half a character; a model may say both, and its words keep their length. */
function storable(text: string): string {
  return text.replace(/\0|\p{Surrogate}/gu, '\ufffd');
}
