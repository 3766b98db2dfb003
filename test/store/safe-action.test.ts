import { afterAll, describe, expect, it } from 'vitest';
import { ask } from '../../src/activities/ask.js';
import { execute } from '../../src/activities/execute.js';
import { safeguard } from '../../src/activities/safeguard.js';
import { labelled } from '../../src/contract/digest.js';
import type { Readings } from '../../src/domain/action.js';
import type { TaskId } from '../../src/domain/ids.js';
import { submitTask } from '../../src/store/tasks.js';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';

const gates: Gate[] = [];
afterAll(() => Promise.all(gates.map((gate) => gate.close())));

/** Nobody answered for a note: what becomes of the look in its place, asked and claimed, under this rule beside those of the file. */
async function inItsPlace(rule: string, readings: Readings = {}): Promise<unknown> {
  const gate = await openGate({
    policy: `${POLICY}
tools: { note: { ladder: careful } }
ladders: { careful: { ttl: 1h, fallback: safe, safe: { tool: look, args: {} } } }
rules:
  - { id: noted, trigger: policy, when: "action.tool == 'note'", level: approve }
  - { id: looked, trigger: policy, ${rule} }
`,
  });
  gates.push(gate);
  const task = 'silent' as TaskId; // a valid name
  const request = { goal: 'test', situation: 'test', readings, planner: null };
  const ready = { tool: 'note', args: { cents: 1, to: 'bob' }, readings, agentText: null };
  const who = { tenant: TENANT, task, agent: 'bot', requester: 'rita' };
  await submitTask(gate.database, { ...who, request, requestDigest: labelled('request', rule), ready });
  expect(await gate.ask(task)).toMatchObject({ kind: 'asked', question: { fallback: 'safe' } });
  const carry = { tenant: TENANT, task, runId: 'run-silent', events: [] };
  await safeguard(gate.deps, { ...carry, operation: 1, generation: 1, round: 1, as: 2 });
  const second = { ...carry, operation: 2, generation: 1, round: 1 };
  const asked = await ask(gate.deps, { ...second, rung: 0, reason: null });
  const ran = await execute(gate.deps, { ...second, decisions: [], resolution: null });
  return { asked: asked.kind, ran: ran.kind, effects: gate.effects.map(({ tool }) => tool) };
}

const STOPPED = { asked: 'asked', ran: 'refused', effects: [] };
const RAN = { asked: 'permitted', ran: 'executed', effects: ['look'] };

/** Seen to fail: judged without any rule; by every rule; without what was measured of the call. */
describe('a safe action', () => {
  it('is not done where a rule of the file stops it', async () => {
    expect(await inItsPlace(`when: "action.tool == 'look'", level: stop`)).toEqual(STOPPED);
  });

  it('is done where a rule would have asked about it', async () => {
    expect(await inItsPlace(`when: "action.tool == 'look'", level: approve`)).toEqual(RAN);
  });

  it('is judged by what was measured of the call in whose place it is done', async () => {
    const rule = (limit: number) => `when: "readings.risk > ${limit} && action.tool == 'look'", level: stop`;
    expect(await inItsPlace(rule(0.9), { risk: 0.5 })).toEqual(RAN);
    expect(await inItsPlace(rule(0.3), { risk: 0.5 })).toEqual(STOPPED);
  });
});
