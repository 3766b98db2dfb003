import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  visit,
} from 'yaml';
import { type Finding, type Problem, pathText } from './problem.js';

/** The longest file that is read, in characters. */
const MAX_SOURCE = 256 * 1024;
const FORBIDDEN_KEYS: readonly unknown[] = ['__proto__', 'constructor', 'prototype', '<<'];

/** A policy or case file as YAML: plain data, what is wrong with it as YAML, and where things stand. */
export interface PolicyDocument {
  /** Undefined when the YAML itself cannot be used. */
  readonly data: unknown;
  readonly problems: readonly Problem[];
  place(finding: Finding): Problem;
}

interface Flaw {
  readonly at: number;
  readonly what: string;
  readonly todo: string;
}

/** What to do about a whole file, by what it holds. */
const WORDS = {
  policy: { begin: 'write version, owner, agents and roles', one: 'one policy', split: 'split it by tenant' },
  cases: {
    begin: 'write `cases:` and a list',
    one: 'one table of cases',
    split: 'split it in several files',
  },
  script: {
    begin: 'write steps, each with the calls to propose',
    one: 'one script',
    split: 'split it in several tasks',
  },
  hooks: { begin: 'write `out:` and `in:`, each with a list', one: 'one file of hooks', split: 'write less' },
} as const;

/** Deeper than any policy is. The parser and the composer recurse, and a full stack inside a regular expression ends the process. */
const MAX_DEPTH = 32;
const TOO_DEEP: Flaw = { at: 0, what: `nested deeper than ${MAX_DEPTH} levels`, todo: 'write it flat' };

/** Reads YAML 1.2 and refuses what could hide something: duplicate keys, anchors and aliases, tags, tabs, directives, several documents. */
export function readDocument(source: string, kind: keyof typeof WORDS = 'policy'): PolicyDocument {
  const lines = new LineCounter();
  if (source.length > MAX_SOURCE) {
    return refused(lines, [{ at: 0, what: `longer than ${MAX_SOURCE} characters`, todo: WORDS[kind].split }]);
  }
  const tokens = boundedTokens(source, lines);
  if (tokens === null) return refused(lines, [TOO_DEEP]);
  const nul = source.indexOf('\0');
  if (nul >= 0)
    return refused(lines, [{ at: nul, what: 'a NUL character', todo: 'remove it: no database keeps it' }]);
  const composer = new Composer({ prettyErrors: false, version: '1.2', merge: false });
  const documents = [...composer.compose(tokens, true, source.length)];
  const [document] = documents;
  if (document === undefined || document.contents === null) {
    const empty = { at: 0, what: 'the file is empty', todo: WORDS[kind].begin };
    return refused(lines, [...documents.flatMap(syntaxFlaws), empty]);
  }
  const flaws = [
    ...documents.flatMap(syntaxFlaws),
    ...tokens.flatMap(directiveFlaws),
    ...documents.slice(1).map((document) => secondDocument(document, kind)),
    ...treeFlaws(document),
  ];
  if (flaws.length > 0)
    return refused(
      lines,
      flaws.toSorted((a, b) => a.at - b.at),
    );
  return {
    data: document.toJS({ maxAliasCount: 0 }),
    problems: [],
    place: (finding) => place(document, lines, source, finding),
  };
}

/** `%YAML 1.1` would read other values from the same text: `no` is false there, and 012 ten. */
function directiveFlaws(token: CST.Token): Flaw[] {
  const flaw = { what: 'a directive', todo: 'remove the line: the file is read as YAML 1.2' };
  return token.type === 'directive' ? [{ at: token.offset, ...flaw }] : [];
}

/** Null as soon as the nesting is too deep. */
function boundedTokens(source: string, lines: LineCounter): readonly CST.Token[] | null {
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(source)) {
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > MAX_DEPTH) return null;
  }
  return [...tokens, ...parser.end()];
}

function refused(lines: LineCounter, flaws: readonly Flaw[]): PolicyDocument {
  const problems = flaws.map(({ at, what, todo }) => ({ ...lineOf(lines, at), path: '', what, todo }));
  const place = ({ path, what, todo }: Finding) => ({ line: 1, column: 1, path: pathText(path), what, todo });
  return { data: undefined, problems, place };
}

function lineOf(lines: LineCounter, at: number): { line: number; column: number } {
  const { line, col } = lines.linePos(at);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

function syntaxFlaws(document: Document): Flaw[] {
  return [...document.errors, ...document.warnings].map((error) => ({
    at: error.pos[0],
    what: error.code === 'DUPLICATE_KEY' ? 'the same key stands twice' : error.message,
    todo: SYNTAX_TODO[error.code] ?? 'correct the YAML here',
  }));
}

const SYNTAX_TODO: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'keep one of them',
  TAB_AS_INDENT: 'indent with spaces',
  TAG_RESOLVE_FAILED: 'remove the tag',
};

function secondDocument(document: Document, kind: keyof typeof WORDS): Flaw {
  return {
    at: document.range?.[0] ?? 0,
    what: 'a second YAML document',
    todo: `keep ${WORDS[kind].one} a file: remove the line ---`,
  };
}

function treeFlaws(document: Document): Flaw[] {
  const flaws: Flaw[] = [];
  const flaw = (node: unknown, what: string, todo: string) => flaws.push({ at: startOf(node), what, todo });
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node) || ('anchor' in node && node.anchor !== undefined)) {
        flaw(node, 'anchors and aliases are not read', 'write the value out');
      } else if (
        node.tag?.startsWith('tag:yaml.org,2002:') === false ||
        node.tag?.endsWith(':binary') === true
      ) {
        flaw(node, 'tags are not read', 'remove the tag');
      }
    },
    Pair: (_, { key }) => {
      if (!isScalar(key) || typeof key.value !== 'string')
        flaw(key, 'a key must be text', 'put it in quotes');
      else if (FORBIDDEN_KEYS.includes(key.value))
        flaw(key, `\`${key.value}\` cannot be a key`, 'choose another name');
    },
  });
  return flaws;
}

function startOf(node: unknown): number {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)
    ? Number(node.range[0])
    : 0;
}

/** The line of the value at the path, of its key if the value spans lines, of the nearest parent if it is absent. */
function place(document: Document, lines: LineCounter, source: string, finding: Finding): Problem {
  const { at, node } = find(document.contents, finding);
  const inText = finding.offset !== undefined && isScalar(node) ? offsetIn(source, node, finding.offset) : 0;
  return {
    ...lineOf(lines, at + inText),
    path: pathText(finding.path),
    what: finding.what,
    todo: finding.todo,
  };
}

function find(top: Node | null, { path, key }: Finding): { at: number; node: unknown } {
  let node: unknown = top;
  let at = startOf(top);
  for (const part of path) {
    const pair = isMap(node)
      ? node.items.find((item) => isScalar(item.key) && item.key.value === part)
      : undefined;
    const next =
      pair !== undefined
        ? pair.value
        : isSeq(node) && typeof part === 'number'
          ? node.items[part]
          : undefined;
    if (pair === undefined && next === undefined) return { at, node: null };
    node = next;
    at = pair !== undefined && (key === true || !isScalar(next)) ? startOf(pair.key) : startOf(next);
  }
  return { at, node };
}

/** Only plain and quoted text on one line keeps its columns. */
function offsetIn(source: string, node: unknown, offset: number): number {
  const start = startOf(node);
  const quoted = source[start] === '"' || source[start] === "'";
  const shift = offset + (quoted ? 1 : 0);
  const block = source[start] === '|' || source[start] === '>';
  return block || /[\n\\]/.test(source.slice(start, start + shift)) ? 0 : shift;
}
