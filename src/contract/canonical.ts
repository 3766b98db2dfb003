import type { Json } from '../domain/action.js';

/**
 * The one byte form of a JSON value that digests are made over: RFC 8785 (JSON Canonicalization Scheme).
 * Throws a TypeError on what JSON cannot say (NaN, infinities, undefined, lone surrogates); it never drops or rounds.
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'string') return stringText(value);
  if (Array.isArray(value)) return `[${Array.from(value, canonicalJson).join(',')}]`;
  if (typeof value === 'object') return objectText(value);
  throw new TypeError(`canonical JSON cannot hold a ${typeof value}`);
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`canonical JSON cannot hold ${value}`);
  return String(value); // RFC 8785 section 3.2.2.3 is ECMAScript's own number format; -0 becomes 0
}

function stringText(value: string): string {
  if (/\p{Surrogate}/u.test(value)) throw new TypeError('canonical JSON cannot hold a lone surrogate');
  return JSON.stringify(value); // for well-formed strings, section 3.2.2.2 is what JSON.stringify does
}

function objectText(value: { readonly [key: string]: Json } | readonly Json[]): string {
  // sort() compares UTF-16 code units, as section 3.2.3 asks
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${members.map(([key, member]) => `${stringText(key)}:${canonicalJson(member)}`).join(',')}}`;
}
