/** More marks in a row than any language writes (Unicode UAX 15, section 13: stream-safe text). */
const RUN = /(\p{M}{30})(?=\p{M})/gu;

/**
 * A text in NFC. A longer run of marks is broken by a combining grapheme joiner first, as UAX 15 has it: putting marks in order costs the
 * square of their number, minutes for one long argument.
 */
export function nfc(text: string): string {
  return text.replace(RUN, '$1\u034F').normalize('NFC');
}
