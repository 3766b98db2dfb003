import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { writeFileSync } from 'node:fs';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { decideBare, type bareApproval, type BareDecision } from './bare-workflow.js';
import { startChild, type Child } from './child.js';
import { monotonicMs, type Marks } from './marks.js';
import { pollerIs } from './pollers.js';
import { LOOK_MS, type Side } from './side.js';

const QUEUE = 'bench-bare';
const DECISION: BareDecision = { approved: true, by: 'amira', why: 'it is owed' };

/** Everything the sides need of what is already there. */
export interface SideContext {
  readonly dir: string;
  readonly address: string;
  readonly client: Client;
  readonly marks: Marks;
}

/** Starts the bare side: a worker process of its own; the client is this process. */
export async function startBare(
  context: SideContext & { readonly nodeArgs: readonly string[] },
): Promise<Side> {
  const { dir, address, client, marks, nodeArgs } = context;
  const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const bundle = join(dir, 'bare-bundle.js');
  const logger = new DefaultLogger('WARN');
  const workflowsPath = here('./bare-workflow.js');
  const { code } = await bundleWorkflowCode({ workflowsPath, preloadModules: [workflowsPath], logger });
  writeFileSync(bundle, code);
  let child = await start();

  function start(): Promise<Child> {
    return startChild({
      name: 'the worker of the bare side',
      args: [...nodeArgs, here('./bare-worker.process.js'), address, QUEUE, bundle, marks.path],
      environment: {},
      logFile: join(dir, 'bare-worker.log'),
      ready: (pid) => pollerIs(client, QUEUE, pid),
    });
  }
  async function submit(id: string): Promise<WorkflowHandle<typeof bareApproval>> {
    return client.workflow.start<typeof bareApproval>('bareApproval', {
      workflowId: id,
      taskQueue: QUEUE,
      args: [{ id }],
    });
  }
  return {
    name: 'bare',
    processes: () => ({ worker: child.pid }),
    async run(id) {
      const submitted = monotonicMs();
      const handle = await submit(id);
      const asked = await marks.wait('asking', id);
      const waiting = await marks.wait('waiting', id);
      await sleep(Math.max(0, waiting + LOOK_MS - monotonicMs()));
      const decided = monotonicMs();
      const decidedAtWall = Date.now();
      await handle.executeUpdate(decideBare, { args: [DECISION], updateId: id });
      const acknowledged = monotonicMs();
      await handle.result();
      const answered = monotonicMs();
      const executed = await marks.wait('executed', id);
      return { workflowId: id, submitted, asked, decided, decidedAtWall, acknowledged, executed, answered };
    },
    async park(id) {
      await submit(id);
      await marks.wait('waiting', id);
    },
    async release(id) {
      await client.workflow.getHandle(id).executeUpdate(decideBare, { args: [DECISION], updateId: id });
      return marks.wait('executed', id);
    },
    async replaceWorker() {
      await child.kill();
      child = await start();
      return monotonicMs();
    },
    stop: () => child.stop(),
  };
}
