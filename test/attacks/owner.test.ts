import { z } from 'zod';
import { afterEach, describe, expect, it } from 'vitest';
import type { AskInput } from '../../src/activities/api.js';
import { ask } from '../../src/activities/ask.js';
import { defineTool } from '../../src/contract/tool.js';
import type { DecisionId, TaskId } from '../../src/domain/ids.js';
import { loadPolicy } from '../../src/policy/load.js';
import { activatePolicy } from '../../src/store/policies.js';
import { openGate, TENANT, type Gate } from '../support/gate.js';
import { effectsOf, executeWith, expectRefused, PAY } from './scene.js';

/** The agent's owner is on no ladder: only a question that nobody answered reaches her. */
const HELD = `
version: "1"
owner: tests
agents:
  bot: { owner: director, tools: [pay, note, look, wire] }
roles:
  supervisor: { members: [amira, joon] }
  director: { members: [ruth, tomas] }
  auditor: { members: [sven] }
ladders:
  held: { ttl: 1h, then: backup, fallback: hold }
defaults: { route: supervisor, ladder: held }
`;
/** The director is asked after the supervisor. */
const BACKED = HELD.replace('[amira, joon]', '[amira, joon], backup: director');

/** The first call is lost on the way. */
const wires: string[] = [];
const wire = defineTool({
  name: 'wire',
  version: '1',
  tier: 4,
  input: z.strictObject({ to: z.string() }),
  describe: (a) => `Wire to ${a.to}`,
  timeout: '5s',
  run: (a) => {
    wires.push(a.to);
    if (wires.length === 1) throw new Error('the bank hung up');
    return { ok: true };
  },
});

let gate: Gate;
afterEach(() => gate.close());

async function opened(policy: string): Promise<void> {
  gate = await openGate({ policy, tools: [wire] });
}

async function activate(source: string): Promise<void> {
  const loaded = loadPolicy(source.replace('version: "1"', 'version: "2"'));
  if (!('policy' in loaded)) throw new Error(JSON.stringify(loaded.problems));
  const { hash, version } = loaded.policy;
  const of = { tenant: TENANT, hash, version, source: source.replace('version: "1"', 'version: "2"') };
  await activatePolicy(gate.database, { ...of, author: 'tests' });
}

/** Puts the question where silence takes it: onto the next rung, or after the last onto the owner's desk. */
function climb(task: TaskId, input: Pick<AskInput, 'round' | 'rung' | 'reason' | 'forOwner'>) {
  const carry = { tenant: TENANT, task, runId: `run-${task}`, events: [] };
  return ask(gate.deps, { ...carry, operation: 1, generation: 1, ...input });
}

async function withOwner(name: string): Promise<TaskId> {
  const task = await gate.submit(name, PAY);
  expect(await gate.ask(task)).toMatchObject({ kind: 'asked', question: { role: 'supervisor', rungs: 1 } });
  const held = { round: 1, rung: 1, reason: null, forOwner: true } as const;
  expect(await climb(task, held)).toMatchObject({
    kind: 'asked',
    question: { role: 'director', answerBy: null },
  });
  return task;
}

/** Seen to fail: `stricterNow` with the roles of the ladder alone. */
describe("the owner's word on a question that every rung left unanswered", () => {
  it('lets the call run', async () => {
    await opened(HELD);
    const task = await withOwner('held');
    const id = await gate.decide(task, 'ruth', { decision: 'approve' });
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'executed' });
    expect(effectsOf(gate, task)).toHaveLength(1);
  });

  it('lets a call run that it found not to have happened', async () => {
    await opened(HELD);
    const task = await gate.submit('lost', { tool: 'wire', args: { to: 'bob' } });
    await gate.ask(task);
    const approval = await gate.decide(task, 'amira', { decision: 'approve' });
    expect(await gate.execute(task, [approval])).toMatchObject({ kind: 'refused', reason: 'unknown' });
    await gate.ask(task, { round: 2, reason: 'unknown' });
    const held = { round: 2, rung: 1, reason: 'unknown', forOwner: true } as const;
    expect(await climb(task, held)).toMatchObject({ question: { kind: 'resolution', role: 'director' } });
    const decision: DecisionId = await gate.decide(task, 'ruth', {
      decision: 'resolve',
      resolution: 'not-happened',
    });
    expect(
      await executeWith(gate.deps, task, { round: 2, resolution: { decision, as: 'not-happened' } }),
    ).toMatchObject({ kind: 'executed' });
    expect(wires).toEqual(['bob', 'bob']);
  });

  it('leaves the word of an earlier rung as good as it was', async () => {
    await opened(HELD);
    const task = await withOwner('earlier');
    const id = await gate.decide(task, 'amira', { decision: 'approve' });
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'executed' });
  });
});

describe("the owner's role counts for nothing else", () => {
  // Seen to fail: `isOnOwnersDesk` answering true.
  it('not for a round that still lies on a rung', async () => {
    await opened(BACKED);
    const task = await gate.submit('on-a-rung', PAY);
    expect(await gate.ask(task)).toMatchObject({ question: { role: 'supervisor', rungs: 2 } });
    expect(await climb(task, { round: 1, rung: 1, reason: null })).toMatchObject({
      question: { role: 'director' },
    });
    const id = await gate.decide(task, 'ruth', { decision: 'approve' });
    await activate(HELD); // the supervisor alone decides now; the director is the owner still
    await expectRefused(gate, task, await gate.execute(task, [id]), 'policy-stricter');
  });

  // Seen to fail: the role that the question was put to taken for the owner's.
  it('not of somebody who owns the agent no more: the new owner has to say', async () => {
    await opened(HELD);
    const task = await withOwner('sold');
    const id = await gate.decide(task, 'ruth', { decision: 'approve' });
    await activate(HELD.replace('owner: director', 'owner: auditor'));
    await expectRefused(gate, task, await gate.execute(task, [id]), 'policy-stricter');
  });
});
