/** The worker of the bare side: `node bare-worker.process.js ADDRESS QUEUE BUNDLE MARKS`. Ends on SIGTERM. */
import { pathToFileURL } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime, Worker, type InjectedSinks } from '@temporalio/worker';
import { decisionsFirst } from '../../src/workflow-slots.js';
import type { BareSinks } from './bare-workflow.js';
import { markWriter } from './marks.js';

/** The two activities; each reports when it ran. */
export interface BareActivities {
  prepare(input: { readonly id: string }): Promise<{ readonly proposal: string }>;
  act(input: { readonly id: string }): Promise<{ readonly paid: number }>;
}

/** As our own worker sets them, so that both sides differ in nothing but the work. */
const SETTINGS = {
  maxCachedWorkflows: 200,
  stickyQueueScheduleToStartTimeout: 1_000,
  tuner: decisionsFirst(),
} as const;

async function main(address: string, taskQueue: string, codePath: string, marksFile: string): Promise<void> {
  Runtime.install({ logger: new DefaultLogger('WARN') });
  const mark = markWriter(marksFile);
  const activities: BareActivities = {
    async prepare({ id }) {
      mark('asking', id);
      return { proposal: `Pay 100 cents for ${id}` };
    },
    async act({ id }) {
      mark('executed', id);
      return { paid: 100 };
    },
  };
  const sinks: InjectedSinks<BareSinks> = { bench: { waiting: { fn: (_info, id) => mark('waiting', id) } } };
  const connection = await NativeConnection.connect({ address });
  const bundle = { workflowBundle: { codePath } };
  const worker = await Worker.create({ connection, taskQueue, activities, sinks, ...bundle, ...SETTINGS });
  await worker.run();
  await connection.close();
}

const [, script = '', ...args] = process.argv;
if (import.meta.url === pathToFileURL(script).href) {
  const [address = '', taskQueue = '', codePath = '', marksFile = ''] = args;
  await main(address, taskQueue, codePath, marksFile);
}
