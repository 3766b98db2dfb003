import { expect, it } from 'vitest';
import { z } from 'zod';
import { aPolicy, policyText } from '../../test/support/policy-case.js';
import { defineTool } from '../contract/tool.js';
import { judgeCall } from './judge-case.js';
import { matrixOf } from './matrix.js';

const pays = (more: 'declared' | 'stated' | 'both') =>
  defineTool({
    name: 'pay',
    version: '1',
    tier: 2,
    input: z.strictObject({ cents: z.int() }),
    ...(more === 'stated' ? {} : { categories: ['money'] }),
    ...(more === 'declared'
      ? {}
      : { impact: ({ cents }: { cents: number }) => ({ money: { minor: cents, currency: 'USD' } }) }),
    describe: () => 'pay',
    run: () => null,
  });

// Seen to fail: an amount of 0 for a tool that states none, which `notify` cannot be; none for one whose category the policy adds.
it.each([
  ['declared', '', 'approve'],
  ['both', '', 'notify'],
  ['stated', '', 'notify'],
  ['stated', 'tools: { pay: { categories: [money] } }', 'notify'],
  ['declared', 'always_ask: { money: { limits: {} } }', 'approve'],
  ['both', 'always_ask: { money: { limits: {} } }', 'approve'],
] as const)('a tool with money %s, and %j: the matrix says what a cent gets', (more, text, level) => {
  const source = policyText(text);
  const policy = aPolicy(source);
  const tools = new Map([['pay', pays(more)]]);
  const row = matrixOf(source, policy, tools).calls.find(({ tool }) => tool === 'pay');
  const judged = judgeCall(policy, { agent: 'support', tool: 'pay', args: { cents: 1 } }, tools);
  expect([row?.level, judged.level]).toEqual([level, level]);
});
