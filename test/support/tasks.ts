import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkerOptions } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, vi } from 'vitest';
import { TaskRunner, type StartedTask, type TaskStarter } from './task-runner.js';

export { decideBy, refusalOf, startAsked, type StartedTask } from './task-runner.js';

/** The tasks of one test file, on one server with one worker. */
export interface Tasks extends TaskStarter {
  readonly env: () => TestWorkflowEnvironment;
  readonly runsOf: (task: StartedTask) => ReturnType<TaskRunner['runsOf']>;
  readonly stopWorker: () => Promise<void>;
  readonly resumeWorker: () => Promise<void>;
}

/** Opens a server for a file's tasks. After every test, each run that it started is replayed. */
export function useTasks(
  open: () => Promise<TestWorkflowEnvironment>,
  options: Pick<WorkerOptions, 'maxCachedWorkflows'> = {},
): Tasks {
  let runner: TaskRunner;
  beforeAll(async () => {
    runner = await TaskRunner.open(open, options);
  });
  afterEach(async () => {
    await runner.resumeWorker();
    await runner.replayStarted();
  });
  afterAll(() => runner.close());
  return {
    env: () => runner.env,
    newWorld: () => runner.newWorld(),
    start: (world) => runner.start(world),
    runsOf: (task) => runner.runsOf(task),
    stopWorker: () => runner.stopWorker(),
    resumeWorker: () => runner.resumeWorker(),
  };
}

/** Looks again and again until it holds, for at most half a minute. */
export async function eventually(check: () => Promise<void> | void): Promise<void> {
  await vi.waitFor(check, { timeout: 30_000, interval: 20 });
}

/** Something that a test holds shut until it opens it. */
export function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}

/** How a task was closed in the store. */
export function closing({ world }: StartedTask): unknown {
  const call = world.calls.findLast(({ name }) => name === 'conclude');
  const { state, reason, detail } = (call?.input ?? {}) as {
    state?: string;
    reason?: string;
    detail?: string;
  }; // as ConcludeInput has them
  return { state, reason, detail };
}
