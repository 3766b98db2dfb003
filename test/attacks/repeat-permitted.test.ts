import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActivityDeps } from '../../src/activities/ports.js';
import { defineTool } from '../../src/contract/tool.js';
import type { TaskId } from '../../src/domain/ids.js';
import { loadPolicy } from '../../src/policy/load.js';
import { callsOf } from '../../src/store/ledger.js';
import { activatePolicy } from '../../src/store/policies.js';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';
import { waitFor } from '../support/wait.js';
import { executeWith } from './scene.js';

const LIMIT = 200;
const KEPT = POLICY.replace('look]', 'look, refund]').replace('minor: 50000', `minor: ${LIMIT}`);
const made: string[] = [];
/** Honours keys, and needs no person below the limit. */
const refund = defineTool({
  name: 'refund',
  version: '1',
  tier: 2,
  input: z.strictObject({ cents: z.int() }),
  describe: (a) => `Refund ${a.cents}`,
  impact: (a) => ({ money: { minor: a.cents, currency: 'USD' } }),
  idempotency: { keyLifetime: '24h' },
  timeout: '1s',
  run: (_args, { task }) => made.push(task),
});

let gate: Gate;
beforeAll(async () => {
  gate = await openGate({ policy: KEPT, tools: [refund] });
});
afterAll(() => gate.close());

const at = (point: string, work: () => Promise<void>): ActivityDeps => ({
  ...gate.deps,
  point: (name) => (name === point ? work() : Promise.resolve()),
});

/** Nobody was asked, and the worker died once it had called; its time is over. */
async function lost(name: string, cents: number): Promise<TaskId> {
  await gate.database.query('delete from counters');
  const task = await gate.submit(name, { tool: 'refund', args: { cents } });
  expect(await gate.ask(task)).toMatchObject({ kind: 'permitted' });
  const dying = at('called', () => Promise.reject(new Error('died')));
  await expect(executeWith(dying, task, {})).rejects.toThrow('died');
  await gate.database.query('update ledger set call_by = 0 where tenant = $1 and task = $2', [TENANT, task]);
  return task;
}

async function activate(source: string): Promise<void> {
  const loaded = loadPolicy(source);
  if (!('policy' in loaded)) throw new Error(JSON.stringify(loaded.problems));
  const { hash, version } = loaded.policy;
  await activatePolicy(gate.database, { tenant: TENANT, hash, version, source, author: 'tests' });
}

const callsMade = (task: TaskId) => made.filter((of) => of === task).length;
const counted = () => gate.database.query('select amount from counters where tenant = $1', [TENANT]);
const rowOf = async (task: TaskId) => (await callsOf(gate.database, TENANT, task))[0];

describe('a call that the policy alone let run and whose result was lost', () => {
  // Seen to fail: its own share counted against it, and people asked what became of it.
  it('is made again though its first attempt took all that was left under the limit', async () => {
    const task = await lost('all-that-was-left', LIMIT);
    expect(await gate.execute(task, [])).toMatchObject({ kind: 'executed' });
    expect(callsMade(task)).toBe(2);
    expect(await counted()).toEqual([{ amount: LIMIT }]);
  });

  // Seen to fail: the policy not looked at (the call was made again).
  it('is not made again once the policy asks first: nobody knows what the first attempt did', async () => {
    const task = await lost('asked-now', 100);
    await activate(KEPT.concat('tools: { refund: { level: approve } }\n'));
    expect(await gate.execute(task, [])).toMatchObject({ kind: 'refused', reason: 'unknown' });
    await activate(KEPT);
    expect(callsMade(task)).toBe(1);
    expect(await rowOf(task)).toMatchObject({ status: 'unknown', attempt: 1 });
    expect(await counted()).toEqual([{ amount: 100 }]);
  });

  // Seen to fail: given back as if nothing had been called, with its share under the limit.
  it('stays claimed when the attempt that repeats it comes too late to call', async () => {
    const task = await lost('late-repeat', 100);
    const frozen = at('claimed', async () => {
      const since = performance.now();
      await waitFor(() => (performance.now() - since > 1_000 ? true : undefined));
    });
    await expect(executeWith(frozen, task, {})).rejects.toMatchObject({
      type: 'in-flight',
      message: 'attempt 2 may still be running',
    });
    expect(callsMade(task)).toBe(1);
    expect(await rowOf(task)).toMatchObject({ status: 'claimed', attempt: 2 });
    expect(await counted()).toEqual([{ amount: 100 }]);
  });
});
