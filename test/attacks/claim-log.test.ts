import { z } from 'zod';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ActivityDeps } from '../../src/activities/ports.js';
import { verify } from '../../src/activities/verify.js';
import { defineTool } from '../../src/contract/tool.js';
import type { DecisionId, TaskId } from '../../src/domain/ids.js';
import { findDecision, refuseStored } from '../../src/store/decisions.js';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';
import { approved, executeWith, expectRefused, forge, PAY } from './scene.js';

/** Honours keys: an attempt that died is repeated. */
const keyed = defineTool({
  name: 'keyed',
  version: '1',
  tier: 4,
  input: z.strictObject({ cents: z.int(), to: z.string() }),
  describe: (a) => `Pay ${a.to}`,
  idempotency: { keyLifetime: '24h' },
  timeout: '5s',
  run: () => null,
});

let gate: Gate;
let deps: ActivityDeps;
const logged: unknown[] = [];
beforeAll(async () => {
  gate = await openGate({ policy: POLICY.replace('look]', 'look, keyed]'), tools: [keyed] });
  deps = { ...gate.deps, log: (level, event, values) => logged.push([level, event, values]) };
});
beforeEach(() => void logged.splice(0));
afterAll(() => gate.close());

const line = (task: TaskId, reason: string) => ['error', 'claim-refused', { task, operation: 1, reason }];
const change = (task: TaskId) =>
  gate.database.query(
    `update ledger set args = '{"cents":100,"to":"mallory"}' where tenant = $1 and task = $2`,
    [TENANT, task],
  );

/** Seen to fail: `tellOperator` doing nothing; one that tells every refusal fails the last. */
describe('the log of a claim names, without arguments and names,', () => {
  it('a decision that nobody signed', async () => {
    const { task, id } = await approved(gate, 'log-forged');
    await forge(gate, id, {});
    await expectRefused(gate, task, await executeWith(deps, task, { decisions: [id] }), 'unverified');
    expect(logged).toEqual([line(task, 'unverified')]);
  });

  it('a decision that is not there', async () => {
    const task = await gate.submit('log-made-up', PAY);
    await gate.ask(task);
    const decisions = ['made-up' as DecisionId]; // anything that looks like one
    await expectRefused(gate, task, await executeWith(deps, task, { decisions }), 'unverified');
    expect(logged).toEqual([line(task, 'unverified')]);
  });

  it('a call that is not what was decided', async () => {
    const { task, id } = await approved(gate, 'log-changed');
    await change(task);
    await expectRefused(gate, task, await executeWith(deps, task, { decisions: [id] }), 'digest-changed');
    expect(logged).toEqual([line(task, 'digest-changed')]);
  });

  it('a call that is not what its first attempt was let to do', async () => {
    const { task, id } = await approved(gate, 'log-repeat', { tool: 'keyed', args: PAY.args });
    const dying: ActivityDeps = {
      ...deps,
      point: (name) => (name === 'claimed' ? Promise.reject(new Error('died')) : Promise.resolve()),
    };
    await expect(executeWith(dying, task, { decisions: [id] })).rejects.toThrow('died');
    await gate.database.query('update ledger set call_by = 0 where tenant = $1 and task = $2', [
      TENANT,
      task,
    ]);
    await change(task);
    expect(await executeWith(deps, task, { decisions: [id] })).toMatchObject({ reason: 'unknown' });
    expect(logged).toEqual([line(task, 'digest-changed')]);
  });

  it('nothing that people and time do', async () => {
    const { task, id } = await approved(gate, 'log-withdrawn');
    await gate.decide(task, 'amira', { decision: 'withdraw' });
    await expectRefused(gate, task, await executeWith(deps, task, { decisions: [id] }), 'withdrawn');
    expect(logged).toEqual([]);
  });
});

describe('the log of a decision that takes effect without a claim names, without its words,', () => {
  const verified = async (task: TaskId, id: DecisionId) => {
    const row = (await findDecision(gate.database, TENANT, id)) ?? expect.fail('not stored');
    return verify(deps, { tenant: TENANT, task, runId: `run-${task}`, events: [], decision: row.message });
  };
  const REPORT = { 'take-over': { result: { done: true } }, respond: { answer: 'later' } };

  // Seen to fail: no line of it.
  it.each(['reject', 'respond', 'take-over'] as const)('%s, of which a word was altered', async (verb) => {
    const task = await gate.submit(`log-altered-${verb}`, PAY);
    await gate.ask(task);
    const body = verb === 'reject' ? {} : REPORT[verb];
    const id = await gate.decide(task, 'amira', { decision: verb, ...body });
    await gate.database.query("update decisions set why = 'yes, do it' where tenant = $1 and id = $2", [
      TENANT,
      id,
    ]);
    expect(await verified(task, id)).toMatchObject({ genuine: false });
    expect(logged).toEqual([['error', 'decision-forged', { task, operation: 1, verb }]]);
  });

  const ENDS: Record<string, (task: TaskId, id: DecisionId) => Promise<unknown>> = {
    'its reviewer took back': (task) => gate.decide(task, 'amira', { decision: 'withdraw' }),
    'a halt voided': async (task, id) => {
      await gate.halt('task', task);
      return gate.execute(task, [id]);
    },
    'its run refused': async (task, id) => {
      const now = await gate.database.now();
      const refusal = { tenant: TENANT, task, id, code: 'stale', now };
      return gate.database.transaction((tx) => refuseStored(tx, refusal));
    },
  };

  // Seen to fail: a line of whatever takes no effect; a run told that the last two are forged, as one is that was reset and hears them again.
  it.each(Object.keys(ENDS))('nothing that %s', async (how) => {
    const { task, id } = await approved(gate, `log-genuine-${how.replaceAll(' ', '-')}`);
    await ENDS[how]?.(task, id);
    expect(await verified(task, id)).toMatchObject({ genuine: false, withdrawn: true });
    expect(logged).toEqual([]);
  });
});
