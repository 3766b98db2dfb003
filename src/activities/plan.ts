import { CountersignError } from '../domain/errors.js';
import { isToolName } from '../domain/tool-name.js';
import { isMembers } from '../contract/schema-at.js';
import { openSecret, takeSecrets } from '../contract/seal.js';
import { referenceOf, scrubReadings } from '../contract/secret.js';
import { assertPlainJson } from '../contract/plain-json.js';
import { decisionsOf, type DecisionRow } from '../store/decisions.js';
import { callsOf, insertCalls, type LedgerRow, type ProposedCall } from '../store/ledger.js';
import { readSecrets, storeSecrets, type SealedSecret } from '../store/secrets.js';
import { findStep, insertStep } from '../store/steps.js';
import { findTask, type TaskRequest, type TaskRow } from '../store/tasks.js';
import type { Json, Readings } from '../domain/action.js';
import type { Verb } from '../domain/decision.js';
import type { PlanInput, PlanResult } from './api.js';
import { journal } from './carry.js';
import type { ActivityDeps, PlannerMemory, Proposal } from './ports.js';

/** Each is a question that a person may have to read: more at once is a runaway, not a plan. */
const MOST_CALLS = 100;

type Accepted = ProposedCall & { readonly secrets: readonly SealedSecret[] };

/** Asks the planner once per step and stores what it proposes; a repeat of a step, also after a reset, answers the same. */
export async function plan(deps: ActivityDeps, input: PlanInput): Promise<PlanResult> {
  const { database } = deps;
  const task = await findTask(database, input.tenant, input.task);
  if (!task) throw new CountersignError('not-found', `task ${input.task} is not in the store`);
  const known = await findStep(database, input);
  const proposed = known ? undefined : await propose(deps, input, task);
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

async function propose(
  deps: ActivityDeps,
  input: PlanInput,
  task: TaskRow,
): Promise<{ done: boolean; calls: readonly Accepted[] }> {
  const settings = await settingsOf(deps, task);
  if (!settings) return { done: true, calls: [] };
  const planner = deps.planners[settings.kind];
  if (!planner)
    throw new CountersignError(
      'invalid',
      `there is no planner named ${settings.kind}: use one of ${Object.keys(deps.planners).join(', ')}`,
    );
  const memory = await recall(deps, task);
  const answer = await planner.next({
    tenant: task.tenant,
    task: task.task,
    agent: task.agent,
    request: { ...task.request, planner: settings },
    step: input.step,
    memory,
  });
  if ('done' in answer) return { done: true, calls: [] };
  if (answer.calls.length > MOST_CALLS)
    throw new CountersignError(
      'invalid',
      `step ${input.step}: the planner proposed ${answer.calls.length} calls at once, at most ${MOST_CALLS} are taken`,
    );
  const calls = answer.calls.map((proposal, index) =>
    accept(deps, task, proposal, input.firstOperation + index),
  );
  return { done: calls.length === 0, calls };
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

/** A proposal as it is stored: plain JSON, secrets replaced by references before anything else sees them. Throws `invalid`, for good. */
function accept(deps: ActivityDeps, task: TaskRow, proposal: Proposal, operation: number): Accepted {
  const refuse = (what: string) =>
    new CountersignError('invalid', `operation ${operation}: the planner ${what}`);
  if (!isToolName(proposal.tool)) throw refuse('named no tool');
  const said: unknown = proposal.agentText ?? null; // a model's adapter may hand on anything
  if (said !== null && typeof said !== 'string') throw refuse('said something else than a text');
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
    args: taken.args,
    // What the submitter measured, no model overrules.
    readings: scrubReadings({ ...readingsOf(proposal), ...task.request.readings }, taken.scrub),
    agentText: said === null ? null : taken.scrub(storable(said)),
    secrets: taken.secrets,
  };
}

function readingsOf({ readings }: Proposal): Readings {
  const texts = Object.entries(readings ?? {}).map(([key, value]) => [
    storable(key),
    typeof value === 'string' ? storable(value) : value,
  ]);
  return assertPlainJson(Object.fromEntries(texts)) as Readings; // numbers, texts and yes or no, by the planner's type
}

/** Postgres keeps no NUL and JSON no half a character; a model may say both, and its words keep their length. */
function storable(text: string): string {
  return text.replace(/\0|\p{Surrogate}/gu, '\ufffd');
}

/** What became of everything proposed so far, the newest generation of each operation. */
async function recall(deps: ActivityDeps, task: TaskRow): Promise<readonly PlannerMemory[]> {
  const calls = await callsOf(deps.database, task.tenant, task.task);
  const decisions = await decisionsOf(deps.database, task);
  const newest = new Map(calls.map((call) => [call.operation, call]));
  return [...newest.values()].map((call) => {
    const said = decisions.findLast(
      (row) => row.operation === call.operation && TOLD_VERBS.includes(row.verb) && row.outcome === 'applied',
    );
    return { operation: call.operation, tool: call.tool, args: call.args, ...became(call, said) };
  });
}

/** What a person says to a call that the agent gets to hear. */
const TOLD_VERBS: readonly Verb[] = ['reject', 'respond'];

function became(
  call: LedgerRow,
  said: DecisionRow | undefined,
): Pick<PlannerMemory, 'outcome' | 'result' | 'why' | 'answer'> {
  switch (call.status) {
    case 'done':
      return { outcome: 'executed', result: call.result ?? null };
    case 'undone':
      return { outcome: 'undone', ...(said && { why: said.why }) };
    case 'failed':
      return { outcome: 'failed', why: failure(call.result) };
    case 'unknown':
    case 'left':
    case 'claimed':
      return { outcome: 'unknown' };
    case 'voided':
      return { outcome: 'voided' };
    case 'open':
      return refused(said);
  }
}

function refused(said: DecisionRow | undefined): Pick<PlannerMemory, 'outcome' | 'why' | 'answer'> {
  if (said === undefined) return { outcome: 'denied' };
  return typeof said.result === 'string'
    ? { outcome: 'answered', answer: said.result }
    : { outcome: 'rejected', why: said.why };
}

function failure(stored: Json | undefined): string {
  const message =
    typeof stored === 'object' && stored !== null && 'message' in stored ? stored['message'] : undefined;
  return typeof message === 'string' ? message : 'failed';
}
