import { afterAll, beforeAll, expect, it } from 'vitest';
import { deploy, expectSound, type Deployment } from './deployment.js';
import { killLiving } from './victim.js';

const SLOW = 120_000;

let there: Deployment;
beforeAll(async () => {
  there = await deploy();
}, SLOW);
afterAll(async () => {
  await killLiving();
  await there.stop();
});

/** Seen to fail: a claim that is committed before its activity is there (the ledger says `claimed`). */
it.each(['pay', 'refund'])(
  'kill -9 of a worker whose claim stands ready: nothing was claimed, and %s runs once',
  { timeout: SLOW },
  async (tool) => {
    const task = `claim-ready-${tool}`;
    const victim = await there.worker({ stopAt: [`claim-ready ${task}`] });
    await there.submit(task, tool);
    await there.asked(task);
    await there.decide(task, { decision: 'approve' });
    await victim.reached(`claim-ready ${task}`);
    await victim.kill();
    expect(await there.ledger(task)).toMatchObject([{ status: 'open' }]);
    expect([there.calls(task).length, there.effects(task).length]).toEqual([0, 0]);
    const next = await there.worker();
    expect(await there.end(task)).toMatchObject({
      state: 'COMPLETED',
      results: [{ outcome: 'executed' }],
    });
    expect([there.calls(task).length, there.effects(task).length]).toEqual([1, 1]);
    await expectSound(there, task);
    await next.kill();
  },
);
