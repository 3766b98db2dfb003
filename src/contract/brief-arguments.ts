import type { Json } from '../domain/action.js';
import type { ArgumentLine } from '../domain/brief.js';
import { canonicalJson } from './canonical.js';
import { sha256Hex } from './digest.js';
import { isList, isMembers } from './schema-at.js';

/** A value longer than this is folded. UTF-16 code units of its canonical JSON. */
const FOLD_OVER = 200;
const SHOWN_START = 120;
const SHOWN_END = 60;

/** Arguments larger than this cannot be inspected by reading: bytes of their canonical JSON. */
export const OVERSIZED_BYTES = 64 * 1024;

/** Every top-level argument with its size, in canonical order; `args` are already masked. What is no object is listed as one. */
export function argumentLines(args: Json): readonly ArgumentLine[] {
  if (!isMembers(args)) return [argumentLine('(all)', args)];
  return Object.keys(args)
    .sort()
    .map((name) => argumentLine(name, args[name] ?? null));
}

function argumentLine(name: string, value: Json): ArgumentLine {
  const text = canonicalJson(value);
  const folded = text.length > FOLD_OVER;
  const line = { name, value: folded ? fold(text) : text, bytes: Buffer.byteLength(text, 'utf8'), folded };
  const texts = strings(value);
  return ![name, ...texts, texts.join(' ')].some(isOpaque)
    ? line
    : { ...line, sha256: sha256Hex(typeof value === 'string' ? value : text) };
}

/** Names of the (masked) arguments that no reader can judge: those that hold encoded data, and every one where together they are oversized. */
export function unshownArguments(args: Json): readonly string[] {
  const lines = argumentLines(args);
  const unshown = isOversized(args) ? lines : lines.filter((line) => line.sha256 !== undefined);
  return unshown.map((line) => line.name);
}

/** Whether arguments are larger than anybody reads. */
export function isOversized(args: Json): boolean {
  return Buffer.byteLength(canonicalJson(args), 'utf8') > OVERSIZED_BYTES;
}

/** Beginning and end of a text that is longer than both: padding in front hides no tail. UTF-16 code units. */
export function fold(text: string, start = SHOWN_START, end = SHOWN_END): string {
  const hidden = text.length - start - end;
  return wellFormed(`${text.slice(0, start)} … ${hidden} characters folded … ${text.slice(-end)}`);
}

/** Half a character, which a cut or a tool may leave, becomes U+FFFD: no text can make a brief impossible to digest. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '�');
}

/**
 * Whether a text holds something that reading cannot judge: base64 of 80 characters and more in one piece or in lines of 40, hex of 160, and
 * bytes that are no text. 80 is longer than what honest texts hold in one piece (names, order numbers, a SHA-256, the words of any language),
 * however long they are, and shorter than a command that does harm; hex is longer than two digests of SHA-256 or one of SHA-512.
 */
export function isOpaque(text: string): boolean {
  if (text.length < 80) return false;
  if (/data:[^,\s]{0,100};base64,/i.test(text)) return true;
  if (binaryShare(text) > 0.1) return true;
  return (unwrapped(text).match(/[A-Za-z0-9+/_=-]{80,}/g) ?? []).some((run) => isEncoded(run));
}

/** Pieces shorter than this are no wrapped encoding, but perhaps a list of ids: MIME breaks at 76 characters, PEM at 64. */
const WRAPPED_FROM = 40;
/** Of so many characters of an encoded value one at most is `/`, `_` or `-`. */
const MARKS = 12;

/** The text with the pieces of an encoded value put together again: whole lines, and what spaces, quotes or commas part. */
function unwrapped(text: string): string {
  let whole = '';
  let open: 'line' | 'dense' | undefined;
  const parts = text.split(/([\s,;"'`]+)/);
  for (let at = 0; at < parts.length; at += 2) {
    const piece = parts[at] ?? '';
    const encoded = /^[A-Za-z0-9+/_=-]+$/.test(piece);
    const goesOn = open === 'dense' || (open === 'line' && /^\r?\n$/.test(parts[at - 1] ?? ''));
    whole += encoded && goesOn ? piece : `\n${piece}`;
    if (!encoded || piece.length < WRAPPED_FROM) open = undefined;
    else open = isDense(piece) ? 'dense' : 'line';
  }
  return whole;
}

/** Unlike paths, names and ids of commits, many of which stand beside each other. */
function isDense(piece: string): boolean {
  return piece.length > WRAPPED_FROM && (piece.match(/[/_-]/g)?.length ?? 0) * MARKS <= piece.length;
}

function isEncoded(run: string): boolean {
  if (/^[0-9a-fA-F]{160,}$/.test(run)) return new Set(run).size >= 4;
  const classes = [/[a-z]/, /[A-Z]/, /[0-9]/].filter((kind) => kind.test(run)).length;
  return classes === 3 || /^[A-Z2-7]{80,}={0,6}$/.test(run);
}

function binaryShare(text: string): number {
  const binary = text.match(/(?![\n\r\t])[\p{Cc}\uFFFD]/gu)?.length ?? 0;
  return binary / text.length;
}

/** Every text in a value, keys too. */
export function strings(value: Json): readonly string[] {
  const found: string[] = [];
  collect(value, found);
  return found;
}

function collect(value: Json, into: string[]): void {
  if (typeof value === 'string') into.push(value);
  else if (isList(value)) for (const member of value) collect(member, into);
  else if (isMembers(value)) {
    for (const [key, member] of Object.entries(value)) {
      into.push(key);
      collect(member, into);
    }
  }
}
