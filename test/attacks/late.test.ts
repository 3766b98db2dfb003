import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { conclude } from '../../src/activities/conclude.js';
import { expire } from '../../src/activities/expire.js';
import { inspect } from '../../src/activities/inspect.js';
import { verify } from '../../src/activities/verify.js';
import { defineTool } from '../../src/contract/tool.js';
import type { DecisionId, HaltId, TaskId } from '../../src/domain/ids.js';
import { findDecision, insertDecision, markDelivered, type DecisionRow } from '../../src/store/decisions.js';
import { shareHaltLocks } from '../../src/store/claim-locks.js';
import { liftHalt, setHalt } from '../../src/store/halts.js';
import { lockQuestion, markUndelivered } from '../../src/store/questions.js';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';
import { untilLocked } from '../support/wait.js';
import { effectsOf, PAY } from './scene.js';

let gate: Gate;
let previewing = async (): Promise<void> => undefined;
const shown = defineTool({
  name: 'shown',
  version: '1',
  tier: 4,
  input: z.strictObject({}),
  describe: () => 'Show first',
  timeout: '5s',
  preview: async () => {
    await previewing();
    return {};
  },
  run: () => null,
});
beforeAll(async () => {
  const policy = POLICY.replace('minor: 50000', 'minor: 5000').replace('look]', 'look, shown]');
  gate = await openGate({ policy, tools: [shown] });
});
afterAll(() => gate.close());

const carry = (task: TaskId) => ({ tenant: TENANT, task, runId: `run-${task}`, events: [] });
const at = (task: TaskId) => ({ ...carry(task), operation: 1, generation: 1, round: 1 });

async function questions(task: TaskId) {
  return gate.database.query<{ round: number; status: string; closedAs: string | null }>(
    `select round, status, closed_as as "closedAs" from questions where tenant = $1 and task = $2 and operation = 1 order by round`,
    [TENANT, task],
  );
}

/** As the run hears a decision that waits for its verification. */
async function hear(task: TaskId, id: DecisionId): Promise<unknown> {
  const row = await findDecision(gate.database, TENANT, id);
  if (!row) throw new Error('the decision was not stored');
  return verify(gate.deps, { ...carry(task), decision: row.message });
}

const lift = (id: string) =>
  // ids of tests are valid
  liftHalt(gate.database, { id: id as HaltId, by: 'ruth', role: 'director', why: 'over', sign: () => '' });

const note = (cents: number) => ({ tool: 'note', args: { cents, to: 'bob' } });

describe('an attempt of before people were asked, which comes late', () => {
  let task: TaskId;
  beforeAll(async () => {
    task = await gate.submit('late', note(400));
    expect(await gate.ask(task)).toMatchObject({ kind: 'permitted' });
    const other = await gate.submit('full', note(4_800));
    await gate.ask(other);
    expect(await gate.execute(other, [])).toMatchObject({ kind: 'executed' });
    expect(await gate.execute(task, [])).toMatchObject({ kind: 'refused', reason: 'limit' });
    expect(await gate.ask(task, { round: 2, reason: 'limit' })).toMatchObject({ kind: 'asked' });
  });

  // Seen to fail: every open question of the operation closed.
  it('leaves the question that was asked since on its desk', async () => {
    expect(await gate.execute(task, [])).toMatchObject({ kind: 'refused' });
    expect(await questions(task)).toMatchObject([{ round: 1 }, { round: 2, status: 'open' }]);
  });

  // Defect 3. Seen to fail: only the level looked at, which says nothing of a no.
  it('runs nothing that a person rejected, also when there is room for it again', async () => {
    expect(await hear(task, await gate.decide(task, 'amira', { decision: 'reject' }))).toMatchObject({
      genuine: true,
    });
    await gate.database.query('delete from counters');
    expect(await gate.execute(task, [])).toMatchObject({ kind: 'refused', reason: 'policy-stricter' });
    expect(effectsOf(gate, task)).toHaveLength(0);
  });
});

// Seen to fail: whatever rung the question has ended.
it('a repeated end of a rung leaves the next one open for decisions', async () => {
  const task = await gate.submit('rungs', PAY);
  await gate.ask(task);
  await gate.database.query('update questions set answer_by = 1 where task = $1', [task]);
  expect(await expire(gate.deps, { ...at(task), rung: 0 })).toMatchObject({ kind: 'expired' });
  await gate.ask(task, { rung: 1 });
  expect(await expire(gate.deps, { ...at(task), rung: 0 })).toMatchObject({ kind: 'expired' });
  await expect(gate.decide(task, 'ruth', { decision: 'approve' })).resolves.toBeDefined();
});

describe('a hold or extension that is verified late', () => {
  /** Asked of amira and joon, with a deadline that is over in a minute. */
  async function asked(name: string): Promise<{ task: TaskId; now: number }> {
    const task = await gate.submit(name, PAY);
    await gate.ask(task);
    const now = await gate.database.now();
    await gate.database.query('update questions set answer_by = $2 where task = $1', [task, now + 60_000]);
    return { task, now };
  }
  async function answerBy(task: TaskId): Promise<number | null | undefined> {
    const [row] = await gate.database.query<{ at: number | null }>(
      'select answer_by as at from questions where task = $1',
      [task],
    );
    return row?.at;
  }
  const later = (task: TaskId, subject: string, decision: 'hold' | 'extend', until: number) =>
    gate.decide(task, subject, { decision, until });

  // Seen to fail: a repeat that moved the deadline once more, whatever rung is asked.
  it('again moves no deadline of the next rung', async () => {
    const { task, now } = await asked('next-rung');
    const id = await later(task, 'amira', 'hold', now + 7_200_000);
    await hear(task, id);
    await hear(task, await gate.decide(task, 'joon', { decision: 'escalate' }));
    await gate.ask(task, { rung: 1 });
    await gate.database.query('update questions set answer_by = $2 where task = $1', [task, now + 60_000]);
    expect(await hear(task, id)).toMatchObject({ genuine: true });
    expect(await answerBy(task)).toBe(now + 60_000);
  });

  // Seen to fail, as the next one: the deadline written whatever stands there (the owner is too late, for good).
  it('gives the owner no deadline', async () => {
    const { task, now } = await asked('owners');
    const id = await later(task, 'amira', 'hold', now + 120_000);
    await gate.ask(task, { rung: 9 });
    expect(await hear(task, id)).toMatchObject({ genuine: true });
    expect(await answerBy(task)).toBeNull();
  });

  it('undoes no extension', async () => {
    const { task, now } = await asked('extended');
    const id = await later(task, 'amira', 'hold', now + 120_000);
    await hear(task, await later(task, 'joon', 'extend', now + 180_000));
    await hear(task, id);
    expect(await answerBy(task)).toBe(now + 180_000);
  });
});

describe('a rung that reached nobody', () => {
  const asked = async (name: string, rung = 0): Promise<TaskId> => {
    const task = await gate.submit(name, PAY);
    for (const step of new Set([0, rung])) await gate.ask(task, { rung: step });
    await gate.database.transaction((tx) => markUndelivered(tx, at(task)));
    return task;
  };
  const over = async (task: TaskId) => (await inspect(gate.deps, carry(task))).undelivered;

  // Seen to fail: every undelivered question told.
  it('is not given up while a decision about it is on its way', async () => {
    const task = await asked('undelivered');
    await gate.decide(task, 'amira', { decision: 'approve' });
    expect(await over(task)).toEqual([]);
  });

  // Seen to fail: the rung told and not ended (the decision is stored, and the run does not take it).
  it('takes no decision once its run was told, however often', async () => {
    const task = await asked('told');
    expect(await over(task)).toEqual([{ operation: 1, round: 1, rung: 0 }]);
    await expect(gate.decide(task, 'amira', { decision: 'approve' })).rejects.toMatchObject({
      code: 'too-late',
    });
    expect(await over(task)).toHaveLength(1);
    await gate.ask(task, { rung: 1 });
    await expect(gate.decide(task, 'amira', { decision: 'approve' })).resolves.toBeDefined();
  });

  // Seen to fail: the questions ended in the statement that waits for them.
  it('hears what is stored while it is looked at', async () => {
    const task = await asked('meanwhile');
    const said = await someDecision();
    const looked = await gate.database.transaction(async (tx) => {
      await lockQuestion(tx, at(task));
      const looking = over(task);
      await untilLocked(gate.database);
      insertDecision(tx, { ...said, id: 'meanwhile' as DecisionId, task, outcome: null }); // it only has to lie there
      return { looking };
    });
    expect(await looked.looking).toEqual([]);
  });

  // Seen to fail: the owner's ended too (no run takes its end, and nobody could decide any more).
  it('does not end on the desk of the owner', async () => {
    const task = await asked('with-owner', 9);
    expect(await over(task)).toEqual([]);
    await expect(gate.decide(task, 'ruth', { decision: 'approve' })).resolves.toBeDefined();
  });

  async function someDecision(): Promise<DecisionRow> {
    const task = await gate.submit('somebody', PAY);
    await gate.ask(task);
    const row = await findDecision(
      gate.database,
      TENANT,
      await gate.decide(task, 'amira', { decision: 'hold' }),
    );
    if (!row) throw new Error('the decision was not stored');
    return row;
  }
});

describe('a task that is cancelled while its question is prepared', () => {
  const cancelled = { state: 'FAILED', reason: 'cancelled', detail: 'changed my mind' } as const;

  // Seen to fail: the task looked at before the preview only.
  it('is asked about no more', async () => {
    const task = await gate.submit('zombie', { tool: 'shown', args: {} });
    previewing = async () => void (await conclude(gate.deps, { ...carry(task), ...cancelled }));
    await expect(gate.ask(task)).rejects.toMatchObject({ code: 'not-open' });
    previewing = async () => undefined;
    expect(await questions(task)).toEqual([]);
  });

  // Seen to fail: the questions closed before the task (one is left open in some rounds).
  it('leaves no question open, whichever comes first', async () => {
    for (let round = 0; round < 40; round++) {
      const task = await gate.submit(`zombie-${round}`, PAY);
      await Promise.allSettled([gate.ask(task), conclude(gate.deps, { ...carry(task), ...cancelled })]);
      expect((await questions(task)).filter(({ status }) => status === 'open')).toEqual([]);
    }
  });
});

// Fault: a frozen worker. Seen to fail: no time-out of the session (the halt waits as long as the worker is frozen, and fails).
it('a process that is frozen inside a claim does not keep anybody from halting, and claims nothing when it thaws', async () => {
  const task = await gate.submit('frozen', PAY);
  let thaw = (): void => undefined;
  const frozen = new Promise<void>((done) => (thaw = done));
  let lock = (): void => undefined;
  const locked = new Promise<void>((done) => (lock = done));
  const claiming = gate.database.transaction(async (tx) => {
    shareHaltLocks(tx, { tenant: TENANT, task });
    await tx.now();
    lock();
    await frozen;
    return tx.now();
  });
  await locked;
  const halt = { id: 'h-frozen' as HaltId, scope: 'task', tenant: TENANT, target: task } as const;
  const by = { why: 'stop', whySalt: 's', by: 'ruth', role: 'director', sign: () => '' };
  expect(await setHalt(gate.database, { ...halt, ...by })).toMatchObject({ id: 'h-frozen' });
  thaw();
  await expect(claiming).rejects.toThrow(/connection/i);
});

/** Verified, and no history has it: the server died in between. */
describe('a rung whose time is over, and a decision that took effect and was forgotten', () => {
  const over = { rung: 0, round: 1 };
  const end = async (task: TaskId) => {
    await gate.database.query('update questions set answer_by = 1 where task = $1', [task]);
    return expire(gate.deps, { ...carry(task), operation: 1, generation: 1, ...over });
  };

  // Seen to fail: the rung ended, and the call denied by silence though somebody had rejected it.
  it('is told of it, until a history has it', async () => {
    const task = await gate.submit('forgotten', PAY);
    await gate.ask(task);
    const id = await gate.decide(task, 'amira', { decision: 'reject' });
    await hear(task, id);
    expect(await end(task)).toMatchObject({ kind: 'decided', decisions: [{ id }] });
    await markDelivered(gate.database, [{ tenant: TENANT, id }], 1);
    expect(await end(task)).toMatchObject({ kind: 'expired' });
  });

  // Seen to fail: a decision that leaves the question open offered for ever.
  it('is not told of what leaves the question open', async () => {
    const task = await gate.submit('moved', PAY);
    await gate.ask(task);
    await hear(task, await gate.decide(task, 'amira', { decision: 'escalate' }));
    expect(await end(task)).toMatchObject({ kind: 'expired' });
  });
});

/** The worker died when it had asked anew, or the run was put back. */
describe('a run that waits on a round after which another was asked', () => {
  /** So many halts came and went, and each had the question asked anew. */
  async function askedAnew(name: string, halts: number): Promise<TaskId> {
    const task = await gate.submit(name, PAY);
    await gate.ask(task);
    for (let round = 1; round <= halts; round += 1) {
      const id = `h-${name}-${round}`;
      await gate.halt('task', task, id);
      await lift(id);
      await gate.ask(task, { round: round + 1, reason: 'halt-lifted' });
    }
    return task;
  }

  // Seen to fail: only open rounds told.
  it('is told of every round that a halt outlived, one after the other', async () => {
    const task = await askedAnew('anew', 2);
    expect(await inspect(gate.deps, carry(task))).toMatchObject({
      outlived: [{ round: 1 }, { round: 2 }],
    });
  });

  // Seen to fail: expired, so that the call was denied by silence while people were asked about it.
  it('is told so when its time is over, and of no silence', async () => {
    const task = await askedAnew('anew-expired', 1);
    await gate.database.query('update questions set answer_by = 1 where task = $1 and round = 1', [task]);
    expect(await expire(gate.deps, { ...at(task), rung: 0 })).toMatchObject({ kind: 'asked-anew' });
    expect(await questions(task)).toMatchObject([{ closedAs: 'asked-anew' }, { status: 'open' }]);
  });
});

/** Nobody could tell the run. Seen to fail, both: expired, though the gateway took nobody's word. */
describe('a rung whose time is over under a halt that its run has not heard of', () => {
  const end = async (task: TaskId) => {
    await gate.database.query('update questions set answer_by = 1 where task = $1', [task]);
    return expire(gate.deps, { ...at(task), rung: 0 });
  };

  it('counts no silence while the halt is in force', async () => {
    const task = await gate.submit('unheard-halt', PAY);
    await gate.ask(task);
    await gate.halt('task', task, 'h-unheard');
    expect(await end(task)).toMatchObject({ kind: 'halted' });
  });

  it('counts none once it was lifted, until the question is asked anew', async () => {
    const task = await gate.submit('unheard-lift', PAY);
    await gate.ask(task);
    await gate.halt('task', task, 'h-unheard-lift');
    await lift('h-unheard-lift');
    expect(await end(task)).toMatchObject({ kind: 'halted' });
    await gate.ask(task, { round: 2, reason: 'halt-lifted' });
    await gate.database.query('update questions set answer_by = 1 where task = $1', [task]);
    expect(await expire(gate.deps, { ...at(task), round: 2, rung: 0 })).toMatchObject({ kind: 'expired' });
  });
});
