import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelPlanner } from '../../src/activities/adapters/model-planner.js';
import { plan } from '../../src/activities/plan.js';
import { labelled } from '../../src/contract/digest.js';
import type { TaskId } from '../../src/domain/ids.js';
import { callsOf } from '../../src/store/ledger.js';
import { submitTask } from '../../src/store/tasks.js';
import { openGate, TENANT, type Gate } from '../support/gate.js';
import { calls, done } from '../support/model-server.js';
import { PAY, server, useModelServer } from './model-scene.js';

useModelServer();
let gate: Gate;
beforeAll(async () => {
  gate = await openGate();
});
afterAll(() => gate.close());

describe('a step that a worker died in', () => {
  // Seen to fail: plan without its look for a stored step.
  it('answers as before once its proposals are stored, whatever the model would say now', async () => {
    const task = 'model-step' as TaskId; // a valid name
    const request = { goal: 'Pay Bob', situation: '', readings: {}, planner: { kind: 'model' } };
    const made = { tenant: TENANT, task, agent: 'bot', requester: 'rita', request, ready: null };
    await submitTask(gate.database, { ...made, requestDigest: labelled('request', 'model-step') });
    const endpoint = { url: server.url, model: 'tiny', key: null };
    const model = modelPlanner({ endpoint, tools: gate.deps.tools, toolsOf: async () => undefined });
    const step = { tenant: TENANT, task, runId: 'run-model-step', events: [], step: 1, firstOperation: 1 };
    const asked = () => plan({ ...gate.deps, planners: { model } }, step, new AbortController().signal);

    server.say(calls(['pay', PAY], ['look', {}]), calls(['pay', { ...PAY, cents: 1 }]), done());
    const first = await asked();
    expect(first).toMatchObject({ done: false, operations: [{ tool: 'pay' }, { tool: 'look' }] });
    expect(await asked()).toEqual(first);
    expect(server.requests).toHaveLength(1);
    expect((await callsOf(gate.database, TENANT, task)).map((call) => call.args)).toEqual([PAY, {}]);
  });
});
