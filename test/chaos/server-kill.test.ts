import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DecisionReceipt } from '../../src/contract/http.js';
import { waitFor } from '../support/wait.js';
import { expectSound } from './deployment.js';
import { areSettled, eachOf, expectAllCalled } from './many.js';
import { deployOnOwnServers } from './own-servers.js';
import { killLiving } from './victim.js';

const SLOW = 120_000;
const DECISIONS = 60;
const KILL_AT = 0.4;

let there: Awaited<ReturnType<typeof deployOnOwnServers>>;
beforeAll(async () => {
  there = await deployOnOwnServers();
}, SLOW);
afterAll(() => there.stop());

async function expectExecuted(task: string, calls = 1): Promise<void> {
  expect(await there.end(task)).toMatchObject({ state: 'COMPLETED', results: [{ outcome: 'executed' }] });
  expect([there.calls(task).length, there.effects(task).length]).toEqual([calls, 1]);
  await expectSound(there, task);
}

/** Where a call stands when its server dies; the worker lives, and the call goes on while the server is away. */
const CALLS = ['claimed', 'call-entered', 'call-effected', 'called', 'result-recorded', 'execute-done'];

/** Seen to fail: a dispatcher that sends no decisions, starts no tasks or repeats no halts; a ledger whose `done` is claimed again (called twice). */
describe('kill -9 of the Temporal server', () => {
  let whileAway: Record<'paused' | 'rejected' | 'in-time', DecisionReceipt>;

  beforeAll(async () => {
    const worker = await there.worker({
      report: ['ask-done'],
      stopAt: CALLS.map((point) => `${point} during-${point}`),
    });
    const paused = ['paused', 'rejected', 'halted', ...CALLS.map((point) => `during-${point}`)];
    await eachOf(paused, (task) => there.submit(task, 'pay'));
    const [question, other] = [await there.asked('paused'), await there.asked('rejected')];
    // Side by side: a call may take four seconds, and the hasty ones are asked for three.
    const [hasty, late] = await Promise.all([
      there.submit('in-time', 'hasty').then(() => there.asked('in-time')),
      there.submit('too-late', 'hasty').then(() => there.asked('too-late')),
      ...CALLS.map((point) => there.decide(`during-${point}`, { decision: 'approve' })),
      ...CALLS.map((point) => worker.reached(`${point} during-${point}`)),
    ]);
    await there.stack.temporal.kill();

    for (const point of CALLS) worker.release(`${point} during-${point}`);
    const [a, b, c] = await Promise.all([
      there.answer(question, { decision: 'approve' }),
      there.answer(other, { decision: 'reject' }),
      there.answer(hasty, { decision: 'approve' }),
      there.submit('submitted', 'look'),
      (await there.person('ruth')).halts.set({ scope: 'task', target: 'halted', why: 'no more of it' }),
      ...CALLS.map((point) =>
        waitFor(async () =>
          (await there.ledger(`during-${point}`))[0]?.status === 'done' ? true : undefined,
        ),
      ),
    ]);
    whileAway = { paused: a, rejected: b, 'in-time': c };
    await waitFor(async () =>
      (await there.running.database.now()) > (late.answerBy ?? 0) ? true : undefined,
    );
    await expect(there.answer(late, { decision: 'approve' })).rejects.toMatchObject({ code: 'too-late' });
    for (const task of ['paused', 'in-time', 'submitted']) expect(there.calls(task)).toHaveLength(0);
    await there.stack.temporal.start();
  }, SLOW);
  afterAll(killLiving);

  it('a decision while the server is away is kept, and applied when it is back', async () => {
    expect(whileAway.paused).toMatchObject({ verb: 'approve', applied: false, state: null });
    await expectExecuted('paused');
  });

  it('so is a rejection', async () => {
    expect(whileAway.rejected).toMatchObject({ verb: 'reject', applied: false });
    expect(await there.end('rejected')).toMatchObject({
      state: 'COMPLETED',
      results: [{ outcome: 'rejected' }],
    });
    expect(there.calls('rejected')).toHaveLength(0);
    await expectSound(there, 'rejected');
  });

  it('a decision given in time counts, though the server came back after the deadline', async () => {
    expect(whileAway['in-time']).toMatchObject({ applied: false });
    await expectExecuted('in-time');
  });

  it('a deadline that passed while the server was away is passed: the ladder goes on, nothing runs', async () => {
    expect(await there.end('too-late')).toMatchObject({
      state: 'COMPLETED',
      results: [{ outcome: 'denied' }],
    });
    expect(there.calls('too-late')).toHaveLength(0);
    await expectSound(there, 'too-late');
  });

  it('a task submitted while the server is away runs when it is back', () => expectExecuted('submitted'));

  it('a halt while the server is away reaches its task', async () => {
    expect(await there.end('halted')).toMatchObject({ state: 'FAILED', reason: 'halted' });
    expect(there.calls('halted')).toHaveLength(0);
    await expectSound(there, 'halted');
  });

  it.each(CALLS)('during a call, at %s: it is called once, and its result arrives', async (point) =>
    expectExecuted(`during-${point}`),
  );
});

/** Seen to fail: a claim that repeats any tool (`pay` is called again). */
describe('kill -9 of Temporal and the worker together, during calls', () => {
  const STANDING = ['claimed', 'call-entered', 'call-effected'];
  const steps = STANDING.flatMap((point) =>
    ['pay', 'refund'].map((tool) => ({ point, tool, task: `both-${point}-${tool}` })),
  );

  beforeAll(async () => {
    const victim = await there.worker({ stopAt: steps.map(({ point, task }) => `${point} ${task}`) });
    await eachOf(steps, ({ task, tool }) => there.submit(task, tool));
    await eachOf(steps, ({ task }) => there.decide(task, { decision: 'approve' }));
    await Promise.all(steps.map(({ point, task }) => victim.reached(`${point} ${task}`)));
    await Promise.all([there.stack.temporal.kill(), victim.kill()]);
    await there.stack.temporal.start();
    await there.worker();
  }, SLOW);
  afterAll(killLiving);

  it.each(steps.filter(({ tool }) => tool === 'refund'))(
    'at $point, with keys: one effect',
    async ({ task, point }) => {
      await expectExecuted(task, point === 'claimed' ? 1 : 2);
    },
  );

  it.each(steps.filter(({ tool }) => tool === 'pay'))(
    'at $point, without keys: unknown and asked',
    async ({ task, point }) => {
      expect(await there.asked(task, 2)).toMatchObject({ kind: 'resolution' });
      expect(there.calls(task)).toHaveLength(point === 'claimed' ? 0 : 1);
      expect(there.effects(task)).toHaveLength(point === 'call-effected' ? 1 : 0);
      await expectSound(there, task);
    },
  );
});

/** Seen to fail: a dispatcher that sends no decisions (lost), a claim that repeats any tool (doubled). */
describe('a burst of decisions, the Temporal server killed in its middle', () => {
  it(
    `nothing is lost or doubled, and no decision is sent twice`,
    async () => {
      const tasks = Array.from({ length: DECISIONS }, (_, n) => `burst-${n}`);
      const worker = await there.worker({ report: ['call-effected'] });
      await eachOf(tasks, (task) => there.submit(task, Number(task.slice(6)) % 2 === 0 ? 'pay' : 'refund'));
      await eachOf(tasks, (task) => there.asked(task));
      const said = { applied: 0, stored: 0 };
      const deciding = eachOf(tasks, async (task) => {
        const { applied } = await there.decide(task, { decision: 'approve' });
        said[applied ? 'applied' : 'stored']++;
      });
      await worker.reached('call-effected', Math.floor(DECISIONS * KILL_AT));
      await there.stack.temporal.kill();
      await waitFor(() => (said.stored > 0 ? true : undefined));
      await there.stack.temporal.start();
      await deciding;
      await waitFor(() => areSettled(there, tasks), 90_000);
      const { executed, unknown } = await expectAllCalled(there, tasks);
      process.stdout.write(
        `server killed: ${DECISIONS} decisions, ${said.applied} answered applied and ${said.stored} stored, ${executed} executed, ${unknown} unknown, 0 doubled, 0 lost\n`,
      );
    },
    SLOW,
  );
});
