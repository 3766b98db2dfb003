import { describe, expect, it } from 'vitest';
import { aCase, aPolicy, policyText, someFacts } from '../../test/support/policy-case.js';
import type { Impact, ToolFacts } from '../domain/action.js';
import { judge } from './judge.js';

const MAP = `risk_map:
  impact:
    minor: { rows: 0 }
    moderate: { money: { USD: 5000 }, rows: 10, recipients: 2 }
    severe: { money: { USD: 9000 }, rows: 1000 }
  levels:
    minor: { reversible: auto, hard: notify, irreversible: approve }
    moderate: { reversible: soft, hard: approve, irreversible: approve }
    severe: { reversible: approve, hard: stop, irreversible: stop }`;
const policy = aPolicy(policyText(`tools: { note: { level: auto }, mail: { level: notify } }\n${MAP}`));
const usd = (minor: number): Impact => ({ money: { minor, currency: 'USD' } });
const judged = (impact: Impact, facts: ToolFacts | null = someFacts('note', { hasUndo: true })) =>
  judge({
    ...aCase({ policy, facts, action: { impact } }),
    action: { tool: facts?.name ?? 'note', args: {}, readings: {}, impact },
  });
const mapped = (verdict: ReturnType<typeof judge>) => verdict.fired.find(({ rule }) => rule === 'risk-map');

describe('risk map', () => {
  it.each<[string, Impact, string, string | undefined]>([
    ['nothing', {}, 'auto', undefined],
    ['little', { rows: 9, recipients: ['a'] }, 'auto', undefined],
    ['money below', usd(4_999), 'auto', undefined],
    ['money at the figure', usd(5_000), 'soft', 'moderate'],
    ['money towards us', usd(-5_000), 'soft', 'moderate'],
    ['money at the next', usd(9_000), 'approve', 'severe'],
    ['rows', { rows: 10 }, 'soft', 'moderate'],
    ['recipients', { recipients: ['a', 'b'] }, 'soft', 'moderate'],
    ['the highest of several', { rows: 1000, recipients: ['a', 'b'] }, 'approve', 'severe'],
    ['a currency that no class names', { money: { minor: 1, currency: 'EUR' } }, 'approve', 'severe'],
    ['an amount that is no integer', usd(0.5), 'approve', 'severe'],
    ['rows that are no number', { rows: Number.NaN }, 'approve', 'severe'],
  ])('weighs %s', (_, impact, level, impactClass) => {
    const verdict = judged(impact);
    expect(verdict.level).toBe(level);
    expect(mapped(verdict)?.values['impact']).toBe(impactClass);
  });

  // Seen to fail: tier 4 with an undo in the reversible column; tier 3 with an undo in the hard one.
  it.each<[string, ToolFacts | null, string, string]>([
    ['tier 1', someFacts('read'), 'reversible', 'approve'],
    ['tier 2 without undo', someFacts('note'), 'reversible', 'approve'],
    ['tier 3 with an undo', someFacts('mail', { hasUndo: true }), 'reversible', 'approve'],
    ['tier 3', someFacts('mail'), 'hard', 'stop'],
    ['tier 4 with an undo', someFacts('refund', { hasUndo: true }), 'irreversible', 'stop'],
    ['a tool that is unknown', null, 'irreversible', 'stop'],
  ])('finds the column of %s', (_, facts, reversibility, level) => {
    const verdict = judged({ rows: 1000 }, facts);
    expect(mapped(verdict)).toEqual({
      rule: 'risk-map',
      trigger: 'risk',
      level,
      values: { impact: 'severe', reversibility },
    });
    expect(verdict.level).toBe(level);
  });

  it('takes what the tool cannot tell for the highest class', () => {
    const verdict = judge(aCase({ policy, tool: 'note', unreadable: true }));
    expect(mapped(verdict)).toMatchObject({ values: { impact: 'severe', reversibility: 'irreversible' } });
  });

  // Seen to fail: the map's level in the place of the strictest.
  it('only tightens', () => {
    expect(judged({}, someFacts('mail')).level).toBe('notify');
    expect(judged({}, someFacts('refund')).fired.map(({ rule }) => rule)).toEqual(['tier:4', 'risk-map']);
    const strict = aPolicy(policyText(`tools: { note: { level: stop } }\n${MAP}`));
    expect(judge(aCase({ policy: strict, tool: 'note', action: { impact: { rows: 10 } } })).level).toBe(
      'stop',
    );
  });

  it('says nothing below its smallest class', () => {
    const small = aPolicy(
      policyText(
        'tools: { note: { level: auto } }\nrisk_map: { impact: { major: { rows: 5 } }, levels: { major: { reversible: stop, hard: stop, irreversible: stop } } }',
      ),
    );
    expect(
      [4, 5].map((rows) => judge(aCase({ policy: small, tool: 'note', action: { impact: { rows } } })).level),
    ).toEqual(['auto', 'stop']);
  });
});
