import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/contract/tool.js';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';
import { pageDesk } from '../../src/store/desk.js';
import { ownDecisions } from '../../src/store/own-decisions.js';
import { unheardQuestions } from '../../src/store/unheard.js';
import { approved, effectsOf } from './scene.js';

const NUL = 'Bob\0 & Sons';
const RULE = `{ id: stranger, trigger: policy, when: "action.payee != 'bob'", level: approve, quorum: 2 }`;

const SENT = `
tools: { send: { ladder: careful }, mail: { ladder: brief } }
ladders:
  careful: { ttl: 1h, fallback: safe, safe: { tool: keep, args: { text: action.args.text } } }
  brief: { ttl: 1h, fallback: safe, safe: { tool: keep, args: { text: "action.args.text.substring(0, 300)" } } }
rules:
  - { id: odd, trigger: risk, when: "bool(action.args.text)", level: approve }
  - { id: stranger, trigger: policy, when: "action.payee != 'bob'", level: approve }
`;
const sender = (name: string, tier: 2 | 3) =>
  defineTool({
    name,
    version: '1',
    tier,
    input: z.strictObject({ text: z.string() }),
    describe: ({ text }) => `Send ${text}`.slice(0, 300),
    impact: ({ text }) => ({ payee: text.slice(0, 300) }),
    run: () => ({}),
  });

let gate: Gate;
let sending: Gate;
beforeAll(async () => {
  gate = await openGate({ policy: `${POLICY}rules:\n  - ${RULE}\n` });
  sending = await openGate({
    policy: `${POLICY.replace('look]', 'look, send, mail, keep]')}${SENT}`,
    tools: [sender('send', 3), sender('mail', 3), sender('keep', 2)],
  });
});
afterAll(() => Promise.all([gate.close(), sending.close()]));

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

/** Nothing that holds half a character has a digest. Seen to fail: each cut alone, on the words, the safe action, the error and the impact. */
it.each(['send', 'mail'])(
  'fault 17: a %s is asked about, wherever a cut parts the halves of a character',
  async (tool) => {
    for (const length of [0, 1]) {
      const text = 'a'.repeat(length) + '\u{1F600}'.repeat(400);
      const task = await sending.submit(`half-${tool}-${length}`, { tool, args: { text } });
      const fallback = tool === 'mail' && length === 1 ? 'deny' : 'safe';
      expect(await sending.ask(task)).toMatchObject({ kind: 'asked', question: { fallback } });
    }
  },
);
