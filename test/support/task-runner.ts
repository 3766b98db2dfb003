import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type InjectedSinks, type WorkerOptions } from '@temporalio/worker';
import { bundleWorkflows } from '../../scripts/support/bundle-workflows.js';
import type { Activities, RunSinks } from '../../src/activities/api.js';
import { searchAttributes } from '../../src/dev/search-attributes.js';
import type { DecisionMessage, Receipt } from '../../src/domain/decision.js';
import { workflowId, type TaskId, type TenantId } from '../../src/domain/ids.js';
import {
  AGENT_TASK,
  decideUpdate,
  viewQuery,
  type TaskInput,
  type TaskResult,
  type TaskView,
} from '../../src/workflows/messages.js';
import { FakeWorld } from './fake-activities.js';

const TENANT = 'acme' as TenantId; // test data

/** A task under way in a world of its own. */
export interface StartedTask {
  readonly world: FakeWorld;
  readonly handle: WorkflowHandle<(input: TaskInput) => Promise<TaskResult>>;
  readonly view: () => Promise<TaskView>;
}

/** Whoever can start tasks. */
export interface TaskStarter {
  readonly newWorld: () => FakeWorld;
  readonly start: (world: FakeWorld) => Promise<StartedTask>;
}

/** Runs tasks in fake worlds, on one server with one worker. */
export class TaskRunner implements TaskStarter {
  readonly env: TestWorkflowEnvironment;
  readonly bundle: { readonly code: string };
  readonly #options: Pick<WorkerOptions, 'maxCachedWorkflows'>;
  readonly #taskQueue = `tasks-${randomUUID()}`;
  readonly #worlds = new Map<TaskId, FakeWorld>();
  #running: { readonly worker: Worker; readonly ended: Promise<void> } | undefined;
  #started: StartedTask[] = [];

  private constructor(
    env: TestWorkflowEnvironment,
    bundle: { readonly code: string },
    options: Pick<WorkerOptions, 'maxCachedWorkflows'>,
  ) {
    this.env = env;
    this.bundle = bundle;
    this.#options = options;
  }

  /** Bundles the workflows, then opens the server: one that is starting has seconds to do so. */
  static async open(
    openEnv: () => Promise<TestWorkflowEnvironment>,
    options: Pick<WorkerOptions, 'maxCachedWorkflows'> = {},
  ): Promise<TaskRunner> {
    const bundle = await bundleTasks();
    const env = await openEnv();
    await registerSearchAttributes(env);
    const runner = new TaskRunner(env, bundle, options);
    await runner.resumeWorker();
    return runner;
  }

  newWorld = (): FakeWorld => new FakeWorld(`t-${randomUUID()}` as TaskId, () => this.env.currentTimeMs()); // test data

  /** Starts a task: a ready-made action, or a planned one if the world has steps. */
  start = async (world: FakeWorld): Promise<StartedTask> => {
    this.#worlds.set(world.task, world);
    const ready = world.steps.length === 0 ? { tool: 'issue_refund' } : null;
    const input: TaskInput = { tenant: TENANT, task: world.task, agent: 'support', ready };
    const handle = await this.env.client.workflow.start<(given: TaskInput) => Promise<TaskResult>>(
      AGENT_TASK,
      {
        workflowId: workflowId(TENANT, world.task),
        taskQueue: this.#taskQueue,
        args: [input],
      },
    );
    const task: StartedTask = { world, handle, view: () => handle.query(viewQuery) };
    this.#started.push(task);
    return task;
  };

  async stopWorker(): Promise<void> {
    this.#running?.worker.shutdown();
    await this.#running?.ended;
    this.#running = undefined;
  }

  async resumeWorker(): Promise<void> {
    if (this.#running !== undefined) return;
    const worker = await Worker.create({
      connection: this.env.nativeConnection,
      taskQueue: this.#taskQueue,
      workflowBundle: this.bundle,
      activities: delegating(this.#worlds),
      sinks: { claims: { ahead: { fn: () => undefined } } } satisfies InjectedSinks<RunSinks>,
      ...this.#options,
    });
    this.#running = { worker, ended: worker.run() };
  }

  /** Replays every run of every task started since the last time: the code must do again what it did. */
  async replayStarted(): Promise<void> {
    const started = this.#started;
    this.#started = [];
    for (const task of started) {
      for (const history of await this.runsOf(task))
        await Worker.runReplayHistory({ workflowBundle: this.bundle }, history);
    }
  }

  /** The histories of a task's whole chain of runs, oldest first. */
  async runsOf({ handle }: StartedTask) {
    const { workflow } = this.env.client;
    const histories = [];
    const { raw } = await workflow.getHandle(handle.workflowId).describe();
    for (let runId = raw.workflowExecutionInfo?.firstRunId ?? undefined; ;) {
      const history = await workflow.getHandle(handle.workflowId, runId).fetchHistory();
      histories.push(history);
      const next = history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
      if (next == null) return histories;
      runId = next;
    }
  }

  async close(): Promise<void> {
    await this.stopWorker();
    await this.env.teardown();
  }
}

/** Starts a task and waits until its first question is stored. */
export async function startAsked(
  tasks: TaskStarter,
  world: FakeWorld = tasks.newWorld(),
): Promise<StartedTask> {
  const asked = world.answered('ask');
  const task = await tasks.start(world);
  await asked;
  return task;
}

/** Delivers a decision as the gateway does: by update, `updateId` being the decision's id. */
export async function decideBy(task: StartedTask, decision: DecisionMessage): Promise<Receipt> {
  return task.handle.executeUpdate(decideUpdate, { args: [decision], updateId: decision.id });
}

/** The code with which an update was refused. */
export async function refusalOf(update: Promise<unknown>): Promise<string> {
  return update.then(
    (value) => `accepted: ${JSON.stringify(value)}`,
    (error: unknown) => {
      const cause = error instanceof WorkflowUpdateFailedError ? error.cause : error;
      return cause instanceof ApplicationFailure ? String(cause.type) : String(cause);
    },
  );
}

/** The workflows, bundled from source; with modules of interceptors, if a test has any. */
export async function bundleTasks(
  workflowInterceptorModules: string[] = [],
): Promise<{ readonly code: string }> {
  const folder = fileURLToPath(new URL('../../src/workflows', import.meta.url));
  const logger = { trace() {}, debug() {}, info() {}, warn() {}, error: console.error, log() {} };
  return { code: await bundleWorkflows(folder, '.ts', { logger, workflowInterceptorModules }) };
}

/** Makes an empty server know the search attributes. */
export async function registerSearchAttributes(env: TestWorkflowEnvironment): Promise<void> {
  const { operatorService } = env.connection;
  const namespace = env.namespace ?? 'default';
  const known = await operatorService.listSearchAttributes({ namespace }).catch(() => undefined); // the time-skipping server cannot list
  if (known?.customAttributes?.['CountersignState'] !== undefined) return;
  const wanted = Object.entries(searchAttributes).map(([name, type]) => [
    name,
    encodeSearchAttributeIndexedValueType(type === 'Datetime' ? 'DATETIME' : 'KEYWORD'),
  ]);
  await operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(wanted) });
}

/** One set of activities for the worker, each call answered by the world of its task. */
function delegating(worlds: ReadonlyMap<TaskId, FakeWorld>): Activities {
  const of = (task: TaskId): Activities => {
    const world = worlds.get(task);
    if (world === undefined) throw new Error(`there is no world for ${task}`);
    return world.activities();
  };
  return {
    plan: (input) => of(input.task).plan(input),
    ask: (input) => of(input.task).ask(input),
    verify: (input) => of(input.task).verify(input),
    expire: (input) => of(input.task).expire(input),
    inspect: (input) => of(input.task).inspect(input),
    execute: (input) => of(input.task).execute(input),
    undo: (input) => of(input.task).undo(input),
    safeguard: (input) => of(input.task).safeguard(input),
    conclude: (input) => of(input.task).conclude(input),
    record: (input) => of(input.task).record(input),
  };
}
