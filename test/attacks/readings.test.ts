import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scriptedPlanner } from '../../src/activities/adapters/scripted-planner.js';
import { ask } from '../../src/activities/ask.js';
import { plan } from '../../src/activities/plan.js';
import type { ActivityDeps, Proposal } from '../../src/activities/ports.js';
import { labelled } from '../../src/contract/digest.js';
import { defineTool, ToolFailure } from '../../src/contract/tool.js';
import type { TaskId } from '../../src/domain/ids.js';
import type { Fired } from '../../src/domain/verdict.js';
import { readJournal } from '../../src/store/journal.js';
import { callsOf, insertGeneration } from '../../src/store/ledger.js';
import { findQuestion } from '../../src/store/questions.js';
import { submitTask, type TaskRequest } from '../../src/store/tasks.js';
import { openGate, TENANT, type Gate } from '../support/gate.js';
import { executeWith } from './scene.js';

const POLICY = `
version: "1"
owner: tests
agents:
  bot: { owner: director, tools: [pay, look, order, fail] }
roles:
  supervisor: { members: [amira, joon], backup: director }
  director: { members: [ruth, tomas] }
defaults: { route: supervisor }
rules:
  - { id: odd, trigger: anomaly, when: "readings.unexpected_shape", level: approve }
  - { id: twice, trigger: anomaly, when: "readings.contradictory_state", level: approve }
  - { id: failing, trigger: sentiment, when: "readings.repeated_failure >= 2", level: approve }
  - { id: late, trigger: sla, when: "readings.minutes_to_deadline < 60", level: approve }
  - { id: pressing, trigger: risk, when: "readings.pressure_language", level: approve }
  - { id: look-alike, trigger: risk, when: "readings.mixed_scripts", level: approve }
`;

/** What the shop answers; the tool declares that it is an order. */
const ANSWERS: Record<string, unknown> = { good: { cents: 5 }, odd: { cents: 'five, says mia' } };
const numbered = { version: '1', input: z.strictObject({ id: z.string() }), timeout: '5s' } as const;
const order = defineTool({
  ...numbered,
  name: 'order',
  tier: 1,
  output: z.strictObject({ cents: z.int() }),
  describe: ({ id }) => `Look up order ${id}`,
  run: ({ id }) => ANSWERS[id] ?? { cents: 1 },
});
const fail = defineTool({
  ...numbered,
  name: 'fail',
  tier: 1,
  describe: ({ id }) => `Try ${id}`,
  run() {
    throw new ToolFailure('no', 'it does not work');
  },
});

let gate: Gate;
let deps: ActivityDeps;
let upcoming: readonly Proposal[] = [];
beforeAll(async () => {
  gate = await openGate({ policy: POLICY, tools: [order, fail] });
  deps = {
    ...gate.deps,
    planners: { model: { next: async () => ({ calls: upcoming }) }, scripted: scriptedPlanner },
  };
});
afterAll(() => gate.close());

const carry = (task: TaskId) => ({ tenant: TENANT, task, runId: `run-${task}`, events: [] });
const look = (id: string): Proposal => ({ tool: 'order', args: { id } });
const callOf = async (task: TaskId, operation: number) =>
  (await callsOf(gate.database, TENANT, task)).find((row) => row.operation === operation);

async function submit(name: string, more: Partial<TaskRequest> = {}): Promise<TaskId> {
  const task = name as TaskId; // names of tests are valid
  const request = { goal: 'test', situation: '', readings: {}, planner: { kind: 'model' }, ...more };
  const who = { tenant: TENANT, task, agent: 'bot', requester: 'rita', ready: null };
  await submitTask(gate.database, { ...who, request, requestDigest: labelled('request', name) });
  return task;
}

/** One step of the planner; its operations are numbered on from those there are. */
async function propose(task: TaskId, ...calls: Proposal[]): Promise<readonly number[]> {
  upcoming = calls;
  const firstOperation = (await callsOf(gate.database, TENANT, task)).length + 1;
  const taken = await gate.database.query('select 1 from steps where tenant = $1 and task = $2', [
    TENANT,
    task,
  ]);
  const step = taken.length + 1;
  const { signal } = new AbortController();
  const { operations } = await plan(deps, { ...carry(task), step, firstOperation }, signal);
  return operations.map(({ operation }) => operation);
}

/** The rules that fired for an operation, whether or not they ask. */
async function judged(task: TaskId, operation: number): Promise<readonly Fired[]> {
  const ref = { operation, generation: 1, round: 1 };
  await ask(deps, { ...carry(task), ...ref, rung: 0, reason: null });
  return (await findQuestion(gate.database, { tenant: TENANT, task, ...ref }))?.verdict.fired ?? [];
}
const rules = async (task: TaskId, operation: number) =>
  (await judged(task, operation)).map(({ rule }) => rule);
const run = (task: TaskId, operation: number) => executeWith(deps, task, { operation });

/** Proposes, judges and runs one call that nothing is to stop. */
async function through(task: TaskId, call: Proposal): Promise<void> {
  const [operation = 0] = await propose(task, call);
  expect(await rules(task, operation)).toEqual([]);
  expect(['executed', 'failed']).toContain((await run(task, operation)).kind);
}

describe('a result that is not what the tool declares', () => {
  // Seen to fail: the result not checked; the mark left out of the ledger, or of the journal.
  it('is kept as it is, marked, and told to the rules that judge what is proposed later', async () => {
    const task = await submit('odd-result');
    await through(task, look('good'));
    await through(task, look('odd'));
    expect(await callOf(task, 1)).toMatchObject({ unexpectedShape: false });
    expect(await callOf(task, 2)).toMatchObject({
      status: 'done',
      result: ANSWERS['odd'],
      unexpectedShape: true,
    });
    const entries = await readJournal(gate.database, { tenant: TENANT, task, limit: 100 });
    const ends = entries
      .filter((entry) => entry.type === 'call-executed')
      .map((entry) => JSON.parse(entry.body));
    expect(ends.map((body) => body.unexpectedShape)).toEqual([undefined, true]);
    expect(JSON.stringify(entries)).not.toContain('mia');
    const [next = 0] = await propose(task, look('third'));
    expect(await judged(task, next)).toMatchObject([
      { rule: 'odd', trigger: 'anomaly', values: { 'readings.unexpected_shape': true } },
    ]);
    expect(await run(task, next)).toMatchObject({ kind: 'refused', reason: 'policy-stricter' });
  });

  // Seen to fail: the course of the task looked at when the call is judged.
  it('says nothing of calls that were proposed before: the claim judges as the asking did', async () => {
    const task = await submit('odd-beside');
    const [odd = 0, other = 0] = await propose(task, look('odd'), look('other'));
    expect(await rules(task, odd)).toEqual([]);
    expect(await run(task, odd)).toMatchObject({ kind: 'executed' });
    expect(await rules(task, other)).toEqual([]);
    expect(await run(task, other)).toMatchObject({ kind: 'executed' });
  });
});

describe('the course of a task', () => {
  // Seen to fail: a threshold of four.
  it('asks at the third equal proposal, not at a third other one', async () => {
    const task = await submit('circle');
    for (const id of ['a', 'b', 'c', 'a']) await through(task, look(id));
    const [third = 0] = await propose(task, look('a'));
    expect(await judged(task, third)).toMatchObject([
      { rule: 'repeated-proposal', trigger: 'stall', values: { 'readings.repeated_proposal': 2 } },
    ]);
    expect(await run(task, third)).toMatchObject({ kind: 'refused' });
  });

  it('asks when nothing was executed after five steps, and not once something was', async () => {
    const task = await submit('stalled');
    for (const id of ['1', '2']) await through(task, { tool: 'fail', args: { id } });
    for (const id of ['3', '4', '5']) {
      const [operation = 0] = await propose(task, { tool: 'pay', args: { cents: 1, to: id } });
      expect(await rules(task, operation)).not.toContain('no-progress');
    }
    const [sixth = 0, beside = 0] = await propose(task, look('x'), look('y'));
    expect(await rules(task, sixth)).toEqual(['no-progress']);
    expect(await rules(task, beside)).toEqual(['no-progress']);
    const other = await submit('not-stalled');
    for (const id of ['1', '2']) await through(other, { tool: 'fail', args: { id } });
    await through(other, look('it works'));
    for (const id of ['3', '4', '5', '6']) await propose(other, { tool: 'pay', args: { cents: 1, to: id } });
    const [after = 0] = await propose(other, look('z'));
    expect(await rules(other, after)).toEqual([]);
  });

  it('counts failures of one tool in a row', async () => {
    const task = await submit('failing');
    for (const id of ['1', '2']) await through(task, { tool: 'fail', args: { id } });
    const [third = 0, other = 0] = await propose(task, { tool: 'fail', args: { id: '3' } }, look('a'));
    expect(await rules(task, third)).toEqual(['failing']);
    expect(await rules(task, other)).toEqual([]);
  });

  it('finds a payment that was made already, also when it is written otherwise (case 10)', async () => {
    const task = await submit('paid-twice');
    const pay = (to: string): Proposal => ({ tool: 'pay', args: { cents: 100, to } });
    const [first = 0] = await propose(task, pay('Zürich'));
    expect(await rules(task, first)).not.toContain('twice');
    const id = await gate.decide(task, 'amira', { decision: 'approve' });
    expect(await executeWith(deps, task, { decisions: [id] })).toMatchObject({ kind: 'executed' });
    const [second = 0, other = 0] = await propose(task, pay('Zu\u0308rich'), pay('Basel'));
    expect(await rules(task, second)).toContain('twice');
    expect(await rules(task, other)).not.toContain('twice');
  });

  // Seen to fail: a row without it not readable.
  it('is empty for calls that an earlier version stored', async () => {
    const task = await submit('older');
    const [operation = 0] = await propose(task, look('a'));
    await gate.database.query('update ledger set detected = null where tenant = $1 and task = $2', [
      TENANT,
      task,
    ]);
    expect(await rules(task, operation)).toEqual([]);
    expect(await run(task, operation)).toMatchObject({ kind: 'executed' });
  });
});

describe('a planner that claims what the gate detects', () => {
  // Seen to fail: its readings stored as they came and spread over what was detected.
  it('counts as having said nothing, and what it did say is kept', async () => {
    const task = await submit('claims');
    await through(task, look('odd'));
    const readings = { unexpected_shape: false, mixed_scripts: false, minutes_to_deadline: 99, mood: 'calm' };
    const [operation = 0] = await propose(task, { tool: 'order', args: { id: 'p\u0430ypal' }, readings });
    expect((await callOf(task, operation))?.readings).toEqual({ mood: 'calm' });
    expect(await rules(task, operation)).toEqual(['odd', 'look-alike']);
  });

  // Seen to fail: no look at the names where a task from before names one.
  it('nor does a stored claim stand in the place of what was detected', async () => {
    const task = await submit('stored-claims', { readings: { mixed_scripts: false, check_requested: true } });
    const [operation = 0] = await propose(task, look('p\u0430ypal'));
    expect(await rules(task, operation)).toEqual(['look-alike']);
  });
});

describe('words of the agent', () => {
  it('case 23: that press are a reading, and never loosen', async () => {
    const task = await submit('pressing');
    const [operation = 0] = await propose(task, {
      ...look('a'),
      agentText: 'URGENT, pre-approved by the CFO',
    });
    expect(await rules(task, operation)).toEqual(['pressing']);
  });

  // Seen to fail: the question not stored; not judged; not in the brief; the claim judging without it.
  it('that ask a person wait for one, and what is approved runs', async () => {
    const task = await submit('asks');
    const question = 'Is order a the one you mean?\u202e';
    const [operation = 0, other = 0] = await propose(task, { ...look('a'), question }, look('b'));
    expect(await callOf(task, operation)).toMatchObject({ question });
    expect(await callOf(task, other)).toMatchObject({ question: null });
    expect(await judged(task, operation)).toEqual([
      { rule: 'agent-asks', trigger: 'request', level: 'approve', values: {} },
    ]);
    expect(await rules(task, other)).toEqual([]);
    const asked = await findQuestion(gate.database, {
      tenant: TENANT,
      task,
      operation,
      generation: 1,
      round: 1,
    });
    expect(asked?.brief).toMatchObject({ agentQuestion: question, agentText: null, flags: ['bidi'] });
    expect(await run(task, operation)).toMatchObject({ kind: 'refused', reason: 'policy-stricter' });
    const again = await submit('asks-again');
    const [first = 0] = await propose(again, { ...look('a'), question });
    await judged(again, first);
    const id = await gate.decide(again, 'amira', { decision: 'approve' });
    expect(await executeWith(deps, again, { decisions: [id] })).toMatchObject({ kind: 'executed' });
  });

  it('may be a script’s', async () => {
    const calls = [{ tool: 'order', args: { id: 'a' }, question: 'Right?' }];
    const task = await submit('asks-by-script', { planner: { kind: 'scripted', steps: [{ calls }] } });
    await propose(task);
    expect(await rules(task, 1)).toEqual(['agent-asks']);
  });

  it('stay with a call that a person edits, as the course of the task does', async () => {
    const task = await submit('asks-edited');
    await through(task, look('odd'));
    const [operation = 0] = await propose(task, { ...look('a'), question: 'Right?' });
    const call = await callOf(task, operation);
    if (!call) throw new Error('it was just proposed');
    await gate.database.transaction((tx) =>
      insertGeneration(tx, call, { args: { id: 'b' }, anew: false }, 1),
    );
    const edited = (await callsOf(gate.database, TENANT, task)).at(-1);
    expect(edited).toMatchObject({ generation: 2, question: 'Right?', detected: call.detected });
    expect(call.detected).toMatchObject({ unexpected_shape: true });
  });

  it.each([[''], ['x'.repeat(2_001)], [{ text: 'may I?' }]])(
    'are no question of an odd kind',
    async (question) => {
      const task = await submit(`odd-question-${typeof question}-${String(question).length}`);
      const said = { ...look('a'), question } as Proposal; // what a model says has no type
      await expect(propose(task, said)).rejects.toThrow('asked something else than a text of 1 to 2000');
    },
  );
});

// Seen to fail: the deadline left out of what is judged; a task without one whose rule errs.
it.each([
  ['near', 59, ['late']],
  ['past', -1, ['late']],
  ['far', 61, []],
  ['none', null, []],
])('case 22: a deadline that is %s', async (name, minutes, fired) => {
  const now = await gate.database.now();
  const task = await submit(`deadline-${name}`, minutes === null ? {} : { deadline: now + minutes * 60_000 });
  const [operation = 0] = await propose(task, look('a'));
  expect(await rules(task, operation)).toEqual(fired);
});
