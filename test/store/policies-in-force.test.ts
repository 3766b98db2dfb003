import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask } from '../../src/activities/ask.js';
import { labelled } from '../../src/contract/digest.js';
import type { TaskId, TenantId } from '../../src/domain/ids.js';
import { policyHash } from '../../src/policy/load.js';
import { activatePolicy } from '../../src/store/policies.js';
import { submitTask } from '../../src/store/tasks.js';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';

const OTHER = 'umbrella' as TenantId;
const STRICT = `${POLICY.replace('version: "1"', 'version: "2"')}rules: [{ id: all, trigger: policy, when: "true", level: approve, route: director }]\n`;

let gate: Gate;
beforeAll(async () => {
  gate = await openGate();
});
afterAll(() => gate.close());

/** Puts a policy in force for a tenant, as the gateway does; the activities are told nothing. */
async function activate(tenant: TenantId, source: string): Promise<void> {
  await activatePolicy(gate.database, {
    tenant,
    source,
    hash: policyHash(source),
    version: 'x',
    author: 'tests',
  });
}

/** Who is asked about the same small call, by the one process of this test. */
async function asked(tenant: TenantId, name: string): Promise<string> {
  const task = name as TaskId;
  const args = {};
  await submitTask(gate.database, {
    tenant,
    task,
    agent: 'bot',
    requester: 'rita',
    request: { goal: 'test', situation: 'test', readings: {}, planner: null },
    requestDigest: labelled('request', args),
    ready: { tool: 'look', args, readings: {}, agentText: null },
  });
  const answer = await ask(gate.deps, {
    tenant,
    task,
    runId: `run-${task}`,
    events: [],
    operation: 1,
    generation: 1,
    round: 1,
    rung: 0,
    reason: null,
  });
  return answer.kind === 'asked' ? answer.question.role : answer.kind;
}

// Seen to fail: a shelf that keeps the hash it once read; a shelf that takes the policy of whichever tenant.
it('each tenant is judged by its own policy, and by a new one from the next verdict on, without a restart', async () => {
  await activate(OTHER, STRICT);
  expect([await asked(TENANT, 'first'), await asked(OTHER, 'first')]).toEqual(['permitted', 'director']);
  await activate(TENANT, STRICT);
  expect([await asked(TENANT, 'second'), await asked(OTHER, 'second')]).toEqual(['director', 'director']);
  await activate(OTHER, POLICY);
  expect([await asked(TENANT, 'third'), await asked(OTHER, 'third')]).toEqual(['director', 'permitted']);
});
