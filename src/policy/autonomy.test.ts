import { describe, expect, it } from 'vitest';
import { aCase, aPolicy, policyText, someFacts } from '../../test/support/policy-case.js';
import { judge } from './judge.js';

const agent = (part: string, more = '') =>
  aPolicy(policyText(more).replace('{ owner: director,', `{ owner: director, ${part},`));
const tools = ['read', 'note', 'mail', 'refund'] as const;

describe('autonomy', () => {
  it.each([
    ['supervised', ['auto', 'approve', 'approve', 'approve']],
    ['constrained', ['auto', 'notify', 'approve', 'approve']],
    ['monitored', ['auto', 'notify', 'notify', 'approve']],
    ['full', ['auto', 'auto', 'notify', 'approve']],
  ])('%s gives tiers 1 to 4 %j', (autonomy, levels) => {
    const policy = agent(`autonomy: ${autonomy}`);
    expect(tools.map((tool) => judge(aCase({ policy, tool })).level)).toEqual(levels);
  });

  it('is constrained where nothing is said, and of an agent that nobody knows', () => {
    expect(aPolicy().agents.get('support')?.autonomy).toBe('constrained');
    const input = aCase({ policy: agent('autonomy: full'), tool: 'note' });
    expect(judge({ ...input, task: { ...input.task, agent: 'stranger' } }).fired[0]).toMatchObject({
      rule: 'tier:2',
      level: 'notify',
    });
  });

  // Seen to fail: supervised as a default only; the level of a tool passed over for the other tiers of autonomy.
  it.each([
    ['supervised', 'note', 'auto', 'approve'],
    ['supervised', 'read', 'notify', 'notify'],
    ['supervised', 'note', 'stop', 'stop'],
    ['constrained', 'note', 'auto', 'auto'],
    ['full', 'note', 'approve', 'approve'],
    ['full', 'mail', 'auto', 'notify'],
    ['full', 'refund', 'auto', 'approve'],
  ] as const)('%s with %s set to %s is %s', (autonomy, tool, level, expected) => {
    const policy = agent(`autonomy: ${autonomy}`, `tools: { ${tool}: { level: ${level} } }`);
    expect(judge(aCase({ policy, tool })).level).toBe(expected);
  });

  it('is recorded where it is not the default', () => {
    expect(judge(aCase({ policy: agent('autonomy: supervised'), tool: 'note' })).fired).toEqual([
      {
        rule: 'tier:2',
        trigger: 'irreversibility',
        level: 'approve',
        values: { 'action.tier': 2, 'agent.autonomy': 'supervised' },
      },
    ]);
  });
});

describe('stage', () => {
  it.each([
    ['assistant', ['auto', 'approve', 'approve', 'approve']],
    ['narrow', ['auto', 'auto', 'notify', 'approve']],
    ['broad', ['auto', 'auto', 'notify', 'approve']],
  ])('%s with full autonomy gives listed tools of tiers 1 to 4 %j', (stage, levels) => {
    const policy = agent(`autonomy: full, stage: ${stage}`);
    expect(tools.map((tool) => judge(aCase({ policy, tool })).level)).toEqual(levels);
  });

  // Seen to fail: the drafts' stage passed over where the policy gives the tool a level.
  it('assistant only drafts, whatever the policy says of the tool', () => {
    const policy = agent('stage: assistant', 'tools: { note: { level: auto } }');
    expect(judge(aCase({ policy, tool: 'note' }))).toMatchObject({
      level: 'approve',
      fired: [
        {
          rule: 'stage:assistant',
          trigger: 'policy',
          level: 'approve',
          values: { 'action.tier': 2, 'agent.stage': 'assistant' },
        },
      ],
    });
  });

  // Seen to fail: an unknown tool let through at stage broad.
  it.each([
    ['narrow', someFacts('read'), 'approve', ['unlisted-tool']],
    ['broad', someFacts('read'), 'auto', []],
    ['broad', null, 'approve', ['tier:4', 'unknown-tool', 'unlisted-tool']],
  ])('%s with %j of a tool that is not listed is %s', (stage, facts, level, rules) => {
    const text = policyText()
      .replace('tools: [read, ', 'tools: [')
      .replace('{ owner: director,', `{ owner: director, stage: ${stage},`);
    const verdict = judge(aCase({ policy: aPolicy(text), facts }));
    expect(verdict.level).toBe(level);
    expect(verdict.fired.map(({ rule }) => rule)).toEqual(rules);
  });
});
