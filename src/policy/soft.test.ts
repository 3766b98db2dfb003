import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../contract/tool.js';
import { aCase, aPolicy, policyText, someFacts } from '../../test/support/policy-case.js';
import type { ToolFacts } from '../domain/action.js';
import { csvMatrix, htmlMatrix, showMatrix } from '../cli/render/show-matrix.js';
import { compareCases } from './compare-cases.js';
import { explain } from './explain.js';
import { judge } from './judge.js';
import { loadPolicy } from './load.js';
import { matrixOf } from './matrix.js';

const MINUTE = 60_000;
const undoable = (over: Partial<ToolFacts> = {}) => someFacts('note', { hasUndo: true, ...over });
const soft = (more = '') => aPolicy(policyText(`tools: { note: { level: soft${more} } }`));

describe('soft', () => {
  it('asks one role to confirm within the window, and silence undoes', () => {
    expect(judge(aCase({ policy: soft(), tool: 'note', facts: undoable() }))).toMatchObject({
      level: 'soft',
      fired: [{ rule: 'tool:note', trigger: 'policy', level: 'soft' }],
      ladder: {
        rungs: [{ role: 'director', ttlMs: 30 * MINUTE, remindAfterMs: 15 * MINUTE }],
        fallback: 'deny',
      },
    });
  });

  // Seen to fail: the words and the key of the ladder's fallback, which means nothing here.
  it('is told of as undone on silence wherever a policy is explained', () => {
    const call = { name: 'a note', agent: 'support', tool: 'note', facts: { tier: 2, undo: true } } as const;
    const input = aCase({ policy: soft(), tool: 'note', facts: undoable() });
    expect(explain(input).silence).toBe('It is undone; the agent is told so.');
    const [change] = compareCases(
      { before: aPolicy(), after: soft() },
      [{ line: 1, case: { ...call, expect: { level: 'soft' } } }],
      null,
    );
    expect(change?.after).toBe('soft (director 30m, else undone)');
    const note = defineTool({
      name: 'note',
      version: '1',
      tier: 2,
      input: z.strictObject({}),
      describe: () => 'note it',
      run: () => null,
      undo: () => null,
    });
    const source = policyText(
      `tools: { note: { level: soft } }\nrules: [{ id: watch, trigger: policy, when: "true", level: soft, route: finance, ladder: urgent }]`,
    );
    const { calls, rules } = matrixOf(source, aPolicy(source), new Map([['note', note]]));
    const soften = [...calls, ...rules].filter(({ level }) => level === 'soft');
    expect(soften.map(({ fallback, rungs }) => [fallback, rungs.length])).toEqual([
      ['undo', 1],
      ['undo', 1],
    ]);
    const matrix = { version: '1', owner: 'o', calls, rules, roles: [] };
    expect(showMatrix(matrix, 200).filter((line) => line.includes('else undone'))).toHaveLength(2);
    expect(csvMatrix(matrix).filter((line) => line.endsWith('"undone"'))).toHaveLength(2);
    expect(htmlMatrix(matrix).match(/<td>undone<\/td>/g)).toHaveLength(2);
  });

  // Seen to fail: the default's window taken before the tool's; the backup's rung kept; the ladder's ttl taken.
  it.each([
    ['', '', 30],
    ['', 'defaults: { window: 2h, ladder: urgent }', 120],
    [', window: 10m, ladder: urgent, route: supervisor', 'defaults: { window: 2h }', 10],
  ])('with %j and %j the window is %i minutes', (tool, more, minutes) => {
    const policy = aPolicy(policyText(`tools: { note: { level: soft${tool} } }\n${more}`));
    const { rungs } = judge(aCase({ policy, tool: 'note', facts: undoable() })).ladder;
    expect(rungs).toHaveLength(1);
    expect(rungs[0]).toMatchObject({ ttlMs: minutes * MINUTE, remindAfterMs: (minutes * MINUTE) / 2 });
  });

  it('goes to whom the rule names, and past a role without members', () => {
    const policy = aPolicy(
      policyText(`  empty: { members: [], backup: finance }
rules: [{ id: watch, trigger: policy, when: "true", level: soft, route: empty }]`),
    );
    const verdict = judge(aCase({ policy, tool: 'note', facts: undoable() }));
    expect(verdict).toMatchObject({ level: 'soft', ladder: { rungs: [{ role: 'finance' }] } });
    expect(verdict.ladder.rungs).toHaveLength(1);
  });

  // Seen to fail: only the undo looked at; only the tier looked at; the route of the rule lost.
  it.each([
    ['has no undo', undoable({ hasUndo: false })],
    ['is of tier 3', undoable({ tier: 3 })],
  ])('becomes approve where the tool %s', (_, facts) => {
    const policy = aPolicy(
      policyText(`tools: { note: { level: notify } }
rules: [{ id: watch, trigger: policy, when: "true", level: soft, route: finance }]`),
    );
    const verdict = judge(aCase({ policy, tool: 'note', facts }));
    expect(verdict.level).toBe('approve');
    expect(verdict.ladder.rungs.map(({ role }) => role)).toEqual(['finance', 'director']);
    expect(verdict.fired.at(-1)).toEqual({
      rule: 'soft-without-undo',
      trigger: 'irreversibility',
      level: 'approve',
      values: { 'action.tier': facts.tier, undo: facts.hasUndo },
    });
  });

  it('becomes approve where the tool is unknown', () => {
    expect(judge(aCase({ policy: soft(), tool: 'note', facts: null })).level).toBe('approve');
  });

  it('becomes approve where nobody can say what the call would do', () => {
    expect(judge(aCase({ policy: soft(), tool: 'note', facts: undoable(), unreadable: true })).level).toBe(
      'approve',
    );
  });

  it('gives way to whatever asks first', () => {
    const facts = undoable({ categories: ['delete-data'] });
    const verdict = judge(aCase({ policy: soft(), tool: 'note', facts }));
    expect(verdict.level).toBe('approve');
    expect(verdict.fired.map(({ rule }) => rule)).toEqual(['always-ask:delete-data', 'tool:note']);
  });

  it.each([
    ['soft', undoable(), []],
    ['soft', undoable({ hasUndo: false }), [/has no undo/]],
    ['soft', undoable({ tier: 3 }), [/is of tier 3/]],
    ['soft', undoable({ tier: 4 }), [/below the floor of tier 4/]],
    ['stop', undoable({ tier: 4 }), []],
  ])('at load, %s for %j is told as %j', (level, facts, expected) => {
    const text = policyText(`tools:\n  note: { level: ${level} }`);
    const others = (['read', 'mail', 'refund', 'pay'] as const).map((name) => someFacts(name));
    const loaded = loadPolicy(text, [...others, facts]);
    const problems = 'problems' in loaded ? loaded.problems : [];
    expect(problems).toEqual(
      expected.map((what) =>
        expect.objectContaining({ line: 11, path: 'tools.note.level', what: expect.stringMatching(what) }),
      ),
    );
  });
});

describe('stop', () => {
  // Seen to fail: a ladder only at level approve.
  it('asks along the ladder as approve does', () => {
    const policy = aPolicy(
      policyText(
        'rules: [{ id: lawsuit, trigger: risk, when: "action.args.text.contains(\'court\')", level: stop, route: supervisor, ladder: urgent }]',
      ),
    );
    expect(judge(aCase({ policy, action: { args: { text: 'see you in court' } } }))).toMatchObject({
      level: 'stop',
      fired: [{ rule: 'lawsuit', trigger: 'risk' }],
      ladder: { rungs: [{ role: 'supervisor', ttlMs: 30 * MINUTE }, { role: 'director' }] },
    });
    expect(judge(aCase({ policy, action: { args: { text: 'hello' } } })).level).toBe('auto');
  });

  it('stays stop where its rule cannot be evaluated', () => {
    const policy = aPolicy(
      policyText('rules: [{ id: r, trigger: risk, when: "readings.fraud > 0.5", level: stop }]'),
    );
    expect(judge(aCase({ policy })).level).toBe('stop');
  });
});
