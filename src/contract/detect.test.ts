import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aBriefInput } from '../../test/support/brief-input.js';
import type { Json } from '../domain/action.js';
import type { Flag } from '../domain/brief.js';
import { buildBrief } from './brief.js';
import { detectedIn, lookAt, readingsOfFlags, type WrittenCall } from './detect.js';

function aCall(change: Partial<WrittenCall> = {}): WrittenCall {
  const plain = { tool: 'pay', args: { to: 'bob' }, impact: {}, request: 'pay bob' };
  return { ...plain, agentText: null, question: null, ...change };
}
const readings = (change: Partial<WrittenCall>) => readingsOfFlags(lookAt(aCall(change)).flags);
const NONE = {
  pressure_language: false,
  control_characters: false,
  bidi_controls: false,
  invisible_characters: false,
  mixed_scripts: false,
};

describe('what is read of a call', () => {
  // Seen to fail: arguments alone looked at; one reading standing for another's flag.
  it.each([
    ['case 1: an escape sequence', '\u001b[2K', 'control_characters'],
    ['a bell', 'a\u0007', 'control_characters'],
    ['case 6: a right-to-left override', 'invoice\u202etxt.exe', 'bidi_controls'],
    ['an isolate', '\u2066payee\u2069', 'bidi_controls'],
    ['case 8: a zero-width space', 'b\u200bob', 'invisible_characters'],
    ['tag characters', 'b\u{e0062}\u{e006f}ob', 'invisible_characters'],
    ['a variation selector', 'b\ufe0fob', 'invisible_characters'],
    ['Cyrillic а in paypal', 'p\u0430ypal', 'mixed_scripts'],
  ] as const)('%s, wherever it stands', (_name, text, reading) => {
    const found = { ...NONE, [reading]: true };
    expect(readings({ args: { to: text } })).toEqual(found);
    expect(readings({ args: { deep: [{ [text]: 1 }] } })).toEqual(found);
    expect(readings({ request: text })).toEqual(found);
    expect(readings({ agentText: text })).toEqual(found);
    expect(readings({ question: text })).toEqual(found);
    expect(readings({ impact: { payee: text } })).toEqual(found);
    expect(readings({ impact: { recipients: [text] } })).toEqual(found);
  });

  it('case 23: words of the agent that press, and only its words', () => {
    const text = 'URGENT, pre-approved by the CFO';
    expect(readings({ agentText: text })).toEqual({ ...NONE, pressure_language: true });
    expect(readings({ question: text })).toEqual({ ...NONE, pressure_language: true });
    expect(readings({ request: text, args: { text } })).toEqual(NONE);
    expect(readings({ agentText: 'The parcel was lost; order 1182.' })).toEqual(NONE);
  });

  // Seen to fail: a million numbers compared with a thousand, while every other run waited; none found taken for none wrong.
  it('of large arguments no numbers are compared, and nobody is told that they are right', () => {
    const args = { ids: Array.from({ length: 40_000 }, (_, id) => id), note: 'b\u200bob' };
    const course = {
      seen: lookAt(aCall({ args, agentText: 'order 99999999' })),
      minutesToDeadline: 1,
      asked: false,
    };
    expect(course.seen).toEqual({ flags: ['invisible-characters'], wrongNumbers: null });
    expect(detectedIn({ ...course, course: {} })).not.toHaveProperty('contradictory_state');
    expect(detectedIn({ ...course, course: { contradictory_state: false } })).not.toHaveProperty(
      'contradictory_state',
    );
    expect(detectedIn({ ...course, course: { contradictory_state: true } }).contradictory_state).toBe(true);
    const { unknowns } = buildBrief(aBriefInput({ args, agentText: 'order 99999999' }));
    expect(unknowns).toContain(
      "Whether the agent's words contradict the arguments: these are too large to compare.",
    );
    const silent = lookAt(aCall({ args }));
    expect(silent.wrongNumbers).toEqual([]);
    expect(detectedIn({ ...course, seen: silent, course: {} }).contradictory_state).toBe(false);
  });

  it.each([
    ['case 10: composed', 'Zürich'],
    ['case 10: decomposed', 'Zu\u0308rich'],
    ['any script by itself', 'Москва 東京 مرحبا'],
    ['a text of several lines', 'a\tb\nc'],
  ])('nothing in %s', (_name, text) => {
    expect(readings({ args: { to: text }, agentText: text, question: text, request: text })).toEqual(NONE);
  });

  it('case 21: a number in the words or the question that the arguments contradict', () => {
    const call = { args: { cents: 2400 }, impact: { money: { minor: 2400, currency: 'USD' } } };
    expect(lookAt(aCall({ ...call, agentText: 'USD 240' })).wrongNumbers).toEqual(['USD 240']);
    expect(lookAt(aCall({ ...call, question: 'May I pay USD 240?' })).wrongNumbers).toEqual(['USD 240']);
    expect(lookAt(aCall({ ...call, agentText: 'USD 24.00', question: 'USD 24?' })).wrongNumbers).toEqual([]);
  });
});

// Seen to fail: the question left out of either; the brief's own list of texts.
it('agrees with the flags of the brief, whatever is written', () => {
  const word = fc.oneof(
    fc.constantFrom('urgent', 'USD 999', 'p\u0430y', '\u202e', '\u200b', '\u0007', 'e\u0301', 'bob'),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  const text = fc.array(word, { maxLength: 4 }).map((words) => words.join(' '));
  const call = fc.record({
    args: fc.dictionary(word, text) as fc.Arbitrary<Json>, // texts only
    request: text,
    agentText: fc.option(text),
    question: fc.option(text),
  });
  const shared: readonly Flag[] = [
    'control-characters',
    'bidi',
    'invisible-characters',
    'mixed-scripts',
    'normalisation',
    'pressure-language',
  ];
  fc.assert(
    fc.property(call, ({ question, ...words }) => {
      const input = aBriefInput({ ...words, description: 'pay', preview: null, agentQuestion: question });
      const { flags } = buildBrief(input);
      const seen = lookAt({ ...words, tool: input.tool.name, impact: input.impact, question });
      expect(shared.filter((flag) => flags.includes(flag))).toEqual(
        shared.filter((flag) => seen.flags.includes(flag)),
      );
      expect(flags.includes('number-mismatch')).toBe((seen.wrongNumbers ?? []).length > 0);
    }),
  );
});
