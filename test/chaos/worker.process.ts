/** A worker to be killed. Its one argument is a WorkerOrders as JSON. Prints `ready` once it polls. */
import { DefaultLogger, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { createWorker, jsonLog } from '../../src/worker.js';
import { obeyParent, pointsOf, stopInOrder, type WorkerOrders } from './orders.js';
import { worldTools } from './world.js';

obeyParent();
const orders = JSON.parse(process.argv[2] ?? '') as WorkerOrders; // written by victim.ts
const point = pointsOf(orders);
const verbose = process.env['COUNTERSIGN_TEST_LOG'] !== undefined;
Runtime.install({ logger: new DefaultLogger(verbose ? 'INFO' : 'ERROR') });

type Activity = (input: { task: string; operation?: number }) => Promise<unknown>;

/** Every activity passes `NAME-begun` and `NAME-done`: before its first step, and when all is stored and nobody was told. */
function pointed(activities: object): object {
  return Object.fromEntries(
    Object.entries(activities as Record<string, Activity>).map(([name, activity]) => [
      name,
      async (input: { task: string; operation?: number }) => {
        const where = { task: input.task, operation: input.operation ?? 0 };
        await point(`${name}-begun`, where);
        const result = await activity(input);
        await point(`${name}-done`, where);
        return result;
      },
    ]),
  );
}

const create = Worker.create.bind(Worker);
Worker.create = (options: WorkerOptions) =>
  create({
    ...options,
    activities: pointed(options.activities ?? {}),
    ...(orders.bundle === null
      ? {}
      : {
          workflowBundle: { codePath: orders.bundle },
          sinks: {
            ...options.sinks,
            points: {
              at: {
                fn: (info, name: string) =>
                  point(name, { task: info.workflowId.split('/')[1] ?? '', operation: 0 }),
                callDuringReplay: false,
              },
            },
          },
        }),
  });

const tools = new Map(worldTools(orders.book, point, orders.callMs).map((tool) => [tool.name, tool]));
const worker = await createWorker(orders.config, { tools, point, log: verbose ? jsonLog : () => undefined });
stopInOrder(worker);
process.stdout.write('ready\n');
