import type { ASTNode, Environment } from '@marcbachmann/cel-js';
import { nodesOf } from './expression.js';

/**
 * What is called in the place of two functions of CEL, whose library reads an empty text as the number 0 and `NaN` as a number that no
 * comparison is true of: a rule would pass such an argument in silence. Here it errs, and fires.
 */
const IN_PLACE: ReadonlyMap<string, string> = new Map([
  ['int', 'exact_int'],
  ['double', 'exact_double'],
]);

/** Adds what is called in the place of others; no policy can name it. */
export function registerExact(environment: Environment): Environment {
  return environment
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

/** The text of an expression with the exact functions in their places. */
export function exactly(text: string, ast: ASTNode): string {
  const calls = [...nodesOf(ast)].flatMap(({ op, args, start }) => {
    const [name, exact] = op === 'call' ? [args[0], IN_PLACE.get(args[0])] : [];
    return name === undefined || exact === undefined ? [] : [{ start, name, exact }];
  });
  return calls
    .toSorted((a, b) => b.start - a.start)
    .reduce(
      (made, { start, name, exact }) => `${made.slice(0, start)}${exact}${made.slice(start + name.length)}`,
      text,
    );
}
