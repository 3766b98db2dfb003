import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verify } from '../../src/activities/verify.js';
import type { DecisionRequest } from '../../src/contract/http.js';
import { defineTool } from '../../src/contract/tool.js';
import type { TaskId } from '../../src/domain/ids.js';
import { findDecision } from '../../src/store/decisions.js';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';

let gate: Gate;
beforeAll(async () => {
  gate = await openGate();
});
afterAll(() => gate.close());

async function types(task: TaskId): Promise<string[]> {
  const rows = await gate.database.query<{ type: string }>(
    'select type from journal where tenant = $1 and task = $2 order by seq',
    [TENANT, task],
  );
  return rows.map((row) => row.type);
}

describe('the gate over the store', () => {
  it('runs what the policy permits, without asking', async () => {
    const task = await gate.submit('auto', { tool: 'look', args: {} });
    expect(await gate.ask(task)).toMatchObject({ kind: 'permitted' });
    expect(await gate.execute(task, [])).toMatchObject({ kind: 'executed' });
    expect(await types(task)).toEqual([
      'task-submitted',
      'run-started',
      'judged',
      'call-claimed',
      'call-executed',
    ]);
  });

  it('asks, and runs exactly the approved call once', async () => {
    const task = await gate.submit('approved', { tool: 'pay', args: { cents: 100, to: 'bob' } });
    const asked = await gate.ask(task);
    expect(asked).toMatchObject({ kind: 'asked', question: { role: 'supervisor', rungs: 2 } });
    const id = await gate.decide(task, 'amira', { decision: 'approve' });
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'executed' });
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'executed' });
    expect(gate.effects.filter((effect) => effect.task === task)).toHaveLength(1);
    expect(await types(task)).toEqual([
      'task-submitted',
      'run-started',
      'judged',
      'asked',
      'decision-stored',
      'call-claimed',
      'call-executed',
    ]);
  });

  it('refuses a call that needs a person when nobody decided', async () => {
    const task = await gate.submit('bare', { tool: 'pay', args: { cents: 100, to: 'bob' } });
    expect(await gate.execute(task, [])).toMatchObject({ kind: 'refused', reason: 'policy-stricter' });
    expect(gate.effects.filter((effect) => effect.task === task)).toHaveLength(0);
  });

  // Seen to fail: `respond` and `take-over` missing in the query: neither heard again nor open.
  it.each<[DecisionRequest['decision'], object]>([
    ['reject', {}],
    ['respond', { answer: 'Nothing is owed.' }],
    ['take-over', { outcome: 'paid by hand' }],
  ])('answers a run that asks again with the %s that ended the question', async (decision, more) => {
    const task = await gate.submit(`again-${decision}`, { tool: 'pay', args: { cents: 100, to: 'bob' } });
    await gate.ask(task);
    const id = await gate.decide(task, 'amira', { decision, ...more });
    const row = await findDecision(gate.database, TENANT, id);
    if (!row) throw new Error('the decision was not stored');
    const carry = { tenant: TENANT, task, runId: `run-${task}`, events: [] };
    expect(await verify(gate.deps, { ...carry, decision: row.message })).toMatchObject({ genuine: true });
    expect(await gate.ask(task)).toMatchObject({ kind: 'asked', decisions: [row.message] });
  });

  it('refuses a claim under a halt and asks nobody', async () => {
    const task = await gate.submit('halted', { tool: 'pay', args: { cents: 100, to: 'bob' } });
    await gate.ask(task);
    const id = await gate.decide(task, 'amira', { decision: 'approve' });
    await gate.halt('task', task);
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'halted', scope: 'task' });
    expect(gate.effects.filter((effect) => effect.task === task)).toHaveLength(0);
  });
});

describe('a desk with a depth', () => {
  const policy = `
version: "1"
owner: tests
agents:
  bot: { owner: director, tools: [pay] }
roles:
  supervisor: { members: [amira], depth: 1 }
  director: { members: [ruth] }
defaults: { route: supervisor }
`;

  // Seen to fail: a full desk without an event; one with an event at each asking.
  it('is full at its depth: the next question waits outside, until it counts as undeliverable', async () => {
    const small = await openGate({ policy });
    const journalOf = async (task: string) => {
      const sql = 'select type from journal where task = $1 order by seq';
      return (await small.database.query<{ type: string }>(sql, [task])).map((row) => row.type);
    };
    const first = await small.submit('first', { tool: 'pay', args: { cents: 1, to: 'bob' } });
    const second = await small.submit('second', { tool: 'pay', args: { cents: 2, to: 'bob' } });
    expect(await small.ask(first)).toMatchObject({ kind: 'asked' });
    const full = await small.ask(second);
    expect(full).toMatchObject({ kind: 'full' });
    expect(await small.ask(second)).toMatchObject({ kind: 'full', askBy: 'askBy' in full ? full.askBy : 0 });
    expect(await journalOf('second')).toEqual(['task-submitted', 'run-started', 'desk-full']);
    await small.database.query("update ledger set queued_at = 0 where task = 'second'");
    expect(await small.ask(second)).toMatchObject({
      kind: 'undeliverable',
      question: { role: 'supervisor' },
    });
    const id = await small.decide(first, 'amira', { decision: 'approve' });
    await small.execute(first, [id]);
    expect(await small.ask(second)).toMatchObject({ kind: 'asked' });
    expect((await journalOf('second')).slice(2)).toEqual(['desk-full', 'undeliverable', 'judged', 'asked']);
    await small.close();
  });

  it('passes over a role whose only member asked for the action', async () => {
    const alone = await openGate({ policy: policy.replace('[amira]', '[rita]') });
    const task = await alone.submit('own', { tool: 'pay', args: { cents: 1, to: 'bob' } });
    expect(await alone.ask(task)).toMatchObject({ kind: 'undeliverable' });
    await alone.close();
  });
});

describe('a call that may have happened', () => {
  /** Loses its answer after the effect, the first time; its view of the world is changed by its own effect. */
  function lossy(options: { keyLifetime?: string }) {
    const keys: string[] = [];
    const tool = defineTool({
      name: 'lossy',
      version: '1',
      tier: 4,
      input: z.strictObject({}),
      timeout: '5s',
      describe: () => 'Do it',
      fingerprint: () => `effects: ${keys.length}`,
      ...(options.keyLifetime === undefined ? {} : { idempotency: { keyLifetime: options.keyLifetime } }),
      run: (_args, { idempotencyKey }) => {
        keys.push(idempotencyKey);
        if (keys.length === 1) throw new Error('connection reset');
        return 'done';
      },
    });
    return { tool, keys };
  }

  async function attemptOnce(keyLifetime?: string) {
    const { tool, keys } = lossy(keyLifetime === undefined ? {} : { keyLifetime });
    const lost = await openGate({ tools: [tool], policy: POLICY.replace('look]', 'look, lossy]') });
    const task = await lost.submit('lossy', { tool: 'lossy', args: {} });
    await lost.ask(task);
    const id = await lost.decide(task, 'amira', { decision: 'approve' });
    const first = await lost.execute(task, [id]).catch((error: unknown) => error);
    await lost.database.query('update ledger set call_by = 0');
    return { lost, task, id, first, keys };
  }

  it('is called again with the same key, though its own effect changed the world (defect 16)', async () => {
    const { lost, task, id, first, keys } = await attemptOnce('24h');
    expect(first).toMatchObject({ type: 'in-flight' });
    expect(await lost.execute(task, [id])).toMatchObject({ kind: 'executed' });
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
    await lost.close();
  });

  it('is unknown and never repeated without a key the tool honours (defect 16)', async () => {
    const { lost, task, id, first, keys } = await attemptOnce();
    expect(first).toMatchObject({ kind: 'refused', reason: 'unknown' });
    expect(await lost.execute(task, [id])).toMatchObject({ kind: 'refused', reason: 'unknown' });
    expect(keys).toHaveLength(1);
    expect(await lost.ask(task, { round: 2, reason: 'unknown' })).toMatchObject({
      kind: 'asked',
      question: { kind: 'resolution' },
    });
    await lost.close();
  });

  it('is not repeated under a halt, whatever the tool honours', async () => {
    const { lost, task, id, keys } = await attemptOnce('24h');
    await lost.halt('agent', 'bot');
    expect(await lost.execute(task, [id])).toMatchObject({ kind: 'refused', reason: 'unknown' });
    expect(keys).toHaveLength(1);
    await lost.close();
  });
});
