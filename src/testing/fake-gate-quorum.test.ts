import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../contract/tool.js';
import { fakeGate, scripted } from '../testing.js';

const POLICY = `version: '1'
owner: us
agents: { clerk: { owner: boss, tools: [wipe] } }
roles: { boss: { members: [cy, bo, di] } }
defaults: { route: boss }
tools: { wipe: { quorum: 2 } }
`;

const gateOf = (review: ReturnType<typeof scripted>) => {
  const wipe = defineTool({
    name: 'wipe',
    version: '1',
    tier: 4,
    input: z.strictObject({ table: z.string() }),
    describe: ({ table }) => `Wipe ${table}`,
    run: () => 'wiped',
  });
  return fakeGate({ policy: POLICY, tools: [wipe], review });
};
const call = { agent: 'clerk', tool: 'wipe', args: { table: 'orders' } };

// Seen to fail: one approval that is enough.
describe('a fake gate under a quorum', () => {
  it('makes the call once, after as many people as the policy says', async () => {
    const gate = gateOf(scripted({ by: 'cy', verb: 'approve' }, { by: 'bo', verb: 'approve' }));
    expect(await gate.propose(call)).toMatchObject({
      outcome: 'executed',
      decision: { by: 'bo' },
      questions: [{ role: 'boss', verdict: { quorum: 2 } }],
    });
    expect(gate.effects).toHaveLength(1);
  });

  it('makes none after one, or one person twice, and says so', async () => {
    const gate = gateOf(scripted({ by: 'cy', verb: 'approve' }, { by: 'cy', verb: 'approve' }));
    expect(await gate.propose(call)).toMatchObject({
      outcome: 'unanswered',
      decision: null,
      refused: [{ code: 'conflict', because: expect.stringContaining('somebody else must, too') }],
    });
    expect(gate.effects).toEqual([]);
  });
});
