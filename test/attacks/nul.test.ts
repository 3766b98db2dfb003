import { afterAll, beforeAll, expect, it } from 'vitest';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';
import { pageDesk } from '../../src/store/desk.js';
import { ownDecisions } from '../../src/store/own-decisions.js';
import { unheardQuestions } from '../../src/store/unheard.js';
import { approved, effectsOf } from './scene.js';

const NUL = 'Bob\0 & Sons';
const RULE = `{ id: stranger, trigger: policy, when: "action.payee != 'bob'", level: approve, quorum: 2 }`;

let gate: Gate;
beforeAll(async () => {
  gate = await openGate({ policy: `${POLICY}rules:\n  - ${RULE}\n` });
});
afterAll(() => gate.close());

/** JSON may hold a NUL where no column of Postgres can. Seen to fail: each look into the JSON that is stored, one by one. */
it('fault 17: a NUL in an argument that a rule reads takes nobody else from their desk, and its call runs when it is approved', async () => {
  const { database } = gate;
  const { task, id } = await approved(gate, 'nul', { tool: 'pay', args: { cents: 100, to: NUL } });
  const amira = { tenant: TENANT, subject: 'amira' };
  const page = {
    roles: ['supervisor'],
    named: [],
    status: 'open',
    notRequester: null,
    after: undefined,
  } as const;
  const lines = await pageDesk(database, { tenant: TENANT, ...page, limit: 10 });
  expect(lines.map(({ proposal }) => proposal)).toEqual(['Pay 100 cents to Bob\ufffd & Sons']);
  expect(await ownDecisions(database, { ...amira, after: undefined, limit: 10 })).toMatchObject([
    { proposal: 'Pay 100 cents to Bob\ufffd & Sons' },
  ]);
  // A role of a later rung: only the verdict names it.
  const blind = { tenant: TENANT, task: null, roles: ['director'], named: [] };
  expect(await unheardQuestions(database, { ...blind, subject: 'ruth' })).toEqual([{ task, operation: 1 }]);
  const second = await gate.decide(task, 'joon', { decision: 'approve' });
  expect(await gate.execute(task, [id, second])).toMatchObject({ kind: 'executed' });
  expect(effectsOf(gate, task)).toHaveLength(1);
});
