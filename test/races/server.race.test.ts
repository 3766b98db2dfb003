import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DecisionReceipt, EscalationView } from '../../src/contract/http.js';
import { CountersignError } from '../../src/contract/problem.js';
import type { TaskId } from '../../src/domain/ids.js';
import { decisionsOf } from '../../src/store/decisions.js';
import { deploy, expectSound, type Deployment } from '../chaos/deployment.js';
import { eachOf } from '../chaos/many.js';
import { killLiving, startVictimGateway } from '../chaos/victim.js';
import { WORLD_POLICY } from '../chaos/world.js';
import { TENANT } from '../support/gate.js';
import { serverRounds, Starter, Tally } from '../support/race.js';
import { waitFor } from '../support/wait.js';

const ROUNDS = serverRounds();
const SLOW = 60_000 + ROUNDS * 3_000;
const AT_ONCE = 10;
/** One rung only, and one look a day for each requester. */
const POLICY = `${WORLD_POLICY.replace('ttl: 3s, then: backup', 'ttl: 2s')}
limits:
  - { id: money, per: [agent, day], currency: USD, minor: 50000 }
  - { id: looks, per: [requester, day], count: 1 }
`;

/** Two gateways and two workers, each a process of its own: the sides of a race meet in Postgres and Temporal only. */
let there: Deployment;
let here: string;
let yonder: string;
beforeAll(async () => {
  there = await deploy({ policy: POLICY });
  const config = there.running.gatewayConfig;
  [{ ready: here }, { ready: yonder }] = await Promise.all([
    startVictimGateway({ config }),
    startVictimGateway({ config }),
    there.worker(),
    there.worker(),
  ]);
  // Made now, so that no round pays for a token.
  await Promise.all(
    ['amira', 'joon', 'ruth'].flatMap((who) => [there.person(who, here), there.person(who, yonder)]),
  );
}, SLOW);
afterAll(async () => {
  await killLiving();
  await there.stop();
});

interface Round {
  readonly task: string;
  readonly question: EscalationView;
}

/** Tasks that ask, as many as are wanted. */
async function* askedTasks(name: string, tool: string, atOnce: number): AsyncGenerator<Round> {
  for (let made = 0; ; made += atOnce) {
    const tasks = Array.from({ length: atOnce }, (_, n) => `${name}-${made + n}`);
    await eachOf(tasks, (task) => there.submit(task, tool));
    yield* await Promise.all(tasks.map(async (task) => ({ task, question: await there.asked(task) })));
  }
}

async function* first<T>(count: number, of: AsyncGenerator<T>): AsyncGenerator<T> {
  for (let n = 0; n < count; n++) {
    const { value, done } = await of.next();
    if (done) return;
    yield value;
  }
}

/** Rounds in groups, as many as are wanted, where the waiting side by side would take all the time otherwise. */
async function* groups(name: string, tool: string): AsyncGenerator<readonly Round[]> {
  const rounds = askedTasks(name, tool, AT_ONCE);
  for (;;) {
    const group: Round[] = [];
    for await (const round of first(AT_ONCE, rounds)) group.push(round);
    yield group;
  }
}

type Side = PromiseSettledResult<DecisionReceipt>;

/** Decides, and asks again under the same key as long as the answer is only that it is stored. */
async function decided(
  question: EscalationView,
  body: { decision: 'approve' | 'reject' },
  at: { subject: string; url: string },
): Promise<DecisionReceipt> {
  const key = `${question.escalation}/${at.subject}`;
  return waitFor(async () => {
    const receipt = await there.answer(question, body, { ...at, key });
    return receipt.applied ? receipt : undefined;
  });
}

/** The refusal that a side was told. */
function refusal(side: Side): CountersignError {
  if (side.status === 'fulfilled' || !(side.reason instanceof CountersignError))
    throw new Error(`expected a refusal, not ${JSON.stringify(side)}`);
  return side.reason;
}

async function outcomeOf(task: string): Promise<string | undefined> {
  const { results } = await there.end(task);
  return results[0]?.outcome;
}

/**
 * Seen to fail: a loser that hears only that the task has ended, a decision id drawn at random (two decisions), `expire` not looking for
 * decisions that were stored in time (denied although approved).
 */
describe('races of decisions on a real server', () => {
  it('approve x reject: one wins, and the other is told which', { timeout: SLOW }, async () => {
    const tally = new Tally('server: approve x reject', ['approve', 'reject']);
    const starter = new Starter('server: approve x reject');
    const won: { task: string; verb: string }[] = [];
    for await (const { task, question } of first(ROUNDS, askedTasks('ar', 'pay', 25))) {
      const [approve, reject] = await starter.start(
        () => decided(question, { decision: 'approve' }, { subject: 'amira', url: here }),
        () => decided(question, { decision: 'reject' }, { subject: 'joon', url: yonder }),
      );
      const [winner, loser] = approve.status === 'fulfilled' ? [approve, reject] : [reject, approve];
      if (winner.status === 'rejected') throw winner.reason;
      const { decision, verb, at } = winner.value;
      const by = verb === 'approve' ? 'amira' : 'joon';
      expect(refusal(loser)).toMatchObject({
        code: 'already-decided',
        extra: { winner: { decision, verb, at, by } },
      });
      tally.win(verb);
      starter.learn(verb === 'approve');
      won.push({ task, verb });
    }
    await eachOf(won, async ({ task, verb }) => {
      expect(await outcomeOf(task)).toBe(verb === 'approve' ? 'executed' : 'rejected');
      await expectSound(there, task);
    });
    tally.finish();
  });

  it('the same approve twice: both hear of one decision, and one effect', { timeout: SLOW }, async () => {
    const tally = new Tally('server: same approve twice', ['one decision']);
    const starter = new Starter('server: same approve twice');
    const approved: string[] = [];
    for await (const { task, question } of first(ROUNDS, askedTasks('aa', 'pay', 25))) {
      const [a, b] = await starter.start(
        () => decided(question, { decision: 'approve' }, { subject: 'amira', url: here }),
        () => decided(question, { decision: 'approve' }, { subject: 'amira', url: yonder }),
      );
      if (a.status === 'rejected') throw a.reason;
      if (b.status === 'rejected') throw b.reason;
      expect(a.value.decision).toBe(b.value.decision);
      approved.push(task);
    }
    await eachOf(approved, async (task) => {
      expect(await outcomeOf(task)).toBe('executed');
      const of = { tenant: TENANT, task: task as TaskId };
      expect(await decisionsOf(there.running.database, of)).toHaveLength(1);
      await expectSound(there, task);
      tally.win('one decision');
    });
    tally.finish('one decision');
  });

  it('decision x time-out: in time and executed, or too late and denied', { timeout: SLOW }, async () => {
    const tally = new Tally('server: decision x time-out', ['decision', 'time-out']);
    const starter = new Starter('server: decision x time-out', 120);
    for await (const group of first(Math.ceil(ROUNDS / AT_ONCE), groups('dt', 'hasty'))) {
      await Promise.all(
        group.map(async ({ task, question }) => {
          // The question's deadline is one side; the person aims at it.
          await sleep(Math.max(0, (question.answerBy ?? 0) - Date.now() - starter.nextLeadMs()));
          const [side] = await Promise.allSettled([there.answer(question, {}, { url: here })]);
          const inTime = side.status === 'fulfilled';
          if (!inTime) expect(['too-late', 'not-open']).toContain(refusal(side).code);
          // What was stored was in time, and is never passed over.
          const of = { tenant: TENANT, task: task as TaskId };
          expect(await decisionsOf(there.running.database, of)).toHaveLength(inTime ? 1 : 0);
          starter.learn(inTime);
          tally.win(inTime ? 'decision' : 'time-out');
          expect(await outcomeOf(task)).toBe(inTime ? 'executed' : 'denied');
          await expectSound(there, task);
        }),
      );
    }
    tally.finish();
  });

  it(
    'a decision stored in time, not yet delivered when the time is over: it wins',
    { timeout: SLOW },
    async () => {
      const tally = new Tally('server: stored decision x time-out', ['decision', 'time-out']);
      const config = there.running.gatewayConfig;
      const silent = await startVictimGateway({ config, stopAt: ['decision-stored'] });
      await there.person('amira', silent.ready);
      let stored = 0;
      for await (const group of groups('sd', 'hasty')) {
        await Promise.all(
          group.map(async ({ task, question }) => {
            // Late enough that the dispatcher, which waits for the gateway's own delivery, does not come first.
            await sleep(Math.max(0, (question.answerBy ?? 0) - Date.now() - 1_000));
            const at = { subject: 'amira', url: silent.ready };
            const unheard = Promise.allSettled([decided(question, { decision: 'approve' }, at)]);
            const outcome = await outcomeOf(task);
            const of = { tenant: TENANT, task: task as TaskId };
            if ((await decisionsOf(there.running.database, of)).length === 0) {
              // It was sent too late on a machine that had other things to do, and is no round of this race.
              const [late] = await unheard;
              expect(['too-late', 'not-open']).toContain(refusal(late).code);
              expect(outcome).toBe('denied');
              return;
            }
            stored += 1;
            tally.win(outcome === 'executed' ? 'decision' : 'time-out');
            expect(await decided(question, { decision: 'approve' }, { ...at, url: here })).toMatchObject({
              applied: true,
            });
            await expectSound(there, task);
          }),
        );
        if (stored >= ROUNDS) break;
      }
      await silent.kill();
      tally.finish('decision');
    },
  );
});

/** What a task-wide halt that was acknowledged means: a call stands before it in the journal, or there is none. */
async function expectHalted(task: string): Promise<{ ran: boolean }> {
  await there.end(task);
  const ran = there.effects(task).length === 1;
  const order = (await there.journal(task)).filter((type) => type === 'call-claimed' || type === 'halt-set');
  expect(order).toEqual(ran ? ['call-claimed', 'halt-set'] : ['halt-set']);
  await expectSound(there, task);
  return { ran };
}

const halt = async (task: string) =>
  (await there.person('ruth', yonder)).halts.set({ scope: 'task', target: task, why: 'stop it' });

/** Seen to fail: a claim that does not look at the halts in force (called after the halt was acknowledged). */
describe('races with a halt on a real server', () => {
  it('decision x halt: taken before it, or refused as halted', { timeout: SLOW }, async () => {
    const tally = new Tally('server: decision x halt', ['decision', 'halt']);
    const starter = new Starter('server: decision x halt');
    const heard: { task: string; taken: boolean }[] = [];
    for await (const { task, question } of first(ROUNDS, askedTasks('dh', 'pay', 25))) {
      const [decision, halted] = await starter.start(
        () => there.answer(question, {}, { url: here }),
        () => halt(task),
      );
      if (halted.status === 'rejected') throw halted.reason;
      const taken = decision.status === 'fulfilled';
      if (!taken) expect(['halted', 'not-open']).toContain(refusal(decision).code);
      tally.win(taken ? 'decision' : 'halt');
      starter.learn(taken);
      heard.push({ task, taken });
    }
    await eachOf(heard, async ({ task, taken }) => {
      const { ran } = await expectHalted(task);
      expect(taken || !ran).toBe(true);
    });
    tally.finish();
  });

  it('claim x halt: the call stands before the halt, or never runs', { timeout: SLOW }, async () => {
    const tally = new Tally('server: claim x halt', ['claim', 'halt']);
    const starter = new Starter('server: claim x halt', 80);
    let counted = 0;
    for await (const { task, question } of askedTasks('ch', 'pay', 25)) {
      const [decision, halted] = await starter.start(
        () => there.answer(question, {}, { url: here }),
        () => halt(task),
      );
      if (halted.status === 'rejected') throw halted.reason;
      const { ran } = await expectHalted(task);
      starter.learn(ran);
      // Where not even the decision was taken, nothing was to be claimed.
      if (decision.status === 'rejected') continue;
      tally.win(ran ? 'claim' : 'halt');
      if (++counted === ROUNDS) break;
    }
    tally.finish();
  });
});

/** Seen to fail: a counter that is added to without the condition (both run). */
describe('races of calls on a real server', () => {
  it('two limits passed by their sum: one runs, the other asks', { timeout: SLOW }, async () => {
    const tally = new Tally('server: limit by sum', ['first', 'second']);
    const starter = new Starter('server: limit by sum');
    const asking: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const submit = async (task: string, url: string) =>
        (await there.person(`requester-${round}`, url)).tasks.submit({
          task: task as TaskId,
          agent: 'bot',
          goal: 'test',
          action: { tool: 'look', args: { n: 1 } },
        });
      const tasks = [`ls-${round}-first`, `ls-${round}-second`] as const;
      const sides = await starter.start(
        () => submit(tasks[0], here),
        () => submit(tasks[1], yonder),
      );
      for (const side of sides) if (side.status === 'rejected') throw side.reason;
      const ended = await waitFor(() => tasks.find((task) => there.effects(task).length > 0));
      asking.push(...tasks.filter((task) => task !== ended));
      tally.win(ended === tasks[0] ? 'first' : 'second');
      starter.learn(ended === tasks[0]);
    }
    await eachOf(asking, async (task) => {
      const rival = task.endsWith('first')
        ? task.replace('first', 'second')
        : task.replace('second', 'first');
      await there.asked(task);
      expect(await outcomeOf(rival)).toBe('executed');
      await expectSound(there, rival);
      expect(there.calls(task)).toHaveLength(0);
      await there.decide(task, { decision: 'reject' });
      expect(await outcomeOf(task)).toBe('rejected');
    });
    tally.finish();
  });
});
