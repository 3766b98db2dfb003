import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deploy, expectSound, type Deployment } from '../chaos/deployment.js';
import { eachOf } from '../chaos/many.js';
import { killLiving, type Victim } from '../chaos/victim.js';
import { TENANT } from '../support/gate.js';
import { serverRounds, Tally } from '../support/race.js';

const ROUNDS = serverRounds();
const SLOW = 90_000 + ROUNDS * 2_000;
/** All rounds stand in a call at once, until the last of them has been reset; the second attempt waits until the call must be over. */
const CALL_MS = 15_000 + ROUNDS * 300;
const TOOLS = ['pay', 'refund'];

let there: Deployment;
beforeAll(async () => {
  there = await deploy();
}, SLOW);
afterAll(() => there.stop());

/**
 * Takes a run back to its beginning, as an operator's reset does: it is ended, the call that it scheduled is still under way in a worker,
 * and a new run of the same task comes to the same call.
 */
async function reset(task: string): Promise<void> {
  const workflowId = `${TENANT}/${task}`;
  const { namespace } = there.running.workerConfig.temporal;
  const { events } = await there.temporal.workflow.getHandle(workflowId).fetchHistory();
  const begun = events?.find((event) => event.workflowTaskCompletedEventAttributes);
  if (!begun?.eventId) throw new Error(`${task} has not begun`);
  await there.temporal.workflowService.resetWorkflowExecution({
    namespace,
    workflowExecution: { workflowId },
    workflowTaskFinishEventId: begun.eventId,
    reason: 'a race',
    requestId: randomUUID(),
  });
}

/** The end of the new run: what its own attempt heard of the call, which closes the task in the store before. */
async function secondRun(task: string): Promise<void> {
  await there.temporal.workflow.getHandle(`${TENANT}/${task}`).result();
}

/** All rounds side by side: each call stands at the point, then its run is reset and a second attempt comes. */
async function secondAttempts(
  name: string,
  point: string,
): Promise<{ tasks: readonly string[]; worker: Victim }> {
  const tasks = Array.from({ length: ROUNDS }, (_, n) => `${name}-${n}`);
  const worker = await there.worker({
    stopAt: tasks.map((task) => `${point} ${task}`),
    report: ['claim-before'],
    callMs: CALL_MS,
  });
  await eachOf(tasks, (task) => there.submit(task, TOOLS[Number(task.split('-')[1]) % 2] ?? ''));
  await eachOf(tasks, (task) => there.decide(task, { decision: 'approve' }));
  await Promise.all(tasks.map((task) => worker.reached(`${point} ${task}`)));
  await eachOf(tasks, reset);
  await Promise.all(tasks.map((task) => worker.reached(`claim-before ${task}`, 2)));
  return { tasks, worker };
}

/** Seen to fail: a claim that neither locks the operation's rows nor waits while an attempt before it may run (called twice). */
describe('two attempts at one call on a real server', () => {
  it('two claims at once: one call, one effect, and both hear of its result', { timeout: SLOW }, async () => {
    const tally = new Tally('server: two claims', ['one effect']);
    const { tasks, worker } = await secondAttempts('cc', 'claim-before');
    for (const task of tasks) worker.release(`claim-before ${task}`);
    await eachOf(tasks, async (task) => {
      expect(await there.end(task)).toMatchObject({ state: 'COMPLETED', results: [{ outcome: 'executed' }] });
      await secondRun(task);
      expect([there.calls(task).length, there.effects(task).length]).toEqual([1, 1]);
      await expectSound(there, task);
      tally.win('one effect');
    });
    tally.finish('one effect');
    await killLiving();
  });

  it(
    'attempt 2 comes while attempt 1 runs: it waits, and gets the result of the first',
    { timeout: SLOW },
    async () => {
      const tally = new Tally('server: attempt 1 runs, attempt 2 comes', ['attempt 1', 'attempt 2']);
      const { tasks, worker } = await secondAttempts('at', 'call-entered');
      for (const task of tasks)
        expect([there.calls(task).length, there.effects(task).length]).toEqual([1, 0]);
      for (const task of tasks) worker.release(`call-entered ${task}`);
      await eachOf(tasks, async (task) => {
        expect(await there.end(task)).toMatchObject({
          state: 'COMPLETED',
          results: [{ outcome: 'executed' }],
        });
        await secondRun(task);
        expect([there.calls(task).length, there.effects(task).length]).toEqual([1, 1]);
        const [row] = await there.ledger(task);
        tally.win(`attempt ${row?.attempt}`);
        await expectSound(there, task);
      });
      tally.finish('attempt 1');
      await killLiving();
    },
  );
});
