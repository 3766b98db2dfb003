import { printParseErrorCode, visit } from 'jsonc-parser';
import type { JSONPath } from 'jsonc-parser';
import type { Json } from '../domain/action.js';
import { numberFault } from './json-faults.js';

/** Why a text is refused, and where. */
export interface JsonProblem {
  /** JSON path: `$`, `$.args.amount`, `$.list[3]`, `$["a b"]`. */
  readonly path: string;
  readonly message: string;
}

/** How large a document may be. */
export interface JsonLimits {
  /** Of the UTF-8 text. */
  readonly bytes: number;
  /** Nesting of objects and arrays. */
  readonly depth: number;
}

/** Defaults: 4 MiB, 64 levels. */
export const JSON_LIMITS: JsonLimits = { bytes: 4 * 1024 * 1024, depth: 64 };

/** A value, or what is wrong with the text (at most 20 problems). */
export type StrictJson = { readonly value: Json } | { readonly problems: readonly JsonProblem[] };

const MOST_PROBLEMS = 20;
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Parses RFC 8259 JSON that means the same to every reader (I-JSON, RFC 7493, and stricter): no duplicate or prototype keys, no number
 * that changes when read, no lone surrogate, no comments. Never throws.
 */
export function parseStrictJson(text: string, limits: Partial<JsonLimits> = {}): StrictJson {
  const { bytes, depth } = { ...JSON_LIMITS, ...limits };
  const size = Buffer.byteLength(text, 'utf8');
  if (size > bytes) return refuse(`${size} bytes of JSON, at most ${bytes} are allowed`);
  try {
    const problems = inspect(text, depth);
    if (problems.length > 0) return { problems };
    return { value: JSON.parse(text) as Json }; // JSON.parse yields nothing but JSON
  } catch (error) {
    if (error instanceof TooDeep) return refuse(`nested deeper than ${depth} levels`);
    return refuse(`not JSON: ${(error as Error).message}`); // else JSON.parse throws SyntaxError only
  }
}

function refuse(message: string): StrictJson {
  return { problems: [{ path: '$', message }] };
}

/** Ends the reading of a text before its nesting exhausts the stack. */
class TooDeep extends Error {}

/**
 * Reads the text as written, which JSON.parse hides: every key of every object, every number literal. The reader itself counts its levels,
 * since it goes down where a text that is no JSON would mislead anybody else. Throws TooDeep.
 */
function inspect(text: string, mostLevels: number): readonly JsonProblem[] {
  const problems: JsonProblem[] = [];
  const keys: Set<string>[] = [];
  const report = (path: JSONPath, message: string) => {
    if (problems.length < MOST_PROBLEMS) problems.push({ path: pathText(path), message });
  };
  let levels = 0;
  const enter = () => {
    if (++levels > mostLevels) throw new TooDeep();
  };
  visit(
    text,
    {
      onArrayBegin: enter,
      onArrayEnd: () => void levels--,
      onObjectBegin: () => {
        enter();
        keys.push(new Set());
      },
      onObjectEnd: () => {
        levels--;
        keys.pop();
      },
      onObjectProperty: (key, _offset, _length, _line, _column, parent) => {
        for (const message of keyFaults(key, keys.at(-1))) report([...parent(), key], message);
        keys.at(-1)?.add(key);
      },
      onLiteralValue: (value: unknown, offset, length, _line, _column, path) => {
        const fault =
          typeof value === 'number'
            ? numberFault(text.slice(offset, offset + length))
            : surrogateFault(value);
        if (fault !== undefined) report(path(), fault);
      },
      onError: (code, _offset, _length, line, column) =>
        report([], `not JSON: ${faultWords(code)} at line ${line + 1}, column ${column + 1}`),
    },
    { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false },
  );
  return problems;
}

/** `CommaExpected` as a person says it: comma expected. */
function faultWords(code: Parameters<typeof printParseErrorCode>[0]): string {
  return printParseErrorCode(code)
    .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toLowerCase();
}

function keyFaults(key: string, seen: ReadonlySet<string> | undefined): readonly string[] {
  const faults: string[] = [];
  if (seen?.has(key) === true) faults.push('the key occurs twice');
  if (FORBIDDEN_KEYS.has(key)) faults.push('a key that could change a prototype is refused');
  const surrogate = surrogateFault(key);
  return surrogate === undefined ? faults : [...faults, surrogate];
}

function surrogateFault(value: unknown): string | undefined {
  return typeof value === 'string' && /\p{Surrogate}/u.test(value)
    ? 'text with half a character (a lone surrogate)'
    : undefined;
}

/** A path as people and JSONPath (RFC 9535) write it. */
export function pathText(path: JSONPath): string {
  const steps = path.map((step) => {
    if (typeof step === 'number') return `[${step}]`;
    return /^[A-Za-z_][A-Za-z0-9_]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
  });
  return `$${steps.join('')}`;
}

/** Whether a key is one of those that reach into prototypes. */
export function isPrototypeKey(key: string): boolean {
  return FORBIDDEN_KEYS.has(key);
}
