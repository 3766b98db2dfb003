import { describe, expect, it } from 'vitest';
import { aBriefInput as anInput, HOUR, NOW } from '../../test/support/brief-input.js';
import { aboveTheFold } from './brief-fold.js';
import { moneyWords } from './brief-words.js';
import { buildBrief } from './brief.js';

const reading = { answerBy: NOW + 24 * HOUR, now: NOW, zone: 'Europe/Berlin' };

describe('moneyWords and the reach', () => {
  // Seen to fail: `Money none` and `nothing countable declared` for a tool whose `impact` failed.
  it('do not take what a tool cannot say for nothing', () => {
    const { verdict } = anInput();
    const [rule] = verdict.fired;
    const fired = rule ? [{ ...rule, rule: 'uninspectable', values: {} }] : [];
    const unread = buildBrief(anInput({ impact: {}, verdict: { ...verdict, fired } }));
    expect(moneyWords(unread)).toBe('not known');
    expect(aboveTheFold(unread, reading)).toContain('Reach: not known.');
    const read = buildBrief(anInput({ impact: {} }));
    expect(moneyWords(read)).toBe('none declared');
    expect(aboveTheFold(read, reading)).toContain('Reach: nothing countable declared.');
    expect(moneyWords(buildBrief(anInput()))).toContain('USD 240.00');
  });
});
