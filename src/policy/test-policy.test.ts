import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policyText } from '../../test/support/policy-case.js';
import { reportLines, type TestReport } from './test-report.js';
import { testPolicy, type Unreadable } from './test-policy.js';

const RULES = `rules:
  - { id: unsure, trigger: confidence, when: readings.confidence < 0.5, level: approve, route: finance }
  - { id: often, trigger: policy, when: history.failed > 1, level: notify }
`;
const FILES = { policy: 'policy.yaml', cases: 'cases.yaml' };

const tested = (cases: string, { rules = RULES, coverage = true } = {}) =>
  testPolicy({ policy: policyText(rules), cases: `cases:\n${cases}`, tools: null, coverage });

function report(cases: string, over: { rules?: string; coverage?: boolean } = {}): TestReport {
  const made = tested(cases, over);
  return 'problems' in made ? expect.fail(JSON.stringify(made.problems)) : made;
}

function problems(cases: string): Unreadable['problems'] {
  const made = tested(cases);
  return 'problems' in made ? made.problems : expect.fail('it was read');
}

const sure = `  - { name: sure, agent: support, tool: read, situation: refund, facts: { tier: 1 }, readings: { confidence: 0.9 }, expect: { level: auto } }\n`;
const unsure = `  - { name: unsure, agent: support, tool: read, facts: { tier: 1 }, readings: { confidence: 0.1 }, history: { failed: 2 }, expect: { level: approve, rules: [often, unsure], route: finance, ladder: [finance, director], tier: 1, fallback: deny } }\n`;

describe('a case table', () => {
  it('passes when every case is as expected and every rule is shown from both sides', () => {
    const made = report(sure + unsure);
    expect([made.passed, reportLines(made, FILES)]).toEqual([
      true,
      ['2 of 2 cases as expected, 2 of 2 rules covered'],
    ]);
  });

  it('tells what was expected, what came, and what decided with its values', () => {
    const made = report(
      sure + unsure.replace('level: approve', 'level: notify').replace('route: finance', 'route: director'),
    );
    expect(made.passed).toBe(false);
    expect(reportLines(made, FILES)).toEqual([
      'cases.yaml:3: unsure',
      '  level: expected notify, got approve',
      '  route: expected director, got finance',
      '  approve because of unsure (readings.confidence=0.1)',
      '1 of 2 cases as expected, 2 of 2 rules covered',
    ]);
  });

  // Seen to fail: `known` left out of what is judged.
  it('shows what would be if an anomaly was closed as expected', () => {
    const rules =
      'rules: [{ id: new, trigger: anomaly, when: "task.situation == \'odd\'", level: approve }]\n';
    const odd = '  - { name: odd, agent: support, tool: read, situation: odd, facts: { tier: 1 }';
    const cases = `${odd}, expect: { level: approve } }\n${odd.replace('name: odd', 'name: known')}, known: [new], expect: { level: notify, rules: [new] } }\n`;
    expect(report(cases, { rules, coverage: false }).passed).toBe(true);
  });

  // Seen to fail: a difference that is not told.
  it.each([
    ['rules', 'rules: [unsure]'],
    ['rules', 'includes: [unsure, other]'],
    ['ladder', 'ladder: [finance]'],
    ['tier', 'tier: 2'],
    ['fallback', 'fallback: hold'],
    ['level', 'level: stop'],
  ])('compares %s: %s', (what, expectation) => {
    const made = report(sure + unsure.replace(/expect: \{.*?\}/, `expect: { ${expectation} }`));
    expect(made.outcomes.flatMap(({ unmet }) => unmet.map((each) => each.what))).toEqual([what]);
  });

  // Seen to fail: a rule that only could not be evaluated counted as one that fired.
  it('names rules that fire in no case or in every case, by their line in the policy', () => {
    const blind = unsure
      .replace('readings: { confidence: 0.1 }, ', '')
      .replace('history: { failed: 2 }', 'history: { failed: 0 }');
    const made = report(blind.replace(/expect: \{.*?\}/, 'expect: { level: approve }'));
    expect(made.passed).toBe(false);
    expect(reportLines(made, FILES).slice(0, -1)).toEqual([
      'policy.yaml:11: unsure: no case shows it firing, and none shows it silent',
      'policy.yaml:12: often: fires in no case: add one where it does',
    ]);
    expect(report(unsure, { coverage: true }).coverage).toMatchObject([
      { fires: true, silent: false },
      { fires: true, silent: false },
    ]);
    expect(report(unsure, { coverage: false }).passed).toBe(true);
  });

  it('covers limits, always-ask categories and tool levels that the file states', () => {
    const rules = `always_ask: { money: { limits: { USD: 100 } } }
limits: [{ id: day, per: [day], currency: USD, minor: 500 }]
tools: { note: { level: auto } }
`;
    const money = (name: string, minor: number, level: string, counted = 0) =>
      `  - { name: ${name}, agent: support, tool: pay, facts: { tier: 2 }, impact: { money: { minor: ${minor}, currency: USD } }, counted: { day: ${counted} }, expect: { level: ${level} } }\n`;
    const note = `  - { name: note, agent: support, tool: note, facts: { tier: 2 }, expect: { level: auto } }\n`;
    const all =
      money('small', 100, 'notify', 400) +
      money('large', 101, 'approve') +
      money('more', 100, 'approve', 401) +
      note;
    expect(report(all, { rules })).toMatchObject({
      passed: true,
      coverage: [
        { rule: 'always-ask:money', line: 10 },
        { rule: 'limit:day', line: 11 },
        { rule: 'tool:note', line: 12 },
      ],
    });
    expect(
      report(money('large', 101, 'approve') + note, { rules }).coverage.map(({ fires }) => fires),
    ).toEqual([true, false, true]);
  });

  it('judges at the moment of the case', () => {
    const rules = `always_ask: { money: { limits: {} } }\nlimits: [{ id: calls, per: [tool, day], count: 0 }]\n`;
    const [outcome] = report(sure.replace('name: sure,', 'name: sure, at: 2026-11-21T23:59:59Z,'), {
      rules,
    }).outcomes;
    expect(outcome?.verdict.reservations).toMatchObject([{ key: 'calls|tool=read|day=2026-11-21' }]);
  });
});

describe('a case table that cannot be used', () => {
  it.each([
    [
      'an unknown key',
      sure.replace('situation:', 'situtation:'),
      /unknown key `situtation`/,
      /known here: name, agent/,
    ],
    ['the same name twice', sure + sure, /`sure` stands twice/, /its own/],
    [
      'nothing said of the tool',
      sure.replace('facts: { tier: 1 }, ', ''),
      /nothing says what `read` is/,
      /--tools/,
    ],
    ['nothing expected', sure.replace('level: auto', ''), /nothing is expected/, /level/],
    [
      'rules and includes',
      unsure.replace('rules:', 'includes: [unsure], rules:'),
      /both rules and includes/,
      /keep/,
    ],
    [
      'a limit that is none',
      sure.replace('expect:', 'counted: { agnet-day: 1 }, expect:'),
      /no limit `agnet-day`/,
      /agent-day-usd/,
    ],
    ['a level that is none', sure.replace('level: auto', 'level: automatic'), /auto/, /write one of auto/],
    [
      'a known rule that is no anomaly',
      sure.replace('expect:', 'known: [unsure], expect:'),
      /no rule `unsure` of trigger anomaly/,
      /has none/,
    ],
    [
      'a time without zone',
      sure.replace('expect:', 'at: 2026-11-21 12:00, expect:'),
      /time in UTC/,
      /correct/,
    ],
    [
      'an unsafe number',
      sure.replace('expect:', 'args: { n: 9007199254740993 }, expect:'),
      /\$\.n/,
      /plain JSON/,
    ],
    [
      'a secret reference',
      sure.replace('expect:', 'args: { n: { $secret: x } }, expect:'),
      /reference to a secret/,
      /write the value/,
    ],
  ])('tells %s by line, with what to do', (_what, cases, what, todo) => {
    const [problem, ...more] = problems(sure.replace('name: sure', 'name: first') + cases);
    expect(more).toEqual([]);
    expect(problem).toMatchObject({ what: expect.stringMatching(what), todo: expect.stringMatching(todo) });
    expect(problem?.line).toBeGreaterThan(2);
    expect(problem?.path).toMatch(/^cases\[[12]\]/);
  });

  it('tells an empty file, YAML tricks and a bad policy', () => {
    const read = (policy: string, cases: string) =>
      testPolicy({ policy, cases, tools: null, coverage: true });
    expect(read(policyText(), '')).toMatchObject({
      file: 'cases',
      problems: [{ todo: expect.stringContaining('cases:') }],
    });
    expect(read(policyText(), 'cases: &a [*a]')).toMatchObject({
      file: 'cases',
      problems: [{ line: 1 }, { line: 1 }],
    });
    expect(read('version: 1', 'cases: []')).toMatchObject({ file: 'policy' });
  });
});

it('no text makes reading a case table throw', () => {
  const piece = fc.constantFrom(
    'cases:',
    '\n',
    '  - ',
    '{',
    '}',
    '[',
    ']',
    'name: a',
    'expect:',
    ', ',
    'level: auto',
    'args:',
    '&a',
    '*a',
    '"',
    '9007199254740993',
    'facts: unknown',
    '\0',
    '---',
    '!!binary ',
    'counted: ',
  );
  const policy = policyText();
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece).map((pieces) => pieces.join('')),
        fc.string({ unit: 'binary' }),
      ),
      (cases) => {
        expect(testPolicy({ policy, cases, tools: null, coverage: true })).toBeDefined();
      },
    ),
  );
});
