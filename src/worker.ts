import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker, type InjectedSinks, type WorkerOptions } from '@temporalio/worker';
import type { RunSinks } from './activities/api.js';
import { modelPlanner, type ModelPlannerOptions } from './activities/adapters/model-planner.js';
import { scriptedPlanner } from './activities/adapters/scripted-planner.js';
import { slackNotifier } from './activities/adapters/slack.js';
import { smtpNotifier } from './activities/adapters/smtp.js';
import { webhookSender } from './activities/adapters/webhook.js';
import { claimsAhead } from './activities/claims-ahead.js';
import { closeAbandoned, closeEnded } from './activities/endings.js';
import { createActivities } from './activities/index.js';
import { loadTools, type Toolbox } from './activities/load-tools.js';
import { policyShelf } from './activities/policy-shelf.js';
import type { ActivityDeps, Log, Notifier, Planner, Point } from './activities/ports.js';
import { createTaskClient } from './client/task-client.js';
import type { WorkerConfig } from './config.js';
import type { HookTarget } from './contract/hooks-file.js';
import { toolFacts } from './contract/tool.js';
import { databaseUrlOf } from './dev/embedded.js';
import { startDispatcher } from './dispatcher/dispatcher.js';
import { CountersignError } from './domain/errors.js';
import { readHooks } from './hooks-file.js';
import type { Hooks } from './contract/hooks-file.js';
import { readModelKey, readSecretKeys, readSlackToken, readVerifier } from './keys.js';
import { addressesOf } from './policy/roster.js';
import { openReadyDatabase } from './ready-database.js';
import { requireSameNamespace, requireSearchAttributes } from './ready-namespace.js';
import type { Clock } from './store/database.js';
import { publishHooks } from './store/hooks.js';
import { publishTools } from './store/tools.js';
import { temporalFault } from './temporal-fault.js';
import { decisionsFirst } from './workflow-slots.js';

export { defineTool, ToolFailure } from './contract/tool.js';
export type { WorkerConfig } from './config.js';

/** What may be given beside the configuration. */
export interface WorkerExtras {
  /** Instead of importing the module that the configuration names. */
  readonly tools?: Toolbox;
  /** Beside `scripted`, and `model` if one is configured. */
  readonly planners?: Readonly<Record<string, Planner>>;
  readonly log?: Log;
  /** Awaited at each named point; for tests. */
  readonly point?: (
    point: Point,
    where: { readonly task: string; readonly operation: number },
  ) => Promise<void>;
  /** Instead of the database's clock; for tests with skipped time. */
  readonly clock?: Clock;
}

/** A worker that polls, and its dispatcher. */
export interface RunningWorker {
  /** Settles when the worker has ended; rejects when it ended by itself. */
  readonly done: Promise<void>;
  /** Lets running calls finish, then ends. */
  stop(): Promise<void>;
}

/** How many waiting runs stay in memory; each takes 200-290 KB, and one that waits for days is better evicted. */
const CACHED_WORKFLOWS = 200;
/** After kill -9 the next task of each cached run waits so long for the dead worker's queue (the SDK's default is 10 s). */
const STICKY_TIMEOUT_MS = 1_000;

/** The bundled workflow code that belongs to this version. */
export function workflowBundlePath(): string {
  const beside = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL('../dist/workflow-bundle.js', import.meta.url));
}

/** Connects, publishes the tools, starts to poll and to dispatch. Rejects with a CountersignError that says what is missing. */
export async function createWorker(config: WorkerConfig, extras: WorkerExtras = {}): Promise<RunningWorker> {
  const log = extras.log ?? jsonLog;
  const tools = extras.tools ?? (await loadTools(config.toolsFile));
  const verifier = readVerifier(config);
  const secrets = readSecretKeys(config);
  const notifiers = notifiersOf(config);
  const hooks = config.hooksFile === undefined ? undefined : readHooks(config.hooksFile).out;
  const policies = policyShelf();
  const model = modelOf(
    config,
    tools,
    async (tenant, agent) => (await policies.active(database, tenant)).agents.get(agent)?.tools,
  );
  const database = await openReadyDatabase({
    url: databaseUrlOf(config),
    applicationName: 'countersign-worker',
    ...(extras.clock ? { clock: extras.clock } : {}),
  });
  const deps: ActivityDeps = {
    database,
    policies,
    tools,
    planners: { scripted: scriptedPlanner, ...model, ...extras.planners },
    verifier,
    secrets,
    channels: notifiers.map((notifier) => notifier.channel),
    log,
    ...(extras.point ? { point: extras.point } : {}),
  };
  const { worker, close, client } = await published(deps, hooks)
    .then(() => connectWorker(config, deps))
    .catch(async (error: unknown) => {
      await database.close();
      throw error;
    });
  const dispatcher = dispatcherOf(config, { deps, client, notifiers, hooks, point: extras.point });
  const done = runUntilEnd(worker, async () => {
    await dispatcher.stop();
    await close();
    await database.close();
  });
  return {
    done,
    async stop() {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await done;
    },
  };
}

/** What a dispatcher drives with, beside the settings. */
interface DispatcherParts {
  readonly deps: ActivityDeps;
  readonly client: Client;
  readonly notifiers: readonly Notifier[];
  readonly hooks: Hooks['out'] | undefined;
  readonly point: WorkerExtras['point'];
}

function dispatcherOf(
  config: WorkerConfig,
  { deps, client, notifiers, hooks, point }: DispatcherParts,
): ReturnType<typeof startDispatcher> {
  const { database, policies, log } = deps;
  return startDispatcher({
    database,
    tasks: createTaskClient({ client, taskQueue: config.taskQueue, log }),
    notifiers,
    addressesOf: async (tenant, role, channel) =>
      addressesOf(await policies.active(database, tenant), role, channel),
    publicUrl: config.publicUrl,
    ...(hooks ? { hooks: webhookSender(hooks) } : {}),
    closeEnded: (task, as) => closeEnded(deps, task, as),
    settleAbandoned: () => closeAbandoned(deps),
    log,
    ...(point ? { point } : {}),
  });
}

/** The channels, the one that is used first in front. */
function notifiersOf({ mail, slackTokenFile, firstChannel }: WorkerConfig): readonly Notifier[] {
  const all = [
    ...(mail ? [smtpNotifier(mail)] : []),
    ...(slackTokenFile === undefined ? [] : [slackNotifier({ token: readSlackToken(slackTokenFile) })]),
  ];
  return all.toSorted((a, b) => Number(b.channel === firstChannel) - Number(a.channel === firstChannel));
}

function modelOf(
  { model }: WorkerConfig,
  tools: Toolbox,
  toolsOf: ModelPlannerOptions['toolsOf'],
): Readonly<Record<string, Planner>> {
  if (!model) return {};
  const endpoint = { url: model.url, model: model.name, key: readModelKey(model) };
  return { model: modelPlanner({ endpoint, tools, toolsOf }) };
}

async function published(
  { database, tools }: ActivityDeps,
  hooks: readonly HookTarget[] | undefined,
): Promise<void> {
  const facts = [...tools.values()].map((tool) => ({
    facts: toolFacts(tool),
    schema: tool.schema,
    output: tool.outputSchema,
  }));
  const now = await database.now();
  await publishTools(database, facts, now);
  if (hooks) await publishHooks(database, hooks, now);
}

async function runUntilEnd(worker: Worker, close: () => Promise<void>): Promise<void> {
  try {
    await worker.run();
  } finally {
    await close();
  }
}

async function connectWorker(
  config: WorkerConfig,
  deps: ActivityDeps,
): Promise<{ worker: Worker; client: Client; close(): Promise<void> }> {
  const { namespace, connection: options } = config.temporal;
  const opened: { close(): Promise<void> }[] = [];
  const close = async () => void (await Promise.allSettled(opened.map((connection) => connection.close())));
  try {
    const native = await NativeConnection.connect(options);
    opened.unshift(native);
    const connection = await Connection.connect(options);
    opened.unshift(connection);
    await requireSearchAttributes(connection, config.temporal);
    await requireSameNamespace(connection, config.temporal, deps.database);
    const ahead = claimsAhead(deps);
    const worker = await Worker.create({
      connection: native,
      namespace,
      taskQueue: config.taskQueue,
      workflowBundle: { codePath: workflowBundlePath() },
      activities: createActivities(deps, ahead),
      sinks: {
        claims: { ahead: { fn: ahead.begin, callDuringReplay: false } },
      } satisfies InjectedSinks<RunSinks>,
      maxCachedWorkflows: CACHED_WORKFLOWS,
      stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT_MS,
      tuner: decisionsFirst(),
      shutdownGraceTime: '10s',
      ...versioningOf(config),
    });
    return { worker, client: new Client({ connection, namespace }), close };
  } catch (error) {
    await close();
    if (error instanceof CountersignError || !(error instanceof Error)) throw error;
    throw temporalFault(config.temporal, error);
  }
}

/**
 * A task waits for days, so its next step goes to the build that is current then: every release replays the histories of those before
 * (docs/decisions/013).
 */
function versioningOf({ deployment }: WorkerConfig): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  if (deployment === undefined) return {};
  return {
    workerDeploymentOptions: {
      useWorkerVersioning: true,
      version: { deploymentName: deployment.name, buildId: deployment.buildId },
      defaultVersioningBehavior: 'AUTO_UPGRADE',
    },
  };
}

/** One JSON line per event on standard error. */
export const jsonLog: Log = (level, event, values) => {
  process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), level, event, ...values })}\n`);
};
