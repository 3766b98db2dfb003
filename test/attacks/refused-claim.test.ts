import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { ask } from '../../src/activities/ask.js';
import type { ActivityDeps } from '../../src/activities/ports.js';
import { record } from '../../src/activities/record.js';
import { verify } from '../../src/activities/verify.js';
import { defineTool, toolFacts, type Tool } from '../../src/contract/tool.js';
import type { DecisionId, HaltId, TaskId } from '../../src/domain/ids.js';
import { loadPolicy } from '../../src/policy/load.js';
import { findDecision, leaseUndelivered } from '../../src/store/decisions.js';
import { liftHalt } from '../../src/store/halts.js';
import { activatePolicy } from '../../src/store/policies.js';
import { publishTools } from '../../src/store/tools.js';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';
import { approved, effectsOf, executeWith, PAY } from './scene.js';

/** Two must approve a note; one is enough for a payment. */
const LOOSE = POLICY.replace('look]', 'look, bank]').replace(
  'defaults:',
  'tools: { note: { quorum: 2, level: approve } }\ndefaults:',
);
const STRICT = LOOSE.replace('route: supervisor', 'route: director');
const NOTE = { tool: 'note', args: { cents: 5, to: 'bob' } };

/** Never answers whether it paid. */
const bank = (version: string): Tool =>
  defineTool({
    name: 'bank',
    version,
    tier: 4,
    input: z.strictObject({}),
    describe: () => 'Pay by bank',
    timeout: '1s',
    run: () => Promise.reject(new Error('hung up')),
  });

let gate: Gate;
const logged: unknown[] = [];
let deps: ActivityDeps;
beforeAll(async () => {
  gate = await openGate({ policy: LOOSE, tools: [bank('1')] });
  deps = { ...gate.deps, log: (...line) => void logged.push(line) };
  const tools = [...gate.deps.tools.values()].map((tool) => ({
    facts: toolFacts(tool),
    schema: tool.schema,
  }));
  await publishTools(gate.database, tools, await gate.database.now());
});
afterAll(() => gate.close());

async function activate(source: string, version: string): Promise<void> {
  const changed = source.replace('version: "1"', `version: "${version}"`);
  const loaded = loadPolicy(changed);
  if (!('policy' in loaded)) throw new Error(JSON.stringify(loaded));
  const { hash } = loaded.policy;
  await activatePolicy(gate.database, { tenant: TENANT, hash, version, source: changed, author: 'tests' });
}

/** As the run hears a decision that waits for its verification. */
async function hear(task: TaskId, id: DecisionId) {
  const row = await findDecision(gate.database, TENANT, id);
  if (!row) throw new Error('the decision was not stored');
  return verify(gate.deps, { tenant: TENANT, task, runId: `run-${task}`, events: [], decision: row.message });
}

const outcomes = (task: TaskId) =>
  gate.database.query(
    `select subject, outcome, outcome_code as code from decisions where tenant = $1 and task = $2 and verb = 'approve' order by subject`,
    [TENANT, task],
  );

const claim = (task: TaskId, decisions: readonly DecisionId[]) => executeWith(deps, task, { decisions });

const lift = (id: string) =>
  liftHalt(gate.database, {
    id: id as HaltId, // ids of tests are valid
    by: 'tomas',
    role: 'director',
    why: 'over',
    sign: () => '',
  });

/** A worker that is frozen between claim and call until its time is over: it gives the claim back. */
async function giveBack(task: TaskId, id: DecisionId): Promise<void> {
  const clock = performance.now.bind(performance);
  let frozenMs = 0;
  const now = vi.spyOn(performance, 'now').mockImplementation(() => clock() + frozenMs);
  const point: ActivityDeps['point'] = async (name) => void (name === 'claimed' && (frozenMs = 60_000));
  await expect(
    executeWith({ ...gate.deps, point }, task, { decisions: [id] }).finally(() => now.mockRestore()),
  ).rejects.toMatchObject({ type: 'in-flight' });
}

describe('the claim of several that was refused, and its answer lost', () => {
  async function several(name: string): Promise<{ task: TaskId; ids: readonly DecisionId[] }> {
    const task = await gate.submit(name, NOTE);
    await gate.ask(task);
    const ids = [
      await gate.decide(task, 'amira', { decision: 'approve' }),
      await gate.decide(task, 'joon', { decision: 'approve' }),
    ];
    for (const id of ids) expect(await hear(task, id)).toMatchObject({ genuine: true });
    return { task, ids };
  }
  async function haltAndLift(id: string): Promise<void> {
    await gate.halt('agent', 'bot', id);
    await lift(id);
  }

  // Seen to fail: votes left applied (the second time it is taken for a forgery, and an operator called).
  it('is refused for the same reason again', async () => {
    const { task, ids } = await several('lost');
    await haltAndLift('of-several');
    for (const _attempt of ['first', 'again'])
      expect(await claim(task, ids)).toMatchObject({ kind: 'refused', reason: 'halt-lifted' });
    expect(await outcomes(task)).toMatchObject([
      { outcome: 'void', code: 'halt-lifted' },
      { outcome: 'void', code: 'halt-lifted' },
    ]);
    expect(logged).toEqual([]);
  });

  // Seen to fail: `withdrawn` no reason of a void vote (taken for a forgery).
  it('also where one of them was taken back, which stays so', async () => {
    const { task, ids } = await several('back');
    await gate.decide(task, 'joon', { decision: 'withdraw' });
    for (const _attempt of ['first', 'again'])
      expect(await claim(task, ids)).toMatchObject({ kind: 'refused', reason: 'withdrawn' });
    expect(await outcomes(task)).toMatchObject([
      { subject: 'amira', outcome: 'void', code: 'withdrawn' },
      { subject: 'joon', outcome: 'withdrawn' },
    ]);
    expect(logged).toEqual([]);
  });

  // Seen to fail: void votes not counted (each is called forged, and the run waits on a closed question).
  it('is made again by a run that was reset and hears the votes once more', async () => {
    const { task, ids } = await several('reset');
    await haltAndLift('of-a-reset');
    await claim(task, ids);
    for (const id of ids) expect(await hear(task, id)).toMatchObject({ genuine: true, votes: ids });
    expect(await claim(task, ids)).toMatchObject({ kind: 'refused', reason: 'halt-lifted' });
  });
});

describe('an approval whose claim was given back', () => {
  // Seen to fail: later rounds looked at only where nobody had decided (the call runs).
  it('lets nothing run once people were asked in a later round', async () => {
    const { task, id } = await approved(gate, 'overtaken');
    await giveBack(task, id);
    await gate.ask(task, { round: 2, reason: 'drift' });
    await hear(task, await gate.decide(task, 'joon', { decision: 'reject' }));
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'refused', reason: 'policy-stricter' });
    expect(effectsOf(gate, task)).toHaveLength(0);
  });

  it('runs at the next attempt as long as nobody was asked since', async () => {
    const { task, id } = await approved(gate, 'kept');
    await giveBack(task, id);
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'executed' });
    expect(effectsOf(gate, task)).toHaveLength(1);
  });

  // Seen to fail: only decisions without an outcome voided (the call runs, and the run has a question open about it).
  it('is spent once a claim refused it, whatever the policy says later', async () => {
    const { task, id } = await approved(gate, 'revived');
    await giveBack(task, id);
    await activate(STRICT, '2');
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'refused', reason: 'policy-stricter' });
    expect(await outcomes(task)).toEqual([{ subject: 'amira', outcome: 'void', code: 'policy-stricter' }]);
    await activate(LOOSE, '3');
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'refused', reason: 'policy-stricter' });
    expect(effectsOf(gate, task)).toHaveLength(0);
  });
});

describe('an approval that a halt overtakes at its claim', () => {
  // Seen to fail: nothing settled there (it is on its way for ever, and sent to the run every minute).
  it('is void at once, and sent to nobody any more', async () => {
    const { task, id } = await approved(gate, 'halted');
    await gate.halt('agent', 'bot', 'of-halted');
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'halted' });
    await lift('of-halted');
    expect(await outcomes(task)).toEqual([{ subject: 'amira', outcome: 'void', code: 'halted' }]);
    const later = (await gate.database.now()) + 3_600_000;
    expect((await leaseUndelivered(gate.database, later)).filter((row) => row.id === id)).toEqual([]);
  });

  // Seen to fail: a halt no reason of a void decision (it is taken for a forgery, and an operator called).
  it('is refused as such once the halt is lifted, also when nobody heard of the halt', async () => {
    const { task, id } = await approved(gate, 'unheard-halt');
    await gate.halt('agent', 'bot', 'of-unheard');
    expect(await claim(task, [id])).toMatchObject({ kind: 'halted' });
    await lift('of-unheard');
    expect(await claim(task, [id])).toMatchObject({ kind: 'refused', reason: 'halt-lifted' });
    expect(logged).toEqual([]);
  });
});

/** Seen to fail: whatever the ids name voided, of any operation of any task (the rejection is gone, and the next approval runs). */
describe('a decision that another task’s run names', () => {
  async function rejected(name: string): Promise<{ task: TaskId; id: DecisionId }> {
    const task = await gate.submit(name, PAY);
    await gate.ask(task);
    return { task, id: await gate.decide(task, 'amira', { decision: 'reject' }) };
  }

  it('is not voided by what that run carries, nor by its own for another operation', async () => {
    const { task, id } = await rejected('victim');
    const other = await gate.submit('carrier', PAY);
    for (const [from, operation] of [
      [other, 1],
      [task, 2],
    ] as const) {
      const event = { id: `voided-${from}`, type: 'voided', operation, body: { decision: id, halt: 'h' } };
      await record(gate.deps, { tenant: TENANT, task: from, runId: `run-${from}`, events: [event] });
    }
    expect(await hear(task, id)).toMatchObject({ genuine: true });
  });

  it('is not voided beside one of that run’s own whose claim is refused', async () => {
    const { task, id } = await rejected('named');
    const own = await approved(gate, 'naming');
    await gate.halt('task', own.task, 'of-naming');
    await lift('of-naming');
    expect(await gate.execute(own.task, [own.id, id])).toMatchObject({
      kind: 'refused',
      reason: 'halt-lifted',
    });
    expect(await hear(task, id)).toMatchObject({ genuine: true });
  });
});

// Seen to fail: asked whether it may run, with not a word of what may have happened.
it('a finding whose claim is refused is asked for again as a finding', async () => {
  const { task, id } = await approved(gate, 'finding', { tool: 'bank', args: {} });
  expect(await gate.execute(task, [id])).toMatchObject({ kind: 'refused', reason: 'unknown' });
  await gate.ask(task, { round: 2, reason: 'unknown' });
  const found = await gate.decide(task, 'joon', { decision: 'resolve', resolution: 'not-happened' });
  const later = { ...gate.deps, tools: new Map([...gate.deps.tools, ['bank', bank('2')]]) };
  expect(
    await executeWith(later, task, { round: 2, resolution: { decision: found, as: 'not-happened' } }),
  ).toMatchObject({ kind: 'refused', reason: 'digest-changed' });
  const carry = { tenant: TENANT, task, runId: `run-${task}`, events: [] };
  const round = { operation: 1, generation: 1, round: 3, rung: 0, reason: 'digest-changed' } as const;
  expect(await ask(later, { ...carry, ...round })).toMatchObject({ question: { kind: 'resolution' } });
  const [row] = await gate.database.query<{ brief: string }>(
    'select brief from questions where task = $1 and round = 3',
    [task],
  );
  expect(row?.brief).toContain('Did this call happen?');
});
