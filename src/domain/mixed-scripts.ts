const WORD = /[\p{Letter}\p{Mark}\p{Number}]+/gu;
const LATIN = /\p{Script=Latin}/u;
const CYRILLIC = /\p{Script=Cyrillic}/u;
// Of Greek without the letters that look like no other and stand beside Latin ones in units and formulas: kΩ, μs, Δt.
const GREEK =
  /(?![\u0394\u0398\u039B\u039E\u03A0\u03A3\u03A6\u03A8\u03A9\u03B4\u03B8\u03BB\u03BC\u03C0\u03C6\u03C8])\p{Script=Greek}/u;

/**
 * Whether one word holds letters of two of Latin, Cyrillic and Greek, whose letters look alike: UTS 39, section 5.2, lets Latin stand beside
 * any other recommended script. Expects text in NFC without invisible characters. A word all in one script is no mixture, whatever it looks like.
 */
export function mixesScripts(text: string): boolean {
  // Nothing to mix in what holds neither of the two: most texts.
  if (!CYRILLIC.test(text) && !GREEK.test(text)) return false;
  return (text.match(WORD) ?? []).some(
    (word) => [LATIN, CYRILLIC, GREEK].filter((script) => script.test(word)).length > 1,
  );
}
