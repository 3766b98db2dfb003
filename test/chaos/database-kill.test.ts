import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DecisionReceipt } from '../../src/contract/http.js';
import type { TaskId } from '../../src/domain/ids.js';
import { decisionsOf } from '../../src/store/decisions.js';
import { TENANT } from '../support/gate.js';
import { waitFor } from '../support/wait.js';
import { expectSound } from './deployment.js';
import { areSettled, eachOf, expectAllCalled, sendEach } from './many.js';
import { deployOnOwnServers } from './own-servers.js';
import { killLiving, startVictimGateway } from './victim.js';

const SLOW = 120_000;
const DECISIONS = 60;
const KILL_AT = 0.4;

let there: Awaited<ReturnType<typeof deployOnOwnServers>>;
beforeAll(async () => {
  there = await deployOnOwnServers();
}, SLOW);
afterAll(() => there.stop());

const killPostgres = () => there.stack.postgres?.kill();
const startPostgres = () => there.stack.postgres?.start();

async function expectOnce(task: string): Promise<void> {
  expect(await there.end(task)).toMatchObject({ state: 'COMPLETED', results: [{ outcome: 'executed' }] });
  expect([there.calls(task).length, there.effects(task).length]).toEqual([1, 1]);
  const stored = await decisionsOf(there.running.database, { tenant: TENANT, task: task as TaskId });
  expect(stored.map((row) => [row.verb, row.outcome])).toEqual([['approve', 'applied']]);
  await expectSound(there, task);
}

/** Holds a question as another transaction would, so that a decision about it stands in the middle of being stored. */
async function holdQuestion(task: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: there.stack.databaseUrl });
  client.on('error', () => undefined); // its server dies
  await client.connect();
  await client.query('begin');
  await client.query('select 1 from questions where task = $1 for update', [task]);
  return client;
}

/** Resolves when a gateway's transaction waits for a lock. */
function storing(): Promise<true> {
  return waitFor(async () => {
    const waiting = await there.running.database.query(
      "select 1 from pg_stat_activity where application_name = 'countersign-gateway' and wait_event_type = 'Lock'",
    );
    return waiting.length > 0 ? true : undefined;
  });
}

/** Where a call, or what comes before and after it, stands when the database dies; worker and call go on without it. */
const ON_THE_WAY = [
  'execute-begun',
  'claim-before',
  'call-entered',
  'call-effected',
  'called',
  'result-recorded',
  'conclude-before',
];

/**
 * Seen to fail: a result that is recorded by one try only (`unknown`, though the worker lives); a stored decision answered with an error, since
 * what became of it could not be read.
 */
describe('kill -9 of Postgres', () => {
  let stored: DecisionReceipt;
  let overtaken: DecisionReceipt;

  beforeAll(async () => {
    const worker = await there.worker({ stopAt: ON_THE_WAY.map((point) => `${point} at-${point}`) });
    const gateway = await startVictimGateway({
      config: there.running.gatewayConfig,
      stopAt: ['decision-stored'],
    });
    await there.person('amira', gateway.ready);
    const tasks = ['paused', 'storing', 'stored', 'overtaken', ...ON_THE_WAY.map((point) => `at-${point}`)];
    // A ready-made call closes its task itself: what is planned closes it afterwards.
    await eachOf(tasks, (task) => there.submit(task, task === 'at-conclude-before' ? ['pay'] : 'pay'));
    const [paused, beingStored, justStored, soonOvertaken] = await Promise.all(
      ['paused', 'storing', 'stored', 'overtaken'].map((task) => there.asked(task)),
    );
    if (!paused || !beingStored || !justStored || !soonOvertaken) throw new Error('four were asked');
    const heldUntilItsEnd = there.answer(soonOvertaken, {}, { url: gateway.ready });
    await there.end('overtaken'); // the dispatcher brings it there
    const held = await holdQuestion('storing');
    const heldByGateway = there.answer(justStored, {}, { url: gateway.ready });
    const refused = there.answer(beingStored, {}, { key: 'once' }).catch((error: unknown) => error);
    const decided = ON_THE_WAY.map((point) => there.decide(`at-${point}`, { decision: 'approve' }));
    await Promise.all([
      storing(),
      gateway.reached('decision-stored', 2),
      ...ON_THE_WAY.map((point) => worker.reached(`${point} at-${point}`)),
    ]);
    await killPostgres();

    for (const point of ON_THE_WAY) worker.release(`${point} at-${point}`);
    gateway.release('decision-stored -');
    stored = await heldByGateway;
    overtaken = await heldUntilItsEnd;
    expect(await refused).toMatchObject({ code: 'not-stored' });
    await expect(there.answer(paused, {}, { key: 'again' })).rejects.toMatchObject({ code: 'not-stored' });
    await expect(there.submit('refused', 'look')).rejects.toMatchObject({ code: 'unreachable' });
    await startPostgres();
    await Promise.all(decided);
    await held.end().catch(() => undefined);
  }, SLOW);
  afterAll(killLiving);

  it('a decision that was answered with success takes effect, once', async () => {
    expect(stored).toMatchObject({ verb: 'approve' });
    await expectOnce('stored');
  });

  it('so does one that its run had before the gateway could bring it', async () => {
    expect(overtaken).toMatchObject({ verb: 'approve', applied: false });
    await expectOnce('overtaken');
  });

  it.each([
    { task: 'storing', key: 'once' },
    { task: 'paused', key: 'again' },
  ])(
    'a decision that was answered with an error ($task) left nothing; its repeat happens once',
    async ({ task, key }) => {
      expect(await decisionsOf(there.running.database, { tenant: TENANT, task: task as TaskId })).toEqual([]);
      const repeat = () => there.decide(task, {}, { key });
      const { decision } = await repeat();
      await expectOnce(task);
      expect(decision).toBe(
        (await decisionsOf(there.running.database, { tenant: TENANT, task: task as TaskId }))[0]?.id,
      );
    },
  );

  it.each(ON_THE_WAY)('at %s: the worker goes on when the database is back, and calls once', async (point) =>
    expectOnce(`at-${point}`),
  );

  it('a task that could not be stored can be submitted again', async () => {
    await there.submit('refused', 'look');
    expect(await there.end('refused')).toMatchObject({ state: 'COMPLETED' });
    expect(there.effects('refused')).toHaveLength(1);
  });
});

/** Seen to fail: a connection without a listener for its errors (the gateway dies with the database, in the middle of a transaction). */
describe('a burst of decisions, Postgres killed in its middle', () => {
  afterEach(killLiving);
  it(
    'success means it happens; an error means that the repeat with the same key happens once',
    async () => {
      const tasks = Array.from({ length: DECISIONS }, (_, n) => `burst-${n}`);
      await there.worker();
      const gateway = await startVictimGateway({
        config: there.running.gatewayConfig,
        report: ['decision-stored'],
      });
      await eachOf(tasks, (task) => there.submit(task, Number(task.slice(6)) % 2 === 0 ? 'pay' : 'refund'));
      const questions = new Map<string, Awaited<ReturnType<typeof there.asked>>>();
      await eachOf(tasks, async (task) => questions.set(task, await there.asked(task)));
      const send = async (task: string) => {
        const question = questions.get(task);
        if (!question) throw new Error(`${task} was not asked`);
        return there.answer(question, {}, { url: gateway.ready, key: `of-${task}` });
      };
      const { promised, refused, done } = sendEach(tasks, (task) => send(task));
      await gateway.reached('decision-stored', Math.floor(DECISIONS * KILL_AT));
      await killPostgres();
      await done;
      await startPostgres();
      await waitFor(() => areSettled(there, promised), 60_000);
      const known = await Promise.all(
        refused.map((task) => decisionsOf(there.running.database, { tenant: TENANT, task: task as TaskId })),
      );
      await eachOf(refused, send);
      await waitFor(() => areSettled(there, tasks), 60_000);
      const { executed, unknown } = await expectAllCalled(there, tasks);
      for (const task of tasks)
        expect(
          await decisionsOf(there.running.database, { tenant: TENANT, task: task as TaskId }),
        ).toHaveLength(1);
      process.stdout.write(
        `Postgres killed: ${promised.length} answered with success, ${refused.length} with an error (${known.flat().length} of them stored), ${executed} executed, ${unknown} unknown, 0 doubled, 0 lost\n`,
      );
      expect(promised.length).toBeGreaterThan(0);
      expect(refused.length).toBeGreaterThan(0);
    },
    SLOW,
  );
});
