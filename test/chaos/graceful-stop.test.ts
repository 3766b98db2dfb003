import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { deploy, expectSound, type Deployment } from './deployment.js';
import { eachOf } from './many.js';
import { killLiving, startVictimGateway } from './victim.js';

const SLOW = 120_000;

let there: Deployment;
beforeAll(async () => {
  there = await deploy();
}, SLOW);
afterEach(killLiving);
afterAll(() => there.stop());

/** `pay` honours no keys: a call that was cut off would say `unknown`. */
async function expectExecuted(task: string): Promise<void> {
  expect(await there.end(task)).toMatchObject({ state: 'COMPLETED', results: [{ outcome: 'executed' }] });
  expect([there.calls(task).length, there.effects(task).length]).toEqual([1, 1]);
  await expectSound(there, task);
}

const ON_THE_WAY = ['execute-begun', 'claimed', 'call-entered', 'call-effected', 'called', 'result-recorded'];

/** Seen to fail: a worker that does not wait for its calls, a gateway that closes every connection at once. */
describe('SIGTERM while work is under way (fault 28)', () => {
  it(
    'a worker finishes its calls, and what it no longer takes waits for the next',
    { timeout: SLOW },
    async () => {
      const worker = await there.worker({ stopAt: ON_THE_WAY.map((point) => `${point} at-${point}`) });
      await eachOf([...ON_THE_WAY.map((point) => `at-${point}`), 'meanwhile'], (task) =>
        there.submit(task, 'pay'),
      );
      const meanwhile = await there.asked('meanwhile');
      await eachOf(ON_THE_WAY, (point) => there.decide(`at-${point}`, { decision: 'approve' }));
      await Promise.all(ON_THE_WAY.map((point) => worker.reached(`${point} at-${point}`)));
      const ended = worker.terminate();
      await worker.reached('stopping');
      const answer = there.answer(meanwhile, {});
      for (const point of ON_THE_WAY) worker.release(`${point} at-${point}`);
      expect(await ended).toBe('0');
      // Finished by the worker that was told to go: nobody else runs.
      for (const point of ON_THE_WAY)
        expect(await there.ledger(`at-${point}`), point).toMatchObject([{ status: 'done' }]);
      await answer;
      await there.worker();
      for (const point of ON_THE_WAY) await expectExecuted(`at-${point}`);
      await expectExecuted('meanwhile');
    },
  );

  it('a gateway answers the decisions that it has begun, and takes no more', { timeout: SLOW }, async () => {
    await there.worker();
    const gateway = await startVictimGateway({
      config: there.running.gatewayConfig,
      stopAt: ['decision-stored'],
    });
    const tasks = Array.from({ length: 8 }, (_, n) => `begun-${n}`);
    await eachOf([...tasks, 'refused'], (task) => there.submit(task, 'pay'));
    const questions = await Promise.all(tasks.map((task) => there.asked(task)));
    const refused = await there.asked('refused');
    await there.person('amira', gateway.ready);
    const answers = Promise.all(
      questions.map((question) => there.answer(question, {}, { url: gateway.ready })),
    );
    await gateway.reached('decision-stored', tasks.length);
    const ended = gateway.terminate();
    await gateway.reached('stopping');
    await expect(there.answer(refused, {}, { url: gateway.ready })).rejects.toMatchObject({
      code: 'unreachable',
    });
    gateway.release('decision-stored -');
    for (const answer of await answers) expect(answer).toMatchObject({ verb: 'approve', applied: true });
    expect(await ended).toBe('0');
    for (const task of tasks) await expectExecuted(task);
  });
});
