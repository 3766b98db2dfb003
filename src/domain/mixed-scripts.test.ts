import { expect, it } from 'vitest';
import { mixesScripts } from './mixed-scripts.js';
import { flagsOf } from './sanitise.js';

/** Letters of other scripts are written as escapes: in an editor they would look like those beside them. */
it.each([
  ['Cyrillic а in paypal', 'p\u0430ypal'],
  ['Cyrillic е at the end', 'pay to acm\u0435 now'],
  ['Greek omicron', 'g\u03BFogle'],
  ['Greek capital alpha', '\u0391mazon'],
  ['Latin i in a Cyrillic word', '\u043F\u0440iвет'],
  ['Cyrillic beside Greek', '\u043E\u03BF'],
  ['a digit between', 'p4\u0443'],
  ['a combining mark between', 'cafe\u0301\u0430'],
])('mixed: %s', (_name, text) => {
  expect(mixesScripts(text)).toBe(true);
});

// Seen to fail: words parted at spaces alone; every Greek letter counted; a text as one word.
it.each([
  ['plain Latin', 'paypal'],
  ['Latin with marks, composed', 'Zürich café'],
  ['Latin with marks, decomposed', 'Zu\u0308rich cafe\u0301'],
  ['words of two scripts side by side', 'Москва Moscow Αθήνα'],
  ['words joined by a hyphen, a slash, an underscore', 'IT-отдел C/С_x'],
  ['a word all in Cyrillic that looks Latin', '\u0441\u043E\u0441\u043E\u0430'],
  ['units and formulas', '10 kΩ, 5 μs, 5 µs, Δt, πr, λx'],
  ['Latin with Han and Kana', 'iPhone用ケース'],
  ['digits and signs', '1182 €240'],
])('not mixed: %s', (_name, text) => {
  expect(mixesScripts(text)).toBe(false);
});

// Seen to fail: the text looked at as it is.
it('is found behind characters that nobody sees, and in a text that is not composed', () => {
  expect(flagsOf('pay\u200b\u0430 now')).toEqual(['invisible-characters', 'mixed-scripts']);
  expect(flagsOf('pay\u202e\u0430')).toEqual(['bidi', 'mixed-scripts']);
  expect(flagsOf('p\u0430ype\u0301')).toEqual(['mixed-scripts', 'normalisation']);
});
