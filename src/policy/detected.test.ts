import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aCase, aPolicy, policyText } from '../../test/support/policy-case.js';
import { NO_DEADLINE_MINUTES, NOTHING_DETECTED, READINGS, type Detected } from '../contract/readings.js';
import { LEVELS, type Level } from '../domain/verdict.js';
import { judge } from './judge.js';

const rule = (when: string, more = 'trigger: anomaly, level: approve') =>
  aPolicy(policyText(`rules:\n  - { id: it, when: "${when}", ${more} }\n`));
const firing = (when: string, detected: Partial<Detected> = {}, readings = {}) =>
  judge(aCase({ policy: rule(when), detected, action: { readings } })).fired.map(({ rule: id }) => id);

describe('built-in reasons', () => {
  it.each([
    ['repeated-proposal', 'stall', { repeated_proposal: 2 }, { repeated_proposal: 1 }],
    ['no-progress', 'stall', { steps_without_effect: 5 }, { steps_without_effect: 4 }],
    ['agent-asks', 'request', { check_requested: true }, { check_requested: false }],
  ] as const)('%s of trigger %s', (id, trigger, fires, fires_not) => {
    const verdict = judge(aCase({ detected: fires }));
    expect(verdict).toMatchObject({ level: 'approve', fired: [{ rule: id, trigger, level: 'approve' }] });
    expect(verdict.ladder.rungs.map(({ role }) => role)).toEqual(['director']);
    expect(judge(aCase({ detected: fires_not }))).toMatchObject({ level: 'auto', fired: [] });
  });

  it('say what was counted', () => {
    const values = (detected: Partial<Detected>) => judge(aCase({ detected })).fired[0]?.values;
    expect(values({ repeated_proposal: 3 })).toEqual({ 'readings.repeated_proposal': 3 });
    expect(values({ steps_without_effect: 7 })).toEqual({ 'readings.steps_without_effect': 7 });
    expect(values({ check_requested: true })).toEqual({});
  });

  // Seen to fail: plain reasons, which are hard.
  it('leave the route to a rule where nothing else asks, and change no route of a call that asks by itself', () => {
    const everything = { repeated_proposal: 9, steps_without_effect: 9, check_requested: true };
    const policy = rule('readings.confidence < 0.5', 'trigger: confidence, level: approve, route: finance');
    const action = { readings: { confidence: 0.1 } };
    const first = (input: Parameters<typeof aCase>[0]) => judge(aCase(input)).ladder.rungs[0]?.role;
    expect(first({ policy, action, detected: everything })).toBe('finance');
    expect(first({ policy, action, tool: 'refund', detected: everything })).toBe('director');
  });
});

describe('rules over detected readings', () => {
  // Seen to fail: detected readings left out when nothing was found (every rule errs).
  it.each([
    ['unexpected_shape', 'readings.unexpected_shape', true, false],
    ['contradictory_state', 'readings.contradictory_state', true, false],
    ['repeated_failure', 'readings.repeated_failure >= 2', 2, 1],
    ['repeated_failure, equal', 'readings.repeated_failure == 2', 2, 1],
    ['steps_without_effect', 'readings.steps_without_effect > 2', 3, 2],
    ['repeated_proposal', 'readings.repeated_proposal >= 1', 1, 0],
    ['minutes_to_deadline', 'readings.minutes_to_deadline < 60', 59.5, 60],
    ['minutes_to_deadline, over', 'readings.minutes_to_deadline < 60', -3, 61],
    ['pressure_language', 'readings.pressure_language', true, false],
    ['control_characters', 'readings.control_characters', true, false],
    ['bidi_controls', 'readings.bidi_controls', true, false],
    ['invisible_characters', 'readings.invisible_characters', true, false],
    ['mixed_scripts', 'readings.mixed_scripts', true, false],
    ['check_requested', `readings['check_requested']`, true, false],
  ] as const)('%s', (label, when, fires, rests) => {
    const [name = ''] = label.split(',');
    expect(firing(when, { [name]: fires })).toContain('it');
    expect(firing(when, { [name]: rests })).toEqual([]);
    expect(firing(when)).toEqual([]);
    expect(judge(aCase({ policy: rule(when) })).fired).toEqual([]);
  });

  // Seen to fail: what nobody could tell taken for false.
  it('that nobody could take err, and ask', () => {
    const { contradictory_state: _, ...detected } = NOTHING_DETECTED;
    const input = aCase({ policy: rule('readings.contradictory_state') });
    const verdict = judge({ ...input, detected });
    expect(verdict).toMatchObject({ level: 'approve', fired: [{ rule: 'it', error: expect.any(String) }] });
    expect(judge(input).fired).toEqual([]);
  });

  it('on a task without deadline wait for ever, and do not hold back what else the rule asks for', () => {
    expect(NOTHING_DETECTED.minutes_to_deadline).toBe(NO_DEADLINE_MINUTES);
    expect(firing('readings.minutes_to_deadline < 525600')).toEqual([]);
    expect(firing(`readings.minutes_to_deadline < 60 || action.tool == 'read'`)).toEqual(['it']);
  });

  it('the snippet of the documentation is one of them', () => {
    const page = readFileSync(new URL('../../docs/readings.md', import.meta.url), 'utf8');
    const [, snippet = ''] = /```yaml\n(rules:.*?)```/s.exec(page) ?? [];
    const policy = aPolicy(policyText(snippet));
    const sound = { confidence: 0.9, injection_score: 0.1, sample: false };
    expect(judge(aCase({ policy, action: { readings: sound } })).fired).toEqual([]);
    const late = judge(
      aCase({ policy, action: { readings: sound }, detected: { minutes_to_deadline: 12 } }),
    ).fired;
    expect(late).toMatchObject([{ rule: 'late', values: { 'readings.minutes_to_deadline': 12 } }]);
  });
});

describe('claims', () => {
  // Seen to fail: claims checked for being finite alone (`confidence: 1.7` passes the rule).
  it.each([1.7, -1, 'high', true])(
    'out of type or range, %j is missing, so that the rule asks',
    (confidence) => {
      const verdict = judge(
        aCase({ policy: rule('readings.confidence < 0.72'), action: { readings: { confidence } } }),
      );
      expect(verdict).toMatchObject({ level: 'approve', fired: [{ rule: 'it' }] });
      expect(verdict.fired[0]?.error).toBeDefined();
      expect(verdict.fired[0]?.values).toEqual({ 'readings.confidence': null });
    },
  );

  const detectedNames = READINGS.filter(({ by }) => by === 'detected').map(({ name }) => name);
  const claim = fc.oneof(
    fc.boolean(),
    fc.constantFrom(0, 1, 99, -1, NO_DEADLINE_MINUTES),
    fc.double(),
    fc.string(),
  );
  const found = fc.record<Detected>(
    {
      unexpected_shape: fc.boolean(),
      contradictory_state: fc.boolean(),
      repeated_failure: fc.nat(4),
      steps_without_effect: fc.nat(7),
      repeated_proposal: fc.nat(4),
      minutes_to_deadline: fc.double({ min: -99, max: 99, noNaN: true }),
      pressure_language: fc.boolean(),
      control_characters: fc.boolean(),
      bidi_controls: fc.boolean(),
      invisible_characters: fc.boolean(),
      mixed_scripts: fc.boolean(),
      check_requested: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const policy = aPolicy(
    policyText(
      `rules:\n${[
        'readings.unexpected_shape || readings.mixed_scripts',
        'readings.repeated_failure > 1',
        'readings.minutes_to_deadline < 30',
        '!readings.check_requested && readings.repeated_proposal > 0',
      ]
        .map(
          (when, at) =>
            `  - { id: r${at}, trigger: risk, when: "${when}", level: ${at % 2 ? 'notify' : 'approve'} }`,
        )
        .join('\n')}\n`,
    ),
  );
  const strictness = (level: Level) => LEVELS.indexOf(level);

  // Seen to fail: claims spread over what was detected; a claim let through where nothing was detected.
  it('under a detected name change nothing, with invisible characters in the name or without', () => {
    const name = fc
      .tuple(fc.constantFrom(...detectedNames), fc.constantFrom('', '\u200b', '\u0000'), fc.nat(5))
      .map(([text, hidden, at]) => text.slice(0, at) + hidden + text.slice(at));
    fc.assert(
      fc.property(fc.dictionary(name, claim), found, (readings, detected) => {
        const verdict = judge(aCase({ policy, detected, action: { readings } }));
        expect(verdict).toEqual(judge(aCase({ policy, detected })));
      }),
    );
  });

  // Seen to fail: built-in reasons left out where `confidence` is above 0.9.
  it('of any name never take a level below what the rest asks for', () => {
    const name = fc.oneof(fc.constantFrom('sample', 'mood', ...detectedNames), fc.string());
    const more = aPolicy(
      policyText(
        'rules:\n  - { id: c, trigger: confidence, when: "readings.confidence < 0.7", level: notify }\n',
      ),
    );
    const sure = fc.constantFrom(0.1, 0.95, 1, 1.7);
    const rulesOf = fc.constantFrom([], policy.rules);
    fc.assert(
      fc.property(fc.dictionary(name, claim), sure, found, rulesOf, (said, confidence, detected, rules) => {
        const silent = judge(aCase({ policy: { ...policy, rules }, detected }));
        const reading = { ...policy, rules: [...rules, ...more.rules] };
        const action = { readings: { ...said, confidence } };
        const spoken = judge(aCase({ policy: reading, detected, action }));
        expect(strictness(spoken.level)).toBeGreaterThanOrEqual(strictness(silent.level));
        expect(spoken.fired.length).toBeGreaterThanOrEqual(silent.fired.length);
      }),
      { numRuns: 300 },
    );
  });
});
