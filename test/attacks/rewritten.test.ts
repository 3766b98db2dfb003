import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../src/contract/tool.js';
import { findQuestion } from '../../src/store/questions.js';
import { callsOf } from '../../src/store/ledger.js';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';

const ran: unknown[] = [];
const deploy = defineTool({
  name: 'deploy',
  version: '1',
  tier: 2,
  input: z.strictObject({ env: z.string().trim().toLowerCase() }),
  describe: ({ env }) => `Deploy to ${env}`,
  timeout: '5s',
  run: (args) => void ran.push(args),
});

let gate: Gate;
beforeAll(async () => {
  gate = await openGate({
    policy: `${POLICY.replace('[pay, note, look]', '[deploy]')}
rules:
  - { id: production, trigger: boundary, when: "action.args.env == 'production'", level: approve, route: director }
`,
    tools: [deploy],
  });
});
afterAll(() => gate.close());

/** Seen to fail: what the tool's schema makes of the arguments run for what was written, shown and judged. */
describe('a spelling that the policy does not know and the tool does (case 19)', () => {
  it('never runs without a person, who sees that it cannot be judged; and never as something else', async () => {
    for (const [at, env] of ['PRODUCTION', ' production', 'Production\n'].entries()) {
      const task = await gate.submit(`spelt-${at}`, { tool: 'deploy', args: { env } });
      expect((await gate.ask(task)).kind, env).toBe('asked');
      const question = await findQuestion(gate.database, {
        tenant: TENANT,
        task,
        operation: 1,
        generation: 1,
        round: 1,
      });
      expect(question?.brief?.flags).toContain('uninspectable');
      const id = await gate.decide(task, question?.role === 'director' ? 'ruth' : 'amira', {
        decision: 'approve',
      });
      expect(await gate.execute(task, [id])).toMatchObject({ kind: 'failed', code: 'invalid-arguments' });
      expect(ran).toEqual([]);
    }
  });

  it('runs when it is written as it is read', async () => {
    const task = await gate.submit('spelt-right', { tool: 'deploy', args: { env: 'staging' } });
    expect((await gate.ask(task)).kind).toBe('permitted');
    expect(await gate.execute(task, [])).toMatchObject({ kind: 'executed' });
    expect(ran).toEqual([{ env: 'staging' }]);
    expect((await callsOf(gate.database, TENANT, task))[0]?.args).toEqual({ env: 'staging' });
  });
});
