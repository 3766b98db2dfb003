import { afterAll, beforeAll, expect, it } from 'vitest';
import { TENANT } from '../support/gate.js';
import { waitFor } from '../support/wait.js';
import { deployOnOwnServers } from './own-servers.js';
import { killLiving } from './victim.js';

let there: Awaited<ReturnType<typeof deployOnOwnServers>>;
beforeAll(async () => {
  there = await deployOnOwnServers();
}, 120_000);
afterAll(async () => {
  await killLiving();
  await there.stop();
});

/**
 * A decision is verified, and takes effect in the store, before any history has it: an update is in Temporal's memory alone until its
 * workflow task is done. Seen to fail: what had taken effect was never told again, and both tasks waited on a question that nobody saw.
 */
it('a run hears what was verified while the Temporal server died', async () => {
  const words = {
    rejected: { tools: 'pay', decision: { decision: 'reject' } },
    taken: { tools: ['pay', 'look'], decision: { decision: 'take-over', outcome: { done: 'by hand' } } },
  } as const;
  const tasks = Object.keys(words) as (keyof typeof words)[]; // Object.keys forgets the literal keys
  const worker = await there.worker({ stopAt: tasks.map((task) => `verify-done ${task}`) });
  const answers = tasks.map(async (task) => {
    await there.submit(task, [words[task].tools].flat());
    return there.answer(await there.asked(task), words[task].decision);
  });
  await Promise.all(tasks.map((task) => worker.reached(`verify-done ${task}`)));
  await there.stack.temporal.kill();
  for (const task of tasks) worker.release(`verify-done ${task}`);
  expect(await Promise.all(answers)).toMatchObject([{ applied: false }, { applied: false }]);
  await there.stack.temporal.start();
  for (const task of tasks)
    await waitFor(async () => {
      const { status } = await there.temporal.workflow.getHandle(`${TENANT}/${task}`).describe();
      return status.name === 'COMPLETED' ? true : undefined;
    });
  expect(await there.end('rejected')).toMatchObject({ state: 'COMPLETED' });
  expect(await there.end('taken')).toMatchObject({ state: 'COMPLETED', reason: 'taken-over' });
  expect([...there.effects('rejected'), ...there.effects('taken')]).toEqual([]);
}, 120_000);
