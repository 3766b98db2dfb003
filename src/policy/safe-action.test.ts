import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { aCase, aPolicy, policyText, someFacts } from '../../test/support/policy-case.js';
import { defineTool } from '../contract/tool.js';
import { judge } from './judge.js';
import { loadPolicy } from './load.js';
import { matrixOf } from './matrix.js';

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

  // Seen to fail: not looked at; only `task.situation` itself looked for.
  it.each([
    'readings.mood',
    "'mood: ' + string(readings['mood'])",
    'task.situation',
    '[task][0].situation',
    '[task].map(t, t.situation)',
  ])('may not rest on what the model or the requester says: %s', (text) => {
    const loaded = loadPolicy(safely(`{ order: action.args.order, text: ${JSON.stringify(text)} }`));
    expect('problems' in loaded ? loaded.problems : []).toMatchObject([
      {
        line: 12,
        path: 'ladders.careful.safe.args.text',
        what: 'rests on what the model or the requester says of the case (readings, task.situation)',
        todo: expect.stringContaining('action.args.NAME') as string,
      },
    ]);
  });

  // Seen to fail: an argument that errs left out; a reference let through.
  it.each([
    [
      'a secret, which the safe tool might not keep as one',
      '{ text: action.args.key }',
      { action: { args: { key: { $secret: 'hmac-sha256:1' } } } },
    ],
    [
      'a secret somewhere inside',
      '{ all: action.args }',
      { action: { args: { keys: [{ $secret: 'hmac-sha256:1' }] } } },
    ],
    ['an argument that is not there', '{ text: action.args.order }', {}],
    ['a value that is no JSON', '{ text: action.args.at }', { action: { args: { at: Infinity } } }],
    [
      'half a character, which its cut leaves',
      '{ text: "action.args.text.substring(0, 5)" }',
      { action: { args: { text: 'abcd\u{1F600}' } } },
    ],
    [
      'half a character in a name',
      '{ all: "{action.args.text.substring(0, 5): 1}" }',
      { action: { args: { text: 'abcd\u{1F600}' } } },
    ],
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

  // Seen to fail: judged without a call, of which the arguments cannot be evaluated.
  it('stands in the matrix whatever its arguments read, but not at tier 4', () => {
    const source = safely('{ text: action.args.order }', 'defaults: { ladder: careful }');
    const tool = (name: string, tier: 3 | 4) =>
      defineTool({
        name,
        version: '1',
        tier,
        input: z.strictObject({}),
        describe: () => name,
        run: () => null,
      });
    const tools = new Map([
      ['mail', tool('mail', 3)],
      ['refund', tool('refund', 4)],
    ]);
    const { calls } = matrixOf(source, aPolicy(source), tools);
    const fallbacks = Object.fromEntries(calls.map((call) => [call.tool, call.fallback]));
    expect(fallbacks).toMatchObject({ mail: 'safe', refund: 'deny' });
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

  // Seen to fail: only the tier looked at.
  it.each([
    ['is soft', '{ note: { level: soft }, mail:', {}, /is soft, and undone/],
    ['asks', '{ note: { level: approve }, mail:', {}, /asks before it runs/],
    ['always asks', '{ mail:', { categories: ['delete-data'] }, /asks before it runs/],
    ['is supervised', '{ mail:', {}, /asks before it runs/],
    ['runs', '{ note: { level: notify }, mail:', {}, null],
  ] as const)('is warned of where its tool %s', (what, entry, over, message) => {
    const tools = (['read', 'note', 'mail', 'refund', 'pay'] as const).map((name) =>
      someFacts(name, name === 'note' ? { hasUndo: true, ...over } : {}),
    );
    const text = safely('{}').replace('{ mail:', entry);
    const source =
      what === 'is supervised'
        ? text.replace('situations: [refund]', 'situations: [refund], autonomy: supervised')
        : text;
    const loaded = loadPolicy(source, tools);
    expect(loaded).not.toHaveProperty('problems');
    const about = loaded.warnings.filter(({ path }) => path === 'ladders.careful.safe.tool');
    expect(about.map((warning) => warning.what)).toEqual(
      message === null ? [] : [expect.stringMatching(message)],
    );
  });
});
