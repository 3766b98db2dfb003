import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeAbandoned, closeEnded } from '../../src/activities/endings.js';
import type { TaskClient } from '../../src/client/task-client.js';
import type { DispatcherDeps } from '../../src/dispatcher/deps.js';
import { dispatchOnce } from '../../src/dispatcher/dispatcher.js';
import type { DecisionId, TaskId } from '../../src/domain/ids.js';
import { markUndelivered } from '../../src/store/questions.js';
import { markStarted, requestCancel } from '../../src/store/tasks.js';
import { openGate, TENANT, type Gate } from '../support/gate.js';

const PAY = { tool: 'pay', args: { cents: 100, to: 'bob' } };
let gate: Gate;
let said: string[];
let deps: DispatcherDeps;

beforeEach(async () => {
  gate = await openGate();
  said = [];
  deps = depsOver({});
});
afterEach(() => gate.close());

function depsOver(answers: Partial<TaskClient>): DispatcherDeps {
  const tasks: TaskClient = {
    ...gate.gateway.tasks,
    start: ({ task }) => (said.push(`start ${task}`), Promise.resolve({ kind: 'started', runId: 'r' })),
    send: ({ task }, { verb }) => (
      said.push(`send ${verb} to ${task}`),
      Promise.resolve({ kind: 'pending', sent: true })
    ),
    nudge: ({ task }) => (said.push(`nudge ${task}`), Promise.resolve('told')),
    cancel: ({ task }) => (said.push(`cancel ${task}`), Promise.resolve('told')),
    describe: () => Promise.resolve({ kind: 'open', runId: 'r' }),
    ...answers,
  };
  const { database } = gate;
  return {
    database,
    tasks,
    notifiers: [],
    addressesOf: () => Promise.resolve([]),
    publicUrl: undefined,
    closeEnded: (task, as) => closeEnded(gate.deps, task, as),
    settleAbandoned: () => closeAbandoned(gate.deps),
    log: () => undefined,
  };
}

/** Makes everything stored so far look `ms` older. */
async function age(ms: number): Promise<void> {
  await gate.database.query(
    'update tasks set submitted_at = submitted_at - $1::bigint, start_lease = start_lease - $1::bigint, swept_at = swept_at - $1::bigint',
    [ms],
  );
  await gate.database.query('update decisions set next_send_at = next_send_at - $1::bigint', [ms]);
  await gate.database.query('update ledger set call_by = call_by - $1::bigint', [ms]);
}

/** No channel could tell the rung that is asked now. */
const unreached = (task: TaskId) =>
  gate.database.transaction(async (tx) =>
    markUndelivered(tx, { tenant: TENANT, task, operation: 1, generation: 1, round: 1 }),
  );

async function journalOf(task: TaskId): Promise<string[]> {
  const rows = await gate.database.query<{ type: string }>(
    'select type from journal where tenant = $1 and task = $2 order by seq',
    [TENANT, task],
  );
  return rows.map((row) => row.type);
}

async function refusalsOf(task: TaskId) {
  const rows = await gate.database.query<{ event_id: string; body: string; texts: string }>(
    "select event_id, body, texts from journal where tenant = $1 and task = $2 and type = 'decision-refused'",
    [TENANT, task],
  );
  return rows.map(({ event_id: event, body, texts }) => {
    const { decision, verb, code } = JSON.parse(body) as Record<string, string>; // a journal's body
    return { event, decision, verb, code, texts };
  });
}

const refusalOf = (id: DecisionId) => ({
  event: `decision-refused/${id}`,
  decision: id,
  verb: 'approve',
  code: 'not-open',
  texts: '{"by":"amira"}',
});

describe('the dispatcher', () => {
  it('starts a task whose gateway died after storing it, once per lease, until Temporal has its run', async () => {
    await gate.submit('orphan', PAY);
    const away = depsOver({
      start: ({ task }) => (said.push(`start ${task}`), Promise.resolve({ kind: 'unreachable' })),
    });
    await dispatchOnce(away);
    expect(said).toEqual([]);
    await age(1_500);
    await Promise.all([dispatchOnce(away), dispatchOnce(away)]);
    expect(said).toEqual(['start orphan']);
    await age(6_000);
    await dispatchOnce(deps);
    expect(said).toEqual(['start orphan', 'start orphan']);
  });

  // Seen to fail: every waiting run started again, every lease anew, so that a backlog made more work the longer it was.
  it.each([{ kind: 'started', runId: 'r' }, { kind: 'exists' }] as const)(
    'leaves a run alone that waits for a worker, however long ($kind)',
    async (answer) => {
      const start = ({ task }: { task: TaskId }) => (said.push(`start ${task}`), Promise.resolve(answer));
      await gate.submit('waiting', PAY);
      await age(1_500);
      await dispatchOnce(depsOver({ start }));
      await age(20 * 60_000);
      await dispatchOnce(depsOver({ start }));
      expect(said).toEqual(['start waiting']);
    },
  );

  // Seen to fail: it stood as running for an hour, and nobody was asked.
  it('closes a task soon whose name a run had before that has ended', async () => {
    const task = await gate.submit('named-before', PAY);
    await age(1_500);
    const there = depsOver({
      start: () => Promise.resolve({ kind: 'exists' }),
      describe: () => Promise.resolve({ kind: 'ended', runId: 'r', as: 'COMPLETED' }),
    });
    for (let look = 1; look <= 2; look++) await dispatchOnce(there);
    expect((await journalOf(task)).slice(-2)).toEqual(['task-failed', 'hand-over-opened']);
  });

  // Seen to fail: only runs looked at that had told of themselves.
  it('closes a task whose run was terminated before it did anything', async () => {
    const task = await gate.submit('unbegun', PAY);
    await markStarted(gate.database, [{ tenant: TENANT, task }], await gate.database.now());
    await age(2 * 3_600_000);
    await dispatchOnce(
      depsOver({ describe: () => Promise.resolve({ kind: 'ended', runId: 'r', as: 'TERMINATED' }) }),
    );
    expect(said).toEqual([]);
    expect((await journalOf(task)).slice(-2)).toEqual(['task-failed', 'hand-over-opened']);
  });

  // Seen to fail: it closed as one that ended, though nothing of it had happened.
  it('starts a task again whose run was lost before it did anything', async () => {
    const task = await gate.submit('lost', PAY);
    await markStarted(gate.database, [{ tenant: TENANT, task }], await gate.database.now());
    await age(2 * 3_600_000);
    await dispatchOnce(depsOver({ describe: () => Promise.resolve({ kind: 'missing' }) }));
    expect(await journalOf(task)).toEqual(['task-submitted']);
    await dispatchOnce(deps);
    expect(said).toEqual(['start lost']);
  });

  it('sends a stored decision again until it has an outcome', async () => {
    const task = await gate.submit('undelivered', PAY);
    await gate.ask(task);
    const id = await gate.decide(task, 'amira', { decision: 'approve' });
    await dispatchOnce(deps);
    expect(said).toEqual([]);
    await age(2_000);
    await dispatchOnce(deps);
    expect(said).toEqual(['send approve to undelivered']);
    await gate.execute(task, [id]);
    await age(60_000);
    await dispatchOnce(deps);
    expect(said).toEqual(['send approve to undelivered']);
  });

  // Seen to fail: the refusal settled and not journalled.
  it('refuses a decision whose run has ended, on record', async () => {
    const task = await gate.submit('gone', PAY);
    await gate.ask(task);
    const id = await gate.decide(task, 'amira', { decision: 'approve' });
    await age(2_000);
    await dispatchOnce(
      depsOver({ send: () => Promise.resolve({ kind: 'refused', code: 'not-open', detail: '' }) }),
    );
    const [row] = await gate.database.query('select outcome, outcome_code from decisions where id = $1', [
      id,
    ]);
    expect(row).toEqual({ outcome: 'refused', outcome_code: 'not-open' });
    expect(await refusalsOf(task)).toEqual([refusalOf(id)]);
  });

  // Seen to fail: the refusal journalled whatever the decision's outcome is.
  it('records no refusal of a decision that was applied while it was sent', async () => {
    const task = await gate.submit('applied', PAY);
    await gate.ask(task);
    const id = await gate.decide(task, 'amira', { decision: 'approve' });
    await age(2_000);
    const send = async () => {
      await gate.execute(task, [id]);
      return { kind: 'refused', code: 'not-open', detail: '' } as const;
    };
    await dispatchOnce(depsOver({ send }));
    expect(await refusalsOf(task)).toEqual([]);
  });

  // Seen to fail: one thing done after the other; what came behind a failure was leased, and waited for its lease to end.
  it('does what else is due when one thing fails, and says that one did', async () => {
    const task = await gate.submit('in-between', PAY);
    await gate.ask(task);
    await gate.decide(task, 'amira', { decision: 'approve' });
    await gate.halt('agent', 'bot');
    await gate.database.query('update halts set fan_lease = 0');
    await age(2_000);
    const failing = depsOver({ send: () => Promise.reject(new Error('no answer that anybody knows')) });
    await expect(dispatchOnce(failing)).rejects.toThrow('no answer that anybody knows');
    expect(said).toContain('nudge in-between');
  });

  it('tells every open task of a halt, and of its lift, until each was reached', async () => {
    const task = await gate.submit('under-halt', PAY);
    await gate.ask(task);
    await gate.halt('agent', 'bot');
    await dispatchOnce(depsOver({ nudge: () => Promise.resolve('unreachable') }));
    await gate.database.query('update halts set fan_lease = 0');
    await dispatchOnce(deps);
    expect(said).toEqual(['nudge under-halt']);
    await gate.database.query('update halts set fan_lease = 0');
    await dispatchOnce(deps);
    expect(said).toEqual(['nudge under-halt']);
  });

  // Seen to fail: told every five seconds, for ever.
  it('tells a run that a rung reached nobody, each time later, until it has moved on', async () => {
    const task = await gate.submit('unheard-of', PAY);
    await gate.ask(task);
    await unreached(task);
    const told = async (ms: number) => {
      await gate.database.query('update questions set undelivered_lease = undelivered_lease - $1::bigint', [
        ms,
      ]);
      await dispatchOnce(deps);
      return said.splice(0).length;
    };
    expect([await told(0), await told(0), await told(5_000), await told(5_000), await told(5_000)]).toEqual([
      1, 0, 1, 0, 1,
    ]);
    await unreached(task);
    expect(await told(0), 'the next rung, at once').toBe(1);
  });

  // Seen to fail: what cannot move a run told again and again, until its run took no more signals.
  it.each([
    { under: 'no halt', kind: 'approval', rung: 0, times: 1 },
    { under: 'no halt', kind: 'approval', rung: 9, times: 0 },
    { under: 'agent', kind: 'approval', rung: 0, times: 0 },
    { under: 'all', kind: 'approval', rung: 0, times: 0 },
    { under: 'tenant', kind: 'confirmation', rung: 0, times: 1 },
  ] as const)(
    'tells it only where silence counts: $kind, $under, rung $rung',
    async ({ under, kind, rung, times }) => {
      const task = await gate.submit('silent', PAY);
      await gate.ask(task);
      if (rung > 0) await gate.ask(task, { rung });
      if (under !== 'no halt') await gate.halt(under, { agent: 'bot', tenant: TENANT, all: '*' }[under]);
      await gate.database.query('update halts set fanned_out_at = 1');
      await gate.database.query('update questions set kind = $1', [kind]);
      await unreached(task);
      await dispatchOnce(deps);
      expect(said).toEqual(Array.from({ length: times }, () => 'nudge silent'));
    },
  );

  it('repeats a cancel until the task is closed', async () => {
    const task = await gate.submit('cancelled', PAY);
    await gate.ask(task);
    await requestCancel(gate.database, { tenant: TENANT, task, by: 'rita', why: 'changed my mind' });
    await dispatchOnce(deps);
    await age(6_000);
    await dispatchOnce(deps);
    expect(said).toEqual(['cancel cancelled', 'cancel cancelled']);
  });

  // Seen to fail: what was stored refused without an event.
  it('closes a task whose run was terminated: calls voided, decisions refused, handed over to the owner', async () => {
    const task = await gate.submit('terminated', PAY);
    await gate.ask(task);
    const id = await gate.decide(task, 'amira', { decision: 'approve' });
    await age(2 * 3_600_000);
    await dispatchOnce(
      depsOver({ describe: () => Promise.resolve({ kind: 'ended', runId: 'r', as: 'TERMINATED' }) }),
    );
    const end = ['decision-refused', 'task-failed', 'hand-over-opened'];
    expect((await journalOf(task)).slice(-3)).toEqual(end);
    expect(await refusalsOf(task)).toEqual([refusalOf(id)]);
    await closeEnded(gate.deps, { tenant: TENANT, task }, 'TERMINATED');
    expect((await journalOf(task)).slice(-3)).toEqual(end);
    expect(
      await gate.database.query('select state, reason, detail from tasks where task = $1', [task]),
    ).toEqual([{ state: 'FAILED', reason: 'terminated', detail: 'TERMINATED' }]);
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'voided' });
    expect(gate.effects).toHaveLength(0);
    const desk = await gate.database.query(
      "select operation, kind, role from questions where status = 'open'",
    );
    expect(desk).toEqual([{ operation: 0, kind: 'hand-over', role: 'director' }]);
  });

  it('marks the claimed call of a closed task unknown when nobody will finish it', async () => {
    const task = await gate.submit('abandoned', PAY);
    await gate.ask(task);
    await gate.database.query(
      "update ledger set status = 'claimed', attempt = 1, call_by = 0 where task = $1",
      [task],
    );
    await closeEnded(gate.deps, { tenant: TENANT, task }, 'TERMINATED');
    await dispatchOnce(deps);
    await dispatchOnce(deps);
    expect(await gate.database.query('select status from ledger where task = $1', [task])).toEqual([
      { status: 'unknown' },
    ]);
    expect((await journalOf(task)).filter((type) => type === 'call-unknown')).toHaveLength(1);
  });
});
