import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ActivityDeps } from '../../src/activities/ports.js';
import { defineTool } from '../../src/contract/tool.js';
import type { DecisionId, TaskId } from '../../src/domain/ids.js';
import { callsOf } from '../../src/store/ledger.js';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';
import { waitFor } from '../support/wait.js';
import { approved, executeWith } from './scene.js';

const made: string[] = [];
const COMMON = {
  version: '1',
  tier: 4,
  input: z.strictObject({}),
  describe: () => 'Wire',
  impact: () => ({ money: { minor: 100, currency: 'USD' } }),
  timeout: '1s',
  run: (_args: unknown, { task }: { task: string }) => made.push(task),
} as const;
/** Honours no keys: what became of a call that was lost, only a person can say. */
const wire = defineTool({ ...COMMON, name: 'wire' });
/** Its view of the world is another one each time. */
let looks = 0;
const drifts = defineTool({ ...COMMON, name: 'drifts', fingerprint: () => `look ${(looks += 1)}` });
const WIRE = { tool: 'wire', args: {} };

let gate: Gate;
beforeAll(async () => {
  gate = await openGate({ policy: POLICY.replace('look]', 'look, wire, drifts]'), tools: [wire, drifts] });
});
afterAll(() => gate.close());

const at = (point: string, work: () => Promise<void>): ActivityDeps => ({
  ...gate.deps,
  point: (name) => (name === point ? work() : Promise.resolve()),
});

async function pastItsTime(): Promise<void> {
  const since = performance.now();
  await waitFor(() => (performance.now() - since > 1_000 ? true : undefined));
}

const callsMade = (task: TaskId) => made.filter((of) => of === task).length;
const rowOf = async (task: TaskId) => (await callsOf(gate.database, TENANT, task))[0];
const set = (sql: string, task: TaskId) =>
  gate.database.query(`update ${sql} and tenant = $1 and task = $2`, [TENANT, task]);
const counted = () => gate.database.query('select amount from counters where tenant = $1', [TENANT]);

/** A worker died once it had called, and people are asked what became of that. */
async function unknown(name: string): Promise<TaskId> {
  const { task, id } = await approved(gate, name, WIRE);
  const dying = at('called', () => Promise.reject(new Error('died')));
  await expect(executeWith(dying, task, { decisions: [id] })).rejects.toThrow('died');
  await set('ledger set call_by = 0 where true', task);
  expect(await gate.execute(task, [id])).toMatchObject({ kind: 'refused', reason: 'unknown' });
  expect(await gate.ask(task, { round: 2, reason: 'unknown' })).toMatchObject({
    question: { kind: 'resolution' },
  });
  return task;
}

type Finding = 'happened' | 'not-happened' | 'leave';
const find = (task: TaskId, resolution: Finding) =>
  gate.decide(task, 'joon', { decision: 'resolve', resolution });
const settle = (task: TaskId, decision: DecisionId, as: Finding, deps = gate.deps) =>
  executeWith(deps, task, { round: 2, resolution: { decision, as } });

// Seen to fail: each of the conditions of `isGenuineFinding` left out.
describe('a genuine finding settles nothing', () => {
  it.each([
    ['once its question is closed', "questions set status = 'closed' where round = 2"],
    ['about a question of another kind', "questions set kind = 'approval' where round = 2"],
    ['that was refused', "decisions set outcome = 'refused' where round = 2"],
    ['that is void', "decisions set outcome = 'void' where round = 2"],
  ])('%s', async (name, change) => {
    const task = await unknown(name.replaceAll(' ', '-'));
    const id = await find(task, 'not-happened');
    await set(change, task);
    expect(await settle(task, id, 'not-happened')).toMatchObject({ kind: 'refused', reason: 'unknown' });
    expect(await rowOf(task)).toMatchObject({ status: 'unknown' });
    expect(callsMade(task)).toBe(1);
  });
});

// Seen to fail: every finding kept waiting by a halt, though it lets nothing run.
it.each([
  ['happened', { kind: 'executed' }, 'done'],
  ['leave', { kind: 'left' }, 'left'],
] as const)('the finding %s is settled under a halt: it lets nothing run', async (as, answer, status) => {
  const task = await unknown(`halted-${as}`);
  const id = await find(task, as);
  await gate.halt('task', task);
  expect(await settle(task, id, as)).toMatchObject(answer);
  expect(await rowOf(task)).toMatchObject({ status });
  expect(callsMade(task)).toBe(1);
});

// Seen to fail: the finding taken for a forgery, or for one of a call whose outcome is not in question.
it('a finding that lets the call run does so still after a claim that came too late to call', async () => {
  const task = await unknown('found-too-late');
  const id = await find(task, 'not-happened');
  await expect(settle(task, id, 'not-happened', at('claimed', pastItsTime))).rejects.toMatchObject({
    message: expect.stringContaining('called nothing') as string,
  });
  expect(await rowOf(task)).toMatchObject({ status: 'open' });
  expect(await settle(task, id, 'not-happened')).toMatchObject({ kind: 'executed' });
  expect(callsMade(task)).toBe(2);
});

describe('an attempt that another overtook', () => {
  // Seen to fail: room under the limit given back for a call of which nobody knows what became of it.
  it('gives nothing back that is not its own any more', async () => {
    const { task, id } = await approved(gate, 'overtaken', WIRE);
    await gate.database.query('delete from counters');
    const frozen = at('claimed', async () => {
      await set("ledger set status = 'unknown' where true", task);
      await pastItsTime();
    });
    await expect(executeWith(frozen, task, { decisions: [id] })).rejects.toMatchObject({ type: 'in-flight' });
    expect(await rowOf(task)).toMatchObject({ status: 'unknown' });
    expect(await counted()).toEqual([{ amount: 100 }]);
    const told = "select from journal where task = $1 and type = 'call-refused'";
    expect(await gate.database.query(told, [task])).toEqual([]);
  });

  // Seen to fail: the decision made void by which the other attempt had called.
  it('makes no decision void over a world that the other has changed', async () => {
    const { task, id } = await approved(gate, 'drifted-since', { tool: 'drifts', args: {} });
    const slow = at('claimed', async () => {
      await set("ledger set status = 'unknown' where true", task);
    });
    expect(await executeWith(slow, task, { decisions: [id] })).toMatchObject({ kind: 'refused' });
    const outcome = 'select outcome from decisions where tenant = $1 and id = $2';
    expect(await gate.database.query(outcome, [TENANT, id])).toEqual([{ outcome: 'applied' }]);
    expect(callsMade(task)).toBe(0);
  });

  // Seen to fail: its result told as that of the other; stored by whoever came, whichever attempt the row is at.
  it.each(['claimed', 'unknown'])(
    'records no result in the place of the other, which is %s',
    async (status) => {
      const { task, id } = await approved(gate, `behind-${status}`, WIRE);
      const slow = at('called', async () => {
        await set(`ledger set attempt = 2, status = '${status}' where true`, task);
      });
      const result = await executeWith(slow, task, { decisions: [id] });
      expect(result).toMatchObject({ kind: 'refused', reason: 'unknown' });
      expect(await rowOf(task)).toMatchObject({ status, attempt: 2 });
      const ended =
        "select type from journal where task = $1 and type in ('call-executed', 'call-late', 'call-doubled')";
      expect(await gate.database.query(ended, [task])).toEqual([{ type: 'call-doubled' }]);
    },
  );
});

// Seen to fail: the call failed for good on a word that nobody said.
it('a forged decision does not even have a call fail whose tool is gone', async () => {
  const { task, id } = await approved(gate, 'tool-is-gone', WIRE);
  const deps = { ...gate.deps, tools: new Map() };
  await gate.database.query("update decisions set jws = 'forged' where id = $1", [id]);
  const refused = { kind: 'refused', reason: 'unverified' };
  expect(await executeWith(deps, task, { decisions: [id] })).toMatchObject(refused);
  const nobodys = ['nobody-said-so' as DecisionId];
  expect(await executeWith(deps, task, { decisions: nobodys })).toMatchObject(refused);
  expect(await rowOf(task)).toMatchObject({ status: 'open' });
});

// Seen to fail: a decision looked for where nobody was to be asked, and the run told of a forgery.
it('a call that nobody had to be asked about fails when its tool is gone', async () => {
  const task = await gate.submit('look-is-gone', { tool: 'look', args: {} });
  expect(await gate.ask(task)).toMatchObject({ kind: 'permitted' });
  const answer = { kind: 'failed', code: 'unknown-tool' };
  expect(await executeWith({ ...gate.deps, tools: new Map() }, task, {})).toMatchObject(answer);
  expect(await rowOf(task)).toMatchObject({ status: 'failed', errorCode: 'unknown-tool' });
});
