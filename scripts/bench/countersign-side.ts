import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { escalationId, type TaskId } from '../../src/domain/ids.js';
import type { CountersignClient } from '../../src/sdk/client.js';
import { watchQuestions } from './asked-questions.js';
import type { SideContext } from './bare-side.js';
import { AGENT, TENANT } from './bench-policy.js';
import { deploy } from './deployment.js';
import { monotonicMs } from './marks.js';
import { LOOK_MS, type Side } from './side.js';

/** Starts our side: gateway and worker processes of their own; this process is submitting service and reviewer, over HTTP. */
export async function startCountersign(
  context: SideContext & {
    readonly databaseUrl: string;
    readonly admin: pg.Client;
    readonly nodeArgs: (process: 'worker' | 'gateway') => readonly string[];
  },
): Promise<Side> {
  const { marks, admin } = context;
  const deployment = await deploy(context);
  const { service, reviewer, gateway } = deployment;
  const asked = watchQuestions(admin);
  let worker = await deployment.startWorker();
  return {
    name: 'countersign',
    processes: () => ({ worker: worker.pid, gateway: gateway.pid }),
    async run(id) {
      const submitted = monotonicMs();
      await submit(service, id);
      await marks.wait('asking', id);
      const askedAt = await asked.wait(id);
      const read = await readQuestion(reviewer, id);
      await sleep(Math.max(0, askedAt + LOOK_MS - monotonicMs()));
      const decided = monotonicMs();
      const decidedAtWall = Date.now();
      await approve(reviewer, id, read);
      const acknowledged = monotonicMs();
      const result = await service.tasks.result(id, { waitSeconds: 60 });
      const answered = monotonicMs();
      if (result.state !== 'COMPLETED')
        throw new Error(`task ${id} ended as ${result.state}: ${result.detail}`);
      const executed = await marks.wait('executed', id);
      const workflowId = `${TENANT}/${id}`;
      return {
        workflowId,
        submitted,
        asked: askedAt,
        decided,
        decidedAtWall,
        acknowledged,
        executed,
        answered,
      };
    },
    async park(id) {
      await submit(service, id);
      await asked.wait(id);
    },
    async release(id) {
      await approve(reviewer, id, await readQuestion(reviewer, id));
      return marks.wait('executed', id);
    },
    async replaceWorker() {
      await worker.kill();
      worker = await deployment.startWorker();
      return monotonicMs();
    },
    async stop() {
      await gateway.stop();
      await worker.stop();
    },
  };
}

type Read = Awaited<ReturnType<CountersignClient['escalations']['get']>>;

function submit(service: CountersignClient, id: string): Promise<unknown> {
  const action = { tool: 'bench_pay', args: { task: id, cents: 100, to: 'bob' } };
  const task = id as TaskId; // letters, digits and hyphens
  return service.tasks.submit({
    task,
    agent: AGENT,
    goal: 'Pay Bob what is owed',
    situation: 'refund',
    action,
  });
}

/** What a reviewer reads before deciding; its version and digest go back with the decision. */
function readQuestion(reviewer: CountersignClient, id: string): Promise<Read> {
  return reviewer.escalations.get(escalationOf(id));
}

function approve(reviewer: CountersignClient, id: string, { version, digest }: Read): Promise<unknown> {
  return reviewer.escalations.decide(escalationOf(id), {
    decision: 'approve',
    why: 'it is owed',
    version,
    digest,
  });
}

function escalationOf(id: string): string {
  return escalationId(id as TaskId, 1); // letters, digits and hyphens
}
