import { describe, expect, it } from 'vitest';
import { aCase, aPolicy, policyText } from '../../test/support/policy-case.js';
import type { Json } from '../domain/action.js';
import { judge } from './judge.js';

const rules = (verdict: ReturnType<typeof judge>) => verdict.fired.map(({ rule }) => rule);
const withRules = (...lines: string[]) =>
  aPolicy(policyText(`rules:\n${lines.map((line) => `  - ${line}`).join('\n')}\n`));

describe('rules', () => {
  const lowConfidence =
    '{ id: low, trigger: confidence, when: "readings.confidence < 0.72", level: approve, route: supervisor, tag: unsure }';

  it('records a rule that fired with the values that fired it', () => {
    const verdict = judge(
      aCase({ policy: withRules(lowConfidence), action: { readings: { confidence: 0.5 } } }),
    );
    expect(verdict.fired).toEqual([
      {
        rule: 'low',
        trigger: 'confidence',
        level: 'approve',
        values: { 'readings.confidence': 0.5 },
        tag: 'unsure',
      },
    ]);
    expect(
      judge(aCase({ policy: withRules(lowConfidence), action: { readings: { confidence: 0.72 } } })).level,
    ).toBe('auto');
  });

  it.each([
    ['withheld', {}],
    ['no number', { confidence: 'high' }],
    ['not finite', { confidence: Number.NaN }],
    ['infinite', { confidence: Infinity }],
    ['a truth value', { confidence: true }],
  ])('escalates when the reading is %s', (_, readings) => {
    const policy = withRules(lowConfidence.replace('level: approve', 'level: notify'));
    expect(judge(aCase({ policy, action: { readings } }))).toMatchObject({
      level: 'approve',
      fired: [{ rule: 'low', level: 'approve', error: expect.any(String) }],
    });
  });

  // Seen to fail with the library's own `int` and `double`: silent about '' and NaN, and about inf where less is looked for.
  it.each([
    [
      'double',
      'amount > 100.0',
      ['100.5', '101', 101, 1000.5, '', ' 101', 'NaN', 'inf', '1e3', '0x65', 'x', null, true],
      ['99', 99, '-101'],
    ],
    ['double', 'amount < 100.0', ['99.5', 99, '', 'NaN', '-inf', 'inf'], ['101', 101]],
    [
      'int',
      'amount > 100',
      ['101', 101, 101.5, '', ' 101', '0x65', '1.5', '99999999999999999999', 'x'],
      ['99', 99, '-101'],
    ],
    ['int', 'amount < 100', ['99', '-1', 99, '', '0x10'], ['100', 100]],
  ] as const)(
    'reads a text as a number by %s only where it spells one, and fires otherwise: %s',
    (by, when, firing, silent) => {
      const condition = when.replace('amount', `${by}(action.args.amount)`);
      const policy = withRules(
        `{ id: large, trigger: boundary, when: "'x' == 'x' && ${condition}", level: notify }`,
      );
      const fires = (amount: Json) =>
        rules(judge(aCase({ policy, action: { args: { amount } } }))).includes('large');
      expect(firing.filter((amount) => !fires(amount))).toEqual([]);
      expect(silent.filter(fires)).toEqual([]);
    },
  );

  it('fires on the situation that the agent was not made for', () => {
    const policy = withRules(
      '{ id: new, trigger: anomaly, when: "!(task.situation in agent.situations)", level: notify, tag: new situation }',
    );
    const input = aCase({ policy });
    expect(judge(input).level).toBe('auto');
    for (const situation of ['lawsuit', null]) {
      expect(judge({ ...input, task: { ...input.task, situation } })).toMatchObject({
        level: 'notify',
        fired: [{ tag: 'new situation' }],
      });
    }
  });

  it.each([
    [500_000, 'USD', true],
    [-500_000, 'USD', true],
    [499_999, 'USD', false],
    [500_000, 'EUR', false],
  ])('tells %i %s as large: %s; a call without money is not', (minor, currency, fires) => {
    const policy = withRules(
      `{ id: large, trigger: boundary, when: "action.money.currency == 'USD' && (action.money.minor >= 500000 || action.money.minor <= -500000)", level: approve }`,
    );
    expect(
      rules(judge(aCase({ policy, action: { impact: { money: { minor, currency } } } }))).includes('large'),
    ).toBe(fires);
    expect(judge(aCase({ policy })).level).toBe('auto');
  });

  // Seen to fail: a list of invisible characters narrower than the one that a brief flags by.
  it('case 8, case 10: sees the text as it is and as a reader takes it', () => {
    const policy = withRules(
      `{ id: wipe, trigger: boundary, when: "action.args.cmd.contains('rm -rf')", level: approve }`,
      `{ id: stranger, trigger: boundary, when: "!(action.payee in ['', 'José'])", level: notify }`,
    );
    const fired = (cmd: string, payee = '') =>
      rules(judge(aCase({ policy, action: { args: { cmd }, impact: { payee } } })));
    expect(fired('ls')).toEqual([]);
    for (const cmd of [
      'rm -rf /',
      'r\u200bm -r\ufe0ff',
      'rm\u2060 -rf',
      'rm -\u{e0041}rf',
      'r\u0000m -rf',
      'r\u2800m -\u2028rf',
    ])
      expect(fired(cmd)).toEqual(['wipe']);
    expect(fired('ls', 'José')).toEqual([]);
    expect(fired('ls', 'Jose\u0301')).toEqual(['stranger']);
  });

  it('keeps both forms of a value that differs', () => {
    const policy = withRules(
      `{ id: wipe, trigger: boundary, when: "action.args.cmd == 'rm'", level: approve }`,
    );
    expect(judge(aCase({ policy, action: { args: { cmd: 'r\u200bm' } } })).fired[0]?.values).toEqual({
      'action.args.cmd': 'r\u200bm',
      'action.args.cmd (visible)': 'rm',
    });
  });

  // Seen to fail: an error cut between the halves of a character that it quotes.
  it.each([140, 141])('keeps the beginning of a long error, well formed (%i)', (length) => {
    const text = 'a'.repeat(length) + '\u{1F600}'.repeat(40);
    const policy = withRules(
      `{ id: odd, trigger: boundary, when: "bool(action.args.text)", level: approve }`,
    );
    const [fired] = judge(aCase({ policy, action: { args: { text } } })).fired;
    expect(fired?.error).toMatch(/a{100}/);
    expect(fired?.error).not.toMatch(/\p{Surrogate}/u);
  });

  it('keeps the beginning of a long value, well formed', () => {
    const policy = withRules(
      `{ id: long, trigger: boundary, when: "size(action.args.text) > 9", level: approve }`,
    );
    const value = judge(aCase({ policy, action: { args: { text: '😀'.repeat(9_000) } } })).fired[0]?.values[
      'action.args.text'
    ];
    expect(String(value).length).toBeLessThan(510);
    expect(String(value)).not.toMatch(/\p{Surrogate}/u);
  });
});
