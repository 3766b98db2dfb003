import { beforeAll, describe, expect, it } from 'vitest';
import { columns } from '../../src/cli/render/layout.js';
import { builtBundle } from '../support/stack.js';
import { policyFolder } from './matrix-policy.js';
import { run } from './terminal.js';

beforeAll(() => builtBundle()); // the example's tools import the package by its name

describe('policy explain', () => {
  it('tells of a case why, who is asked, and what would change it, in 80 columns', async () => {
    const { exit, out } = await run([
      'policy',
      'explain',
      policyFolder().policy,
      '--case',
      'a large payment',
    ]);
    expect(exit).toBe(0);
    expect(Math.max(...out.split('\n').map(columns))).toBeLessThanOrEqual(80);
    await expect(out).toMatchFileSnapshot('snapshots/policy-explain.txt');
  });

  it('tells of a call that is spelt out, by its tool', async () => {
    const policy = 'examples/support/policy.yaml';
    const call = ['--agent', 'support', '--tool', 'give_voucher', '--situation', 'goodwill'];
    const args = [
      '--args',
      '{"orderId":"1001","amountCents":15000,"currency":"USD"}',
      ...['confidence=0.93', 'injection_score=0', 'sentiment=0', 'sample=false'].flatMap((reading) => [
        '--reading',
        reading,
      ]),
    ];
    const { exit, out } = await run([
      'policy',
      'explain',
      policy,
      '--tools',
      'examples/support/tools.ts',
      ...call,
      ...args,
    ]);
    expect([exit, out]).toEqual([
      0,
      expect.stringContaining('always-ask:money: action.money.minor 15000 -> 10000; then notify (tier:2)'),
    ]);
  });

  it('gives the same as JSON', async () => {
    const { out } = await run([
      'policy',
      'explain',
      policyFolder().policy,
      '--case',
      'a large payment',
      '--json',
    ]);
    expect(JSON.parse(out)).toMatchObject({
      level: 'approve',
      without: 'notify',
      asked: [{ role: 'desk', members: ['ada', 'bo'] }, { role: 'boss' }],
    });
  });

  it.each([
    ['no call', [], /name a case with --case, or the call/],
    ['both', ['--case', 'x', '--agent', 'clerk'], /not both/],
    ['an unknown case', ['--case', 'x'], /has no case "x"\. It has:\n {2}a large payment/],
    ['a call without tools', ['--agent', 'clerk', '--tool', 'pay'], /--tools is missing/],
    [
      'arguments that are no JSON',
      ['--agent', 'clerk', '--tool', 'pay', '--tools', 't', '--args', '{'],
      /--args is not JSON \(a file is named with @FILE\)/,
    ],
    [
      'a reading without value',
      ['--agent', 'clerk', '--tool', 'pay', '--tools', 't', '--reading', 'x'],
      /NAME=VALUE/,
    ],
  ])('ends with 2 for %s', async (_what, options, message) => {
    const { exit, err } = await run(['policy', 'explain', policyFolder().policy, ...options]);
    expect([exit, err]).toEqual([2, expect.stringMatching(message)]);
  });
});
