import { describe, expect, it } from 'vitest';
import { aBriefInput as anInput, HOUR, NOW } from '../../test/support/brief-input.js';
import { aboveTheFold } from './brief-fold.js';
import { callWords, CLOSED, moneyWords } from './brief-words.js';
import { buildBrief } from './brief.js';

const reading = { answerBy: NOW + 24 * HOUR, nextRole: null, open: true, now: NOW, zone: 'Europe/Berlin' };

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

describe('the deadline', () => {
  const line = (change: object) => aboveTheFold(buildBrief(anInput()), { ...reading, ...change })[7];

  // Seen to fail: `else denied`, where another role was asked at that time.
  it('tells who is asked next, before what the last silence leads to', () => {
    expect(line({ nextRole: 'lead' })).toMatch(/; else lead is asked$/);
    expect(line({ nextRole: null })).toMatch(/; else denied$/);
  });

  // Seen to fail: `By ...; else denied` of a question that was answered long ago.
  it('is none of a closed question', () => {
    expect(line({ open: false })).toBe(CLOSED);
  });
});

describe('callWords', () => {
  it.each([
    ['executed', 'The call ran.'],
    ['failed: card-declined', 'The call was made and failed: card-declined.'],
    ['undone', 'The call ran and was undone.'],
    ['unknown', 'The call was started and nobody knows what became of it.'],
    ['rejected', null],
    [null, null],
  ])('says of %s: %s', (outcome, words) => {
    expect(callWords(outcome)).toBe(words);
  });
});
