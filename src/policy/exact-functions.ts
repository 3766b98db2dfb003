import type { ASTNode, Environment } from '@marcbachmann/cel-js';
import { nodesOf } from './expression.js';

/**
 * What is called in the place of two functions of CEL, whose library reads an empty text as the number 0 and `NaN` as a number that no
 * comparison is true of: a rule would pass such an argument in silence. Here it errs, and fires. So does arithmetic that comes to no number, such
 * as 0.0 / 0.0.
 */
const IN_PLACE: ReadonlySet<string> = new Set(['int', 'double']);

const ARITHMETIC: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%']);
/** What arithmetic may give: `+` joins texts and lists too. */
const GIVEN = ['double', 'int', 'uint', 'string', 'bytes', 'list<dyn>'];

/** Adds what is called in the place of others; no policy can name it. */
export function registerExact(environment: Environment): Environment {
  return GIVEN.reduce((made, type) => made.registerFunction(`exact(${type}): ${type}`, finite), environment)
    .registerFunction('exact_int(int): int', (value: bigint) => value)
    .registerFunction('exact_int(double): int', (value: number) => whole(BigInt(Math.trunc(value))))
    .registerFunction('exact_int(string): int', (text: string) => whole(BigInt(fitting(text, WHOLE))))
    .registerFunction('exact_double(double): double', (value: number) => value)
    .registerFunction('exact_double(int): double', (value: bigint) => Number(value))
    .registerFunction('exact_double(string): double', (text: string) => Number(fitting(text, DECIMAL)));
}

const WHOLE = /^-?\d{1,19}$/;
/** Too few digits to be infinite. */
const DECIMAL = /^-?\d{1,100}(\.\d{1,100})?$/;
/** CEL's int has 64 bits. */
const MAX_INT = 2n ** 63n - 1n;

function fitting(text: string, pattern: RegExp): string {
  if (pattern.test(text)) return text;
  throw new Error('the text is no number');
}

function whole(value: bigint): bigint {
  if (value <= MAX_INT && value >= -MAX_INT - 1n) return value;
  throw new Error('the number is too large');
}

function finite<Value>(value: Value): Value {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  throw new Error('the result is no number');
}

interface Insertion {
  readonly at: number;
  readonly text: string;
}

/** The text of an expression with the exact functions in their places, and around all arithmetic. */
export function exactly(text: string, ast: ASTNode): string {
  const nodes = [...nodesOf(ast)];
  const code = codeOf(text, nodes);
  const insertions = nodes.flatMap((node): readonly Insertion[] => {
    if (ARITHMETIC.has(node.op)) {
      const { start, end } = withBrackets(code, node);
      return [
        { at: start, text: 'exact(' },
        { at: end, text: ')' },
      ];
    }
    // Put before the name, which is the rest of the exact one's.
    return node.op === 'call' && IN_PLACE.has(node.args[0]) ? [{ at: node.start, text: 'exact_' }] : [];
  });
  // At one place the outer node's comes first.
  return insertions
    .toReversed()
    .toSorted((a, b) => b.at - a.at)
    .reduce((made, { at, text: more }) => `${made.slice(0, at)}${more}${made.slice(at)}`, text);
}

/** An expression without what its texts and comments hold: every bracket that is left groups something. */
function codeOf(text: string, nodes: readonly ASTNode[]): string {
  const literals = nodes.filter(({ op }) => op === 'value');
  return literals
    .reduce((made, { start, end }) => made.slice(0, start) + 'x'.repeat(end - start) + made.slice(end), text)
    .replace(/\/\/[^\n]*/g, (comment) => ' '.repeat(comment.length));
}

/** A node's place ends inside the brackets around its first and its last operand: with them. */
function withBrackets(code: string, { start, end }: ASTNode): { start: number; end: number } {
  let [opened, closed] = [0, 0];
  for (const sign of code.slice(start, end)) {
    if (sign === '(') opened += 1;
    else if (sign === ')' && opened > 0) opened -= 1;
    else if (sign === ')') closed += 1;
  }
  let [from, to] = [start, end];
  for (; closed > 0; closed -= 1) from = code.lastIndexOf('(', from - 1);
  for (; opened > 0; opened -= 1) to = code.indexOf(')', to) + 1;
  return { start: from, end: to };
}
