import type { Flag } from './brief.js';
import { mixesScripts } from './mixed-scripts.js';
import { nfc } from './nfc.js';

// Written with escapes only: a literal of these characters in a source file would be the very trick.
const CONTROL = '\\p{Cc}'; // C0, DEL, C1
const BIDI = '\\u061C\\u200E\\u200F\\u202A-\\u202E\\u2066-\\u2069';
// Zero-width and other ignorable characters, line and paragraph separators, variation selectors, tag characters. Beyond the reviewed
// list (200B-200D, 2060, FEFF, FE00-FE0F, E0000-E007F, E0100-E01EF, 2028/2029): soft hyphen, invisible operators, fillers,
// the blanks of Braille, Khitan and music, and what lays out hieroglyphs, shorthand and musical beams.
const INVISIBLE =
  '\\u00AD\\u034F\\u115F\\u1160\\u17B4\\u17B5\\u180B-\\u180F\\u200B-\\u200D\\u2028\\u2029\\u2060-\\u2065\\u206A-\\u206F\\u2800\\u3164\\uFE00-\\uFE0F\\uFEFF\\uFFA0\\uFFF0-\\uFFFB\\u{13430}-\\u{1343F}\\u{16FE4}\\u{1BCA0}-\\u{1BCA3}\\u{1D159}\\u{1D173}-\\u{1D17A}\\u{E0000}-\\u{E0FFF}';

// Every other format character too, such as signs that are drawn around what follows: they are seen, and so no reason to look twice.
const HIDDEN = new RegExp(`[${CONTROL}\\p{Cf}${BIDI}${INVISIBLE}\\p{Surrogate}]`, 'gu');
const FLAGS: readonly (readonly [Flag, RegExp])[] = [
  ['control-characters', /(?![\n\t])\p{Cc}/u], // newline and tab are ordinary in a text
  ['bidi', new RegExp(`[${BIDI}]`, 'u')],
  ['invisible-characters', new RegExp(`[${INVISIBLE}\\p{Surrogate}]`, 'u')],
];

/** Makes every character that could draw, hide or reorder text visible as `⟨U+XXXX⟩`. `block` keeps newline and tab, for fields of several lines. */
export function visible(text: string, options: { readonly block?: boolean } = {}): string {
  return text.replace(HIDDEN, (character) => {
    if (options.block === true && (character === '\n' || character === '\t')) return character;
    return `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
  });
}

/** What most texts are made of: nothing of it can hide or pass for another. */
const PLAIN = /^[\n\t -~]*$/;

/** Reasons to look twice at a text, in a fixed order. */
export function flagsOf(text: string): readonly Flag[] {
  if (PLAIN.test(text)) return [];
  const flags = FLAGS.filter(([, pattern]) => pattern.test(text)).map(([flag]) => flag);
  if (mixesScripts(normalised(text))) flags.push('mixed-scripts');
  return nfc(text) === text ? flags : [...flags, 'normalisation'];
}

/** The text as a person would read it: invisible characters and controls gone, NFC. Search and policy match on this form and on the raw one. */
export function normalised(text: string): string {
  return nfc(
    text.replace(HIDDEN, (character) => (character === '\n' || character === '\t' ? character : '')),
  );
}

/** One cell of a CSV file (RFC 4180): visible, quoted, and never a formula to a spreadsheet, nor to one that parts cells by `;`. */
export function csvCell(text: string): string {
  const shown = visible(text);
  const inert = shown.replace(/(^|;)(?=[\s"]*[=+\-@|%])/g, "$1'");
  return `"${inert.replaceAll('"', '""')}"`;
}
