import { describe, expect, it } from 'vitest';
import { aCase, aPolicy, policyText } from '../../test/support/policy-case.js';
import { judge } from './judge.js';

const usd = (minor: number) => ({ impact: { money: { minor, currency: 'USD' } } });
const withRules = (...lines: string[]) =>
  aPolicy(policyText(`rules:\n${lines.map((line) => `  - ${line}`).join('\n')}\n`));

describe('whom to ask', () => {
  const roles = (verdict: ReturnType<typeof judge>) => verdict.ladder.rungs.map(({ role }) => role);
  const low =
    '{ id: low, trigger: confidence, when: "readings.confidence < 0.7", level: approve, route: supervisor }';
  const large =
    '{ id: large, trigger: boundary, when: "action.money.minor > 5", level: approve, route: finance }';
  const larger =
    '{ id: larger, trigger: boundary, when: "action.money.minor > 9", level: approve, route: director }';
  const unsure = { readings: { confidence: 0.1 } };

  it('asks nobody below approve', () => {
    expect(judge(aCase({ tool: 'note' })).ladder).toEqual({ rungs: [], fallback: 'deny' });
  });

  it('asks the owner of the agent where nothing else is said, longer for tier 3 than for tier 4', () => {
    expect(judge(aCase({ tool: 'mail' })).ladder).toEqual({
      rungs: [{ role: 'director', ttlMs: 7 * 86_400_000, remindAfterMs: 3.5 * 86_400_000 }],
      fallback: 'deny',
    });
    expect(judge(aCase({ tool: 'refund' })).ladder.rungs[0]?.ttlMs).toBe(86_400_000);
  });

  it('takes the first rule of the file that fired', () => {
    expect(roles(judge(aCase({ policy: withRules(large, larger), action: usd(10) })))).toEqual([
      'finance',
      'director',
    ]);
    expect(roles(judge(aCase({ policy: withRules(larger, large), action: usd(10) })))).toEqual(['director']);
  });

  it('lets no claim choose the reviewer where facts ask', () => {
    expect(roles(judge(aCase({ policy: withRules(low, large), action: { ...usd(6), ...unsure } })))[0]).toBe(
      'finance',
    );
    expect(roles(judge(aCase({ policy: withRules(low), tool: 'refund', action: unsure })))).toEqual([
      'director',
    ]);
    expect(roles(judge(aCase({ policy: withRules(low), action: unsure })))).toEqual([
      'supervisor',
      'director',
    ]);
  });

  it('takes the route and ladder of the tool, and the ladder of the rule', () => {
    const policy = aPolicy(
      policyText(`tools: { refund: { route: finance, ladder: slow } }
ladders: { slow: { ttl: 10d, remind: 1d, fallback: hold } }
rules: [{ id: much, trigger: boundary, when: "action.rows > 5", level: approve, ladder: urgent }]`),
    );
    expect(judge(aCase({ policy, tool: 'refund' })).ladder).toEqual({
      rungs: [{ role: 'finance', ttlMs: 864_000_000, remindAfterMs: 86_400_000 }],
      fallback: 'hold',
    });
    expect(judge(aCase({ policy, action: { impact: { rows: 6 } } })).ladder.rungs[0]?.ttlMs).toBe(1_800_000);
  });

  it('goes along the chain of backups and passes over a role without members', () => {
    const policy = aPolicy(
      policyText('  empty: { members: [], backup: supervisor }\ndefaults: { route: empty }'),
    );
    expect(roles(judge(aCase({ policy, tool: 'refund' })))).toEqual(['supervisor', 'director']);
  });

  it('gives validity and extension by default and as the policy says', () => {
    expect(judge(aCase())).toMatchObject({ validityMs: 900_000, extendByMs: 86_400_000, policyVersion: '1' });
    const policy = aPolicy(policyText('defaults: { validity: 1m, extend: 0s, ladder: urgent }'));
    expect(judge(aCase({ policy, tool: 'refund' }))).toMatchObject({
      validityMs: 60_000,
      extendByMs: 0,
      ladder: { rungs: [{ ttlMs: 1_800_000 }] },
    });
  });
});
