import { describe, expect, it } from 'vitest';
import { aCase, aPolicy, policyText, someFacts } from '../../test/support/policy-case.js';
import { judge } from './judge.js';
import { loadPolicy } from './load.js';

const safely = (args: string, more = '') =>
  policyText(`tools: { mail: { ladder: careful } }
ladders:
  careful: { ttl: 1h, fallback: safe, safe: { tool: note, args: ${args} } }
${more}`);
const ladderOf = (args: string, over: Parameters<typeof aCase>[0] = {}) =>
  judge(aCase({ policy: aPolicy(safely(args)), tool: 'mail', ...over })).ladder;

describe('a safe action', () => {
  it('is frozen into the verdict with its arguments evaluated', () => {
    const args = `{ text: "'we look into ' + action.args.order", rows: action.rows, to: action.recipients, urgent: 'action.tier > 2', all: action.args }`;
    const action = { args: { order: 'o-1', nested: [1, null] }, impact: { rows: 3, recipients: ['a', 'b'] } };
    expect(ladderOf(args, { action })).toMatchObject({
      fallback: 'safe',
      safe: {
        tool: 'note',
        args: {
          text: 'we look into o-1',
          rows: 3,
          to: ['a', 'b'],
          urgent: true,
          all: { order: 'o-1', nested: [1, null] },
        },
      },
    });
  });

  // Seen to fail: an argument that errs left out; a withheld reading taken as empty.
  it.each([
    ['a reading that is withheld', '{ text: readings.mood }', {}],
    ['an argument that is not there', '{ text: action.args.order }', {}],
    ['a value that is no JSON', '{ text: action.args.at }', { action: { args: { at: Infinity } } }],
    [
      'a number that is not exact',
      '{ n: action.rows * 9007199254740991 }',
      { action: { impact: { rows: 9 } } },
    ],
    [
      'more than an argument may be',
      '{ text: action.args.at }',
      { action: { args: { at: 'x'.repeat(17_000) } } },
    ],
  ])('denies for %s', (_, args, over) => {
    const ladder = ladderOf(args, over);
    expect(ladder).toMatchObject({ fallback: 'deny', rungs: [{ role: 'director' }] });
    expect(ladder).not.toHaveProperty('safe');
  });

  // Seen to fail: the tier not looked at; the tools of another agent looked at.
  it('denies for tier 4, however it came by that ladder, and for an agent that does not list the tool', () => {
    const text = safely(
      '{}',
      'defaults: { ladder: careful }\nrules: [{ id: r, trigger: policy, when: "true", level: approve }]',
    ).replace('roles:', '  other: { owner: director, tools: [mail] }\nroles:');
    const policy = aPolicy(text);
    expect(judge(aCase({ policy, tool: 'note' })).ladder).toMatchObject({ fallback: 'safe' });
    for (const over of [
      { tool: 'refund' as const },
      { tool: 'note' as const, facts: null },
      { unreadable: true },
    ])
      expect(judge(aCase({ policy, ...over })).ladder).toMatchObject({ fallback: 'deny' });
    const input = aCase({ policy, tool: 'mail' });
    expect(judge(input).ladder.fallback).toBe('safe');
    expect(judge({ ...input, task: { ...input.task, agent: 'other' } }).ladder).toMatchObject({
      fallback: 'deny',
    });
  });

  it('is checked against the registered tools', () => {
    const tools = (['read', 'note', 'mail', 'refund', 'pay'] as const).map((name) => someFacts(name));
    const problems = (text: string) => {
      const loaded = loadPolicy(text, tools);
      return 'problems' in loaded ? loaded.problems.map(({ path, what }) => `${path}: ${what}`) : [];
    };
    expect(problems(safely('{}'))).toEqual([]);
    expect(problems(safely('{}').replace('tool: note', 'tool: mail'))).toEqual([
      'ladders.careful.safe.tool: `mail` is of tier 3',
    ]);
    expect(problems(safely('{}').replace('{ mail:', '{ refund:'))).toEqual([
      'tools.refund.ladder: `careful` falls back to a safe action, and `refund` is of tier 4',
    ]);
    expect(problems(safely('{}').replaceAll('note', 'jot'))).toEqual([
      'ladders.careful.safe.tool: no tool `jot` is registered',
    ]);
  });
});
