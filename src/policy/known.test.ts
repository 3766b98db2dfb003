import { describe, expect, it } from 'vitest';
import { aCase, aPolicy, policyText, someFacts } from '../../test/support/policy-case.js';
import type { AnomalyId, Digest, TenantId } from '../domain/ids.js';
import type { JudgeInput } from './case.js';
import { anomaliesIn } from './anomalies.js';
import { judge } from './judge.js';

const UNTIL = Date.UTC(2026, 11, 21);
const ID = 'known-anomaly-0001' as AnomalyId; // an id of tests
const known = (...rules: string[]) => new Map(rules.map((rule) => [rule, { anomaly: ID, until: UNTIL }]));
const NEW = '{ id: new, trigger: anomaly, when: "action.args.n == 1", level: approve, route: finance }';
const withRules = (...rules: string[]) =>
  aPolicy(policyText(`rules:\n${rules.map((rule) => `  - ${rule}`).join('\n')}\n`));

type Over = Parameters<typeof aCase>[0];
/** The case that fires `new`, once as it is and once with what is known. */
function lowered(rules: readonly string[], over: Over = {}, names: readonly string[] = ['new']) {
  const input = aCase({ policy: withRules(...rules), action: { args: { n: 1 } }, ...over });
  return { before: judge(input), after: judge({ ...input, known: known(...names) }) };
}
const firedIn = (verdict: ReturnType<typeof judge>, rule: string) =>
  verdict.fired.filter((fired) => fired.rule === rule);

describe('a known anomaly', () => {
  it('notifies in the place of asking, and says which it is and until when', () => {
    const { before, after } = lowered([NEW]);
    expect([before.level, after.level]).toEqual(['approve', 'notify']);
    expect(firedIn(after, 'new')).toEqual([
      {
        rule: 'new',
        trigger: 'anomaly',
        level: 'notify',
        values: { 'action.args.n': 1, knownAnomaly: ID, knownUntil: '2026-12-21' },
      },
    ]);
    expect([after.ladder.rungs, after.tell]).toEqual([[], 'finance']);
  });

  const others: readonly (readonly [string, readonly string[], Over])[] = [
    ['a tier', [NEW], { tool: 'mail', action: { args: { n: 1 } } }],
    ['another rule', [NEW, '{ id: also, trigger: risk, when: "true", level: approve }'], {}],
    ['another anomaly', [NEW, '{ id: odd, trigger: anomaly, when: "true", level: approve }'], {}],
    [
      'an amount above the limit',
      [NEW],
      { tool: 'pay', action: { args: { n: 1 }, impact: { money: { minor: 20_000, currency: 'USD' } } } },
    ],
    [
      'a stage',
      [NEW],
      {
        policy: aPolicy(
          policyText(`rules:\n  - ${NEW}\n`).replace(
            '{ owner: director,',
            '{ stage: assistant, owner: director,',
          ),
        ),
        tool: 'note',
        action: { args: { n: 1 } },
      },
    ],
    [
      'a reason from outside',
      [NEW],
      { also: [{ rule: 'drift', trigger: 'policy', level: 'approve', values: {} }] },
    ],
    ['a category', [NEW], { facts: someFacts('read', { categories: ['delete-data'] }) }],
  ];
  it.each(others)('leaves it to %s to ask', (_what, rules, over) => {
    const { before, after } = lowered(rules, over);
    expect([before.level, after.level]).toEqual(['approve', 'approve']);
    expect(firedIn(after, 'new')).toMatchObject([{ level: 'notify' }]);
    expect(after.fired.filter(({ rule }) => rule !== 'new')).toEqual(
      before.fired.filter(({ rule }) => rule !== 'new'),
    );
  });

  it('also ends what it stopped, or let run softly', () => {
    for (const level of ['stop', 'soft'])
      expect(lowered([NEW.replace('level: approve', `level: ${level}`)]).after.level).toBe('notify');
  });

  it('of a rule that could not be evaluated asks all the same', () => {
    const { before, after } = lowered([NEW], { action: { args: {} } });
    expect(after).toEqual(before);
    expect(after.level).toBe('approve');
  });

  it('is a rule of trigger anomaly only', () => {
    const { before, after } = lowered([NEW.replace('anomaly', 'risk')]);
    expect(after).toEqual(before);
  });

  const OWN: readonly (readonly [string, Over])[] = [
    ['unknown-tool', { facts: null }],
    ['uninspectable', { unshown: ['blob'] }],
    ['deep-arguments', { action: { args: nested(70) } }],
    ['unknown-agent', { task: { ...aCase().task, agent: 'stranger' } }],
    ['unlisted-tool', { policy: aPolicy(policyText().replace('[read, ', '[')) }],
  ];
  it.each(OWN)("is never one of the gate's own: %s", (rule, over) => {
    const input = aCase(over);
    const before = judge(input);
    expect(firedIn(before, rule)).toMatchObject([{ trigger: 'anomaly', level: 'approve' }]);
    expect(judge({ ...input, known: known(rule) })).toEqual(before);
  });

  it('is none of the gate that has the name of a rule of the file', () => {
    const rule = NEW.replace('id: new', 'id: unknown-tool');
    const { after } = lowered([rule], { facts: null }, ['unknown-tool']);
    expect(after.level).toBe('approve');
    expect(firedIn(after, 'unknown-tool').map(({ level }) => level)).toEqual(['notify', 'approve']);
  });
});

function nested(depth: number): JudgeInput['action']['args'] {
  return depth === 0 ? 1 : [nested(depth - 1)];
}

describe('the class of an anomaly', () => {
  const call = { tenant: 'acme' as TenantId, agent: 'support', tool: 'read', situation: 'refund' };
  const classOf = (rule: string, over: Partial<typeof call> = {}) => {
    const policy = withRules(rule);
    const verdict = judge(aCase({ policy, action: { args: { n: 1 } } }));
    return anomaliesIn(policy, { ...call, ...over }, verdict);
  };

  it('is the same from the same names, whatever else its rule says', () => {
    const [first] = classOf(NEW);
    expect(classOf(NEW.replace('route: finance', 'tag: seen'))).toEqual([first]);
    expect(first).toMatchObject({ rule: 'new', erred: false, ...call });
  });

  it.each([
    ['tenant', NEW, { tenant: 'globex' as TenantId }],
    ['agent', NEW, { agent: 'other' }],
    ['tool', NEW, { tool: 'note' }],
    ['situation', NEW, { situation: 'goodwill' }],
    ['condition', NEW.replace('n == 1', 'n < 2'), {}],
    ['level', NEW.replace('approve', 'stop'), {}],
    ['name', NEW.replace('id: new', 'id: newer'), {}],
  ])('is another one of another %s', (_what, rule, over) => {
    expect(classOf(rule, over)[0]?.id).not.toBe(classOf(NEW)[0]?.id);
  });

  it("is one of the gate's own without a rule of the file, and none of another trigger", () => {
    const policy = aPolicy();
    const met = anomaliesIn(policy, call, judge(aCase({ facts: null })));
    expect(met).toMatchObject([{ rule: 'unknown-tool', ruleDigest: null satisfies Digest | null }]);
    expect(classOf(NEW.replace('anomaly', 'risk'))).toEqual([]);
  });
});
