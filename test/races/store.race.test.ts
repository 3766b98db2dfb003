import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expire } from '../../src/activities/expire.js';
import { isClosed, decide as rule } from '../../src/domain/decide.js';
import type { Escalation } from '../../src/domain/escalation.js';
import { evolve } from '../../src/domain/evolve.js';
import { escalationId, type DecisionId, type TaskId } from '../../src/domain/ids.js';
import { findDecision } from '../../src/store/decisions.js';
import { findTask, requestCancel } from '../../src/store/tasks.js';
import { openGate, TENANT, type Gate } from '../support/gate.js';
import { rounds, Starter, Tally } from '../support/race.js';

const SLOW = 600_000;
let gate: Gate;
beforeAll(async () => {
  gate = await openGate({ connections: 8 });
});
afterAll(() => gate.close());

const PAY = { tool: 'pay', args: { cents: 100, to: 'bob' } };
const effectsOf = (task: TaskId) => gate.effects.filter((effect) => effect.task === task);

/** What a side was told: the kind of its answer, `stored` for a decision, or the code of its refusal. */
function told(side: PromiseSettledResult<{ kind: string } | string>): string {
  if (side.status === 'fulfilled') return typeof side.value === 'string' ? 'stored' : side.value.kind;
  const { code, type } = side.reason as { code?: string; type?: string }; // whatever it is, a wrong one fails the expectation
  return code ?? type ?? 'unknown';
}

/** The machine as the workflow runs it, fed by decisions in the order in which they were stored. */
async function machine(task: TaskId): Promise<(id: DecisionId) => Promise<'applied' | 'refused'>> {
  const asked = await gate.ask(task);
  if (asked.kind !== 'asked') throw new Error(`not asked: ${asked.kind}`);
  let state: Escalation = {
    escalation: escalationId(task, 1),
    operation: 1,
    tool: 'pay',
    tier: 4,
    since: 0,
    status: 'JUDGED',
    generation: 1,
    round: 1,
    queued: false,
    askBy: null,
  };
  const apply = (command: Parameters<typeof rule>[1]): boolean => {
    const answer = rule(state, command);
    if ('refused' in answer) return false;
    for (const event of answer) state = evolve(state, event, 0);
    return true;
  };
  apply({ type: 'deliver', question: asked.question, tier: 4 });
  return async (id) => {
    const row = await findDecision(gate.database, TENANT, id);
    if (!row) throw new Error('a decision was lost');
    const taken = apply({ type: 'respond', decision: row.message });
    if (taken && state.status === 'HUMAN_RESPONDED') apply({ type: 'verify', decision: id, genuine: true });
    if (isClosed(state)) throw new Error('closed too early');
    return taken ? 'applied' : 'refused';
  };
}

describe('races on machine and store', () => {
  it('approve x reject: one wins, the other is refused', { timeout: SLOW }, async () => {
    const tally = new Tally('approve x reject', ['approve', 'reject']);
    const starter = new Starter('approve x reject');
    for (let round = 0; round < rounds(); round++) {
      const task = await gate.submit(`ar-${round}`, PAY);
      const hear = await machine(task);
      const outcomes: string[] = [];
      const side = async (subject: string, decision: 'approve' | 'reject') => {
        const outcome = await hear(await gate.decide(task, subject, { decision }));
        if (outcome === 'applied') outcomes.push(decision);
      };
      await starter.start(
        () => side('amira', 'approve'),
        () => side('joon', 'reject'),
      );
      expect(outcomes).toHaveLength(1);
      tally.win(outcomes[0] ?? '');
      starter.learn(outcomes[0] === 'approve');
    }
    tally.finish();
  });

  it('the same approve twice: one row, one effect', { timeout: SLOW }, async () => {
    const tally = new Tally('same approve twice', ['one decision']);
    const starter = new Starter('same approve twice');
    for (let round = 0; round < rounds(); round++) {
      const task = await gate.submit(`aa-${round}`, PAY);
      await gate.ask(task);
      const same = () => gate.decide(task, 'amira', { decision: 'approve' }, 'key');
      const [a, b] = await starter.start(same, same);
      if (a.status === 'rejected' || b.status === 'rejected') throw new Error('a repeat was refused');
      expect(a.value).toBe(b.value);
      const rows = await gate.database.query('select 1 from decisions where tenant = $1 and task = $2', [
        TENANT,
        task,
      ]);
      expect(rows).toHaveLength(1);
      tally.win('one decision');
    }
    tally.finish('one decision');
  });

  // Fails when the expiry does not look for stored decisions under the question's lock.
  it('decision x time-out: stored in time and seen, or refused as too late', { timeout: SLOW }, async () => {
    const tally = new Tally('decision x time-out', ['decision', 'time-out']);
    const starter = new Starter('decision x time-out');
    for (let round = 0; round < rounds(); round++) {
      const task = await gate.submit(`dt-${round}`, PAY);
      await gate.ask(task);
      const now = await gate.database.now();
      await gate.database.query('update questions set answer_by = $3 where tenant = $1 and task = $2', [
        TENANT,
        task,
        now + 3,
      ]);
      const timeOut = async () => {
        for (;;) {
          const result = await expire(gate.deps, {
            tenant: TENANT,
            task,
            runId: `run-${task}`,
            events: [],
            operation: 1,
            generation: 1,
            round: 1,
            rung: 0,
          });
          if (result.kind !== 'early') return result.kind;
        }
      };
      const [decision, expired] = await starter.start(
        () => gate.decide(task, 'amira', { decision: 'approve' }),
        timeOut,
      );
      if (expired.status === 'rejected') throw expired.reason;
      // Both may not win, and not both lose: a stored decision is seen, an unseen one was refused.
      expect(['stored, decided', 'too-late, expired']).toContain(`${told(decision)}, ${expired.value}`);
      tally.win(decision.status === 'fulfilled' ? 'decision' : 'time-out');
      starter.learn(decision.status === 'fulfilled');
    }
    tally.finish();
  });

  it(
    'decision x halt: the halt keeps the call from running whatever was decided',
    { timeout: SLOW },
    async () => {
      const tally = new Tally('decision x halt', ['decision first', 'halt first']);
      const starter = new Starter('decision x halt');
      for (let round = 0; round < rounds(); round++) {
        const task = await gate.submit(`dh-${round}`, PAY);
        await gate.ask(task);
        const [decision, halt] = await starter.start(
          () => gate.decide(task, 'amira', { decision: 'approve' }),
          () => gate.halt('task', task),
        );
        if (halt.status === 'rejected') throw halt.reason;
        const claim =
          decision.status === 'fulfilled' ? (await gate.execute(task, [decision.value])).kind : 'none';
        expect(['stored, halted', 'halted, none']).toContain(`${told(decision)}, ${claim}`);
        expect(effectsOf(task)).toHaveLength(0);
        tally.win(decision.status === 'fulfilled' ? 'decision first' : 'halt first');
        starter.learn(decision.status === 'fulfilled');
      }
      tally.finish();
    },
  );

  // Fails when the claim does not take the shared halt locks.
  it('claim x halt: no claim starts once the halt is acknowledged', { timeout: SLOW }, async () => {
    const tally = new Tally('claim x halt', ['claim', 'halt']);
    const starter = new Starter('claim x halt');
    for (let round = 0; round < rounds(); round++) {
      const task = await gate.submit(`ch-${round}`, PAY);
      await gate.ask(task);
      const id = await gate.decide(task, 'amira', { decision: 'approve' });
      const [claim, halt] = await starter.start(
        () => gate.execute(task, [id]),
        () => gate.halt('task', task),
      );
      if (claim.status === 'rejected') throw claim.reason;
      if (halt.status === 'rejected') throw halt.reason;
      const ran = claim.value.kind === 'executed';
      expect(effectsOf(task)).toHaveLength(ran ? 1 : 0);
      // The chain's order is the order of the locks: a claim stands before the halt, or it never was.
      const order = await gate.database.query<{ type: string }>(
        "select type from journal where tenant = $1 and task = $2 and type in ('call-claimed', 'halt-set') order by seq",
        [TENANT, task],
      );
      expect(order.map((row) => row.type)).toEqual(ran ? ['call-claimed', 'halt-set'] : ['halt-set']);
      tally.win(ran ? 'claim' : 'halt');
      starter.learn(ran);
    }
    tally.finish();
  });

  // Fails when the task's row is looked at without its lock.
  it(
    'completion x cancel: the call closes its task, or the cancel was noted',
    { timeout: SLOW },
    async () => {
      const tally = new Tally('completion x cancel', ['completion', 'cancel']);
      const starter = new Starter('completion x cancel');
      for (let round = 0; round < rounds(); round++) {
        const task = await gate.submit(`xc-${round}`, PAY);
        await gate.ask(task);
        const id = await gate.decide(task, 'amira', { decision: 'approve' });
        const [call, cancel] = await starter.start(
          () => gate.execute(task, [id], { completes: true }),
          () => requestCancel(gate.database, { tenant: TENANT, task, by: 'rita', why: 'changed my mind' }),
        );
        if (call.status === 'rejected') throw call.reason;
        if (cancel.status === 'rejected') throw cancel.reason;
        const closed = call.value.kind === 'executed' && call.value.closed === true;
        expect([call.value.kind, effectsOf(task).length, cancel.value]).toEqual(['executed', 1, !closed]);
        expect((await findTask(gate.database, TENANT, task))?.state).toBe(closed ? 'COMPLETED' : 'RUNNING');
        tally.win(closed ? 'completion' : 'cancel');
        starter.learn(closed);
      }
      tally.finish();
    },
  );

  // Fails when the operation's rows are read without their lock.
  it('two claims: one effect', { timeout: SLOW }, async () => {
    const tally = new Tally('two claims', ['one effect']);
    const starter = new Starter('two claims');
    for (let round = 0; round < rounds(); round++) {
      const task = await gate.submit(`cc-${round}`, PAY);
      await gate.ask(task);
      const id = await gate.decide(task, 'amira', { decision: 'approve' });
      const results = await starter.start(
        () => gate.execute(task, [id]),
        () => gate.execute(task, [id]),
      );
      expect(effectsOf(task)).toHaveLength(1);
      // The loser hears of the result, or that the other attempt may still be running.
      for (const result of results) expect(['executed', 'in-flight']).toContain(told(result));
      expect(results.some((result) => result.status === 'fulfilled')).toBe(true);
      tally.win('one effect');
    }
    tally.finish('one effect');
  });

  // Fails when the counter is added to without the condition.
  it('two limits passed by their sum: exactly one runs without a person', { timeout: SLOW }, async () => {
    const tally = new Tally('limit by sum', ['first', 'second']);
    const starter = new Starter('limit by sum');
    for (let round = 0; round < rounds(); round++) {
      await gate.database.query('delete from counters');
      const tasks = await Promise.all(
        ['a', 'b'].map((side) =>
          gate.submit(`ls-${round}-${side}`, { tool: 'note', args: { cents: 9_900, to: 'bob' } }),
        ),
      );
      const [a, b] = tasks;
      if (!a || !b) throw new Error('no tasks');
      for (const task of tasks) expect(await gate.ask(task)).toMatchObject({ kind: 'permitted' });
      await gate.database.query('update counters set amount = 31000');
      await gate.database.query(
        'insert into counters select $1, key, 31000 from (select 1) one, lateral (select $2::text as key) k on conflict do nothing',
        [TENANT, await limitKey(a)],
      );
      const [first, second] = await starter.start(
        () => gate.execute(a, []),
        () => gate.execute(b, []),
      );
      if (first.status === 'rejected') throw first.reason;
      if (second.status === 'rejected') throw second.reason;
      expect([first.value.kind, second.value.kind].toSorted()).toEqual(['executed', 'refused']);
      expect(effectsOf(a).length + effectsOf(b).length).toBe(1);
      tally.win(first.value.kind === 'executed' ? 'first' : 'second');
      starter.learn(first.value.kind === 'executed');
    }
    tally.finish();
  });
});

/** The counter that a task's call would be added to. */
async function limitKey(task: TaskId): Promise<string> {
  const [row] = await gate.database.query<{ verdict: string }>(
    'select verdict from questions where tenant = $1 and task = $2',
    [TENANT, task],
  );
  const { reservations } = JSON.parse(row?.verdict ?? '{}') as { reservations: { key: string }[] }; // a stored verdict
  return reservations[0]?.key ?? '';
}

describe('a second attempt while the first runs', () => {
  it('waits, and the call is made once', { timeout: SLOW }, async () => {
    const slow = await openGate({ connections: 8 });
    const tally = new Tally('attempt 1 running, attempt 2 comes', ['attempt 1']);
    for (let round = 0; round < rounds(); round++) {
      const task = await slow.submit(`at-${round}`, PAY);
      await slow.ask(task);
      const id = await slow.decide(task, 'amira', { decision: 'approve' });
      const release = slow.hold();
      const first = slow.execute(task, [id]);
      while (!slow.effects.some((effect) => effect.task === task))
        await new Promise((resolve) => setImmediate(resolve));
      await expect(slow.execute(task, [id])).rejects.toMatchObject({ type: 'in-flight' });
      release();
      expect(await first).toMatchObject({ kind: 'executed' });
      expect(slow.effects.filter((effect) => effect.task === task)).toHaveLength(1);
      tally.win('attempt 1');
    }
    tally.finish('attempt 1');
    await slow.close();
  });
});
