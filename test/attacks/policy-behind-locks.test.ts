import { afterAll, beforeAll, expect, it } from 'vitest';
import { lockOperation } from '../../src/store/ledger.js';
import { loadPolicy } from '../../src/policy/load.js';
import { activatePolicy } from '../../src/store/policies.js';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';
import { untilLocked } from '../support/wait.js';
import { approved } from './scene.js';

let gate: Gate;
beforeAll(async () => {
  gate = await openGate();
});
afterAll(() => gate.close());

// Seen to fail: the policy read before the operation's rows are locked (the call ran).
it('a claim that waits for its call judges by the policy that is in force when it has it', async () => {
  const { task, id } = await approved(gate, 'behind-locks');
  const source = POLICY.replace('version: "1"', 'version: "2"').concat('tools: { pay: { level: stop } }\n');
  const loaded = loadPolicy(source);
  if (!('policy' in loaded)) throw new Error(JSON.stringify(loaded.problems));
  const { hash } = loaded.policy;
  let running: ReturnType<typeof gate.execute> | undefined;
  // An edit or a withdrawal that is under way.
  await gate.database.transaction(async (tx) => {
    await lockOperation(tx, { tenant: TENANT, task, operation: 1 });
    running = gate.execute(task, [id]);
    await untilLocked(gate.database);
    await activatePolicy(gate.database, { tenant: TENANT, hash, version: '2', source, author: 'tests' });
  });
  expect(await running).toMatchObject({ kind: 'refused', reason: 'policy-stricter' });
  expect(gate.effects).toEqual([]);
});
