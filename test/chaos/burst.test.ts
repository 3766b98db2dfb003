import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { deploy, type Deployment } from './deployment.js';
import { areSettled, eachOf, expectAllCalled } from './many.js';
import { killLiving } from './victim.js';
import { readBook } from './world.js';
import { waitFor } from '../support/wait.js';

const SLOW = 280_000;
const DECISIONS = Number(process.env['COUNTERSIGN_BURST'] ?? 200);
const KILL_AT = 0.4;

let there: Deployment;
beforeAll(async () => {
  there = await deploy();
});
afterEach(killLiving);
afterAll(() => there.stop());

/**
 * Every second call is of a tool that honours keys. Each decision is sent once. Seen to fail: without the dispatcher's sending (decisions whose
 * update was never acknowledged do not move), with the SDK's default sticky time-out (first resume after 10 s).
 */
describe('a burst of decisions, the worker killed in its middle', () => {
  it.each([{ time: 1 }, { time: 2 }, { time: 3 }])(
    `${DECISIONS} decisions, killed at 40 percent of the effects, time $time`,
    async ({ time }) => {
      const tasks = Array.from({ length: DECISIONS }, (_, n) => `burst-${time}-${n}`);
      const toolOf = (task: string) => (Number(task.split('-')[2]) % 2 === 0 ? 'pay' : 'refund');
      const before = readBook(there.book).length;
      const victim = await there.worker({ report: ['call-effected'] });
      await eachOf(tasks, (task) => there.submit(task, toolOf(task)));
      await eachOf(tasks, (task) => there.asked(task));
      const deciding = eachOf(tasks, async (task) => {
        // 200 or 202: both promise that it will happen.
        expect(await there.decide(task, { decision: 'approve' })).toMatchObject({ verb: 'approve' });
      });
      await victim.reached('call-effected', Math.floor(DECISIONS * KILL_AT));
      await victim.kill();
      const successor = await there.worker();
      const readyAt = Date.now() - (performance.now() - successor.readyAt);
      await deciding;
      await waitFor(() => areSettled(there, tasks), 120_000);

      const counts = await expectAllCalled(there, tasks);
      const book = readBook(there.book).slice(before);
      const keys = book.filter((entry) => entry.kind === 'effect').map((entry) => entry.key);
      expect(new Set(keys).size, 'doubled').toBe(keys.length);
      expect(keys.length, 'lost').toBeGreaterThanOrEqual(counts.executed);
      const first = Math.min(...book.filter((entry) => entry.pid === successor.pid).map((entry) => entry.at));
      const firstResumeMs = Math.round(first - readyAt);
      process.stdout.write(
        `burst ${time}: ${DECISIONS} decisions, ${counts.executed} executed, ${counts.unknown} unknown, 0 doubled, 0 lost, first resume ${firstResumeMs} ms after the new worker was ready\n`,
      );
      expect(firstResumeMs).toBeLessThan(2_000);
    },
    SLOW,
  );
});
