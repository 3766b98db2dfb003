import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TENANT } from '../support/gate.js';
import { bundleTasks } from '../support/task-runner.js';
import { deploy, expectSound, type Deployment } from './deployment.js';
import { shortHistoryServer } from './short-history.js';
import { killLiving } from './victim.js';

const SLOW = 120_000;
const MINUTE = 60_000;

let there: Deployment;
let bundle: string;
let stopServer: () => Promise<void>;
beforeAll(async () => {
  const server = await shortHistoryServer(14);
  stopServer = server.stop;
  there = await deploy({ temporal: { address: server.address, namespace: 'default', taskQueue: 'short' } });
  const { code } = await bundleTasks([fileURLToPath(new URL('./continue-points.ts', import.meta.url))]);
  bundle = join(there.running.workerConfig.dataDir, 'bundle.js');
  writeFileSync(bundle, code);
}, SLOW);
afterAll(async () => {
  await there.stop();
  await stopServer();
});

/** Moves the deadline, so that the history grows; returns the new one. */
async function extend(task: string, times: number): Promise<number> {
  let until = 0;
  for (let n = 1; n <= times; n++) {
    until = ((await there.asked(task)).answerBy ?? 0) + MINUTE;
    await there.decide(task, { decision: 'extend', until }, { key: `extend-${n}` });
  }
  return until;
}

async function runs(task: string): Promise<number> {
  return (await there.journal(task)).filter((type) => type === 'run-started').length;
}

/**
 * One victim stands at every point at once, one task each, and is killed once. Seen to fail: a carry-over without the branches (the question is
 * asked again and the approval is stale), without the events that were not acknowledged (the journal lacks `settled`), `mayLeave` not looking
 * at the calls under way.
 */
describe('kill -9 of the worker around continue-as-new', () => {
  const POINTS = ['run-leaving', 'run-begun'];
  const asked = new Map<string, number>();
  const until = new Map<string, number>();

  beforeAll(async () => {
    const steps = [
      ...POINTS.map((point) => `${point} at-${point}`),
      'run-leaving in-flight',
      'run-leaving steps',
    ];
    const victim = await there.worker({ bundle, stopAt: steps });
    const questions = [...POINTS.map((point) => `at-${point}`), 'in-flight'];
    await Promise.all(questions.map((task) => there.submit(task, 'pay')));
    await there.submit(
      'steps',
      Array.from({ length: 6 }, () => 'look'),
    );
    for (const task of questions) asked.set(task, (await there.asked(task)).answerBy ?? 0);
    const extending = questions.map(async (task) => until.set(task, await extend(task, 2)));
    await Promise.all(steps.map((step) => victim.reached(step)));
    await extending.at(-1);
    expect(await there.decide('in-flight', { decision: 'approve' })).toMatchObject({ applied: false });
    await victim.kill();
    await there.worker();
    await Promise.all(extending);
  }, SLOW);
  afterAll(killLiving);

  it.each(POINTS)('at %s: the next run goes on with deadline and question', async (point) => {
    const task = `at-${point}`;
    await there.decide(task, { decision: 'approve' });
    await expectOnce(task);
    expect(await runs(task)).toBeGreaterThan(1);
    expect((await there.journal(task)).filter((type) => type === 'asked')).toHaveLength(1);
    expect(until.get(task)).toBeGreaterThan(asked.get(task) ?? Infinity);
  });

  it('a decision in flight while the run hands over is neither lost nor doubled (fault 15)', async () => {
    await expectOnce('in-flight');
    expect(await there.temporal.workflow.getHandle(`${TENANT}/in-flight`).result()).toMatchObject({
      state: 'COMPLETED',
    });
  });

  it('a planned task hands over between its steps and repeats none', async () => {
    expect(await there.end('steps')).toMatchObject({ state: 'COMPLETED' });
    expect(there.effects('steps').map((effect) => effect.operation)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await runs('steps')).toBeGreaterThan(1);
    await expectSound(there, 'steps');
  });
});

async function expectOnce(task: string): Promise<void> {
  expect(await there.end(task)).toMatchObject({ state: 'COMPLETED', results: [{ outcome: 'executed' }] });
  expect([there.calls(task).length, there.effects(task).length]).toEqual([1, 1]);
  await expectSound(there, task);
}
