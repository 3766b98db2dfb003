import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../../src/activities/ask.js';
import { plan } from '../../src/activities/plan.js';
import { safeguard } from '../../src/activities/safeguard.js';
import { labelled } from '../../src/contract/digest.js';
import type { HaltId, TaskId } from '../../src/domain/ids.js';
import { findDecision } from '../../src/store/decisions.js';
import { liftHalt } from '../../src/store/halts.js';
import { callsOf, insertCalls } from '../../src/store/ledger.js';
import { closeTask, submitTask } from '../../src/store/tasks.js';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';
import { effectsOf, PAY } from './scene.js';

let gate: Gate;
beforeAll(async () => {
  const policy = POLICY.replace('backup: director }', 'backup: director, depth: 1 }').replace(
    'look]',
    'look, hold]',
  ).concat(`ladders: { careful: { ttl: 1h, fallback: safe, safe: { tool: look, args: {} } } }
tools: { note: { ladder: careful, level: approve } }
`);
  gate = await openGate({ policy });
});
afterAll(() => gate.close());

const carry = (task: TaskId) => ({ tenant: TENANT, task, runId: `run-${task}`, events: [] });
const closed = (task: TaskId) =>
  gate.database.transaction(async (tx) => {
    const ending = { state: 'COMPLETED', reason: 'taken-over', detail: '' } as const;
    await closeTask(tx, { tenant: TENANT, task, ...ending, now: await tx.now() });
  });

describe('a task that has ended in the store, whatever its run believes', () => {
  // Seen to fail: the tool called for a task that a person had taken over.
  it('has nothing run any more', async () => {
    const task = await gate.submit('over', { tool: 'look', args: {} });
    await gate.ask(task);
    await closed(task);
    expect(await gate.execute(task, [])).toMatchObject({ kind: 'voided' });
    expect(await gate.execute(task, [])).toMatchObject({ kind: 'voided' });
    expect(effectsOf(gate, task)).toEqual([]);
  });

  // Seen to fail: called once more under its key, for nobody.
  it('leaves open what came of a call that may have run', async () => {
    const task = await gate.submit('half', { tool: 'look', args: {} });
    await gate.ask(task);
    await gate.database.query(
      "update ledger set status = 'claimed', attempt = 1, call_by = 1 where task = $1",
      [task],
    );
    await closed(task);
    expect(await gate.execute(task, [])).toMatchObject({ kind: 'refused', reason: 'unknown' });
    expect(await callsOf(gate.database, TENANT, task)).toMatchObject([{ status: 'unknown' }]);
    expect(effectsOf(gate, task)).toEqual([]);
  });

  // Seen to fail: a planner asked for more, and its calls stored.
  it('has nothing planned any more', async () => {
    const task = 'planned-over' as TaskId; // test data
    const request = { goal: 'test', situation: 'test', readings: {}, planner: { kind: 'eager' } };
    const requestDigest = labelled('request', 'planned-over');
    await submitTask(gate.database, {
      tenant: TENANT,
      task,
      agent: 'bot',
      requester: 'rita',
      request,
      requestDigest,
      ready: null,
    });
    await closed(task);
    const next = () => Promise.reject(new Error('nobody may ask it'));
    const deps = { ...gate.deps, planners: { eager: { next } } };
    const input = { ...carry(task), step: 1, firstOperation: 1 };
    expect(await plan(deps, input, new AbortController().signal)).toMatchObject({
      done: true,
      operations: [],
    });
    expect(await callsOf(gate.database, TENANT, task)).toEqual([]);
  });
});

// Seen to fail: answered under a number that the store had for another call, which was then opened in its place.
it('a safe action takes the place of no call that the store knows already', async () => {
  const task = await gate.submit('further', { tool: 'note', args: { cents: 1, to: 'bob' } });
  await gate.ask(task);
  const other = { operation: 2, tool: 'pay', args: PAY.args, readings: {}, agentText: null };
  await gate.database.transaction(async (tx) =>
    insertCalls(tx, { tenant: TENANT, task, agent: 'bot', now: await tx.now(), calls: [other] }),
  );
  const made = await safeguard(gate.deps, { ...carry(task), operation: 1, generation: 1, round: 1, as: 2 });
  expect(made).toMatchObject({ operation: 3, tool: 'look' });
  const calls = await callsOf(gate.database, TENANT, task);
  expect(calls.map(({ operation, tool }) => [operation, tool])).toEqual([
    [1, 'note'],
    [2, 'pay'],
    [3, 'look'],
  ]);
});

// Seen to fail: the halt's time counted as waiting; then all waiting forgotten at each asking, so that nobody else was ever asked.
it('what waited outside a full desk begins to wait anew after a halt, once', async () => {
  const [first, second] = [await gate.submit('first', PAY), await gate.submit('second', PAY)];
  await gate.ask(first);
  expect(await gate.ask(second)).toMatchObject({ kind: 'full' });
  const queuedSince = async () => {
    const sql = 'select queued_at as "at" from ledger where tenant = $1 and task = $2';
    return (await gate.database.query<{ at: number | null }>(sql, [TENANT, second]))[0]?.at ?? null;
  };
  await gate.database.query('update ledger set queued_at = 1 where task = $1', [second]);
  await gate.halt('task', second, 'waits');
  expect(await gate.ask(second)).toMatchObject({ kind: 'halted', halt: 'waits' });
  const lift = { id: 'waits' as HaltId, by: 'ruth', role: 'director', why: 'over', sign: () => 'jws' };
  await liftHalt(gate.database, lift);
  const again = { round: 2, reason: 'halt-lifted' } as const;
  expect(await gate.ask(second, again)).toMatchObject({ kind: 'full' });
  const since = await queuedSince();
  expect(since).toBeGreaterThan(1);
  expect(await gate.ask(second, again)).toMatchObject({ kind: 'full' });
  expect(await queuedSince()).toBe(since);
});

// Seen to fail: nothing in the signed word says which role was to be passed over.
it('an escalation says, signed, which role it saw', async () => {
  await gate.database.query("update questions set status = 'closed'");
  const task = await gate.submit('upwards', PAY);
  await ask(gate.deps, { ...carry(task), operation: 1, generation: 1, round: 1, rung: 0, reason: null });
  const row = await findDecision(
    gate.database,
    TENANT,
    await gate.decide(task, 'amira', { decision: 'escalate' }),
  );
  expect(row?.message).toMatchObject({ verb: 'escalate', rung: 0 });
});
