import type { ASTNode } from '@marcbachmann/cel-js';
import { pathOf } from './expression.js';

type Literal = string | number | boolean;
type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** What a conjunct demands of one variable. */
interface Demand {
  /** The variable, as `keyOf` names it. */
  readonly of: string;
  readonly is: Comparison;
  readonly value: Literal;
}

/**
 * Whether an expression can be seen never to be true: it says `false`, or demands two things of one variable that exclude each other. What
 * takes more than comparing two demands is not seen.
 */
export function isContradiction(node: ASTNode): boolean {
  if (node.op === 'value') return node.args === false;
  if (node.op === '||') return node.args.every(isContradiction);
  const parts = conjuncts(node);
  if (parts.length > 1 && parts.some(isContradiction)) return true;
  const demands = parts.flatMap(demandOf);
  return (
    parts.some(isFalseComparison) ||
    demands.some((one, index) => demands.slice(index + 1).some((other) => exclude(one, other)))
  );
}

function conjuncts(node: ASTNode): readonly ASTNode[] {
  return node.op === '&&' ? node.args.flatMap(conjuncts) : [node];
}

function demandOf(node: ASTNode): Demand[] {
  const bare = pathOf(node);
  if (bare !== null) return [{ of: keyOf(bare), is: '==', value: true }];
  if (node.op === '!_') return demandOf(node.args).flatMap(negated);
  if (!isComparison(node)) return [];
  const [left, right] = node.args;
  const path = pathOf(left);
  if (path !== null) return demand(path, node.op, literalOf(right));
  const other = pathOf(right);
  return other === null ? [] : demand(other, FLIPPED[node.op], literalOf(left));
}

function demand(path: readonly string[], is: Comparison, value: Literal | undefined): Demand[] {
  return value === undefined ? [] : [{ of: keyOf(path), is, value }];
}

/** A name within a path may hold a point itself. */
function keyOf(path: readonly string[]): string {
  return JSON.stringify(path);
}

function negated({ of, is, value }: Demand): Demand[] {
  return [{ of, is: NEGATED[is], value }];
}

const FLIPPED = { '==': '==', '!=': '!=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const;
const NEGATED = { '==': '!=', '!=': '==', '<': '>=', '<=': '>', '>': '<=', '>=': '<' } as const;

function isComparison(node: ASTNode): node is Extract<ASTNode, { op: Comparison }> {
  return node.op in FLIPPED;
}

function isFalseComparison(node: ASTNode): boolean {
  if (!isComparison(node)) return false;
  const [left, right] = node.args.map(literalOf);
  return (
    left !== undefined && right !== undefined && typeof left === typeof right && !holds(left, node.op, right)
  );
}

function literalOf(node: ASTNode): Literal | undefined {
  if (node.op === '-_') {
    const value = literalOf(node.args);
    return typeof value === 'number' ? -value : undefined;
  }
  if (node.op !== 'value') return undefined;
  const value = node.args;
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? value
    : undefined;
}

function exclude(one: Demand, other: Demand): boolean {
  if (one.of !== other.of || typeof one.value !== typeof other.value) return false;
  if (one.is === '==') return !holds(one.value, other.is, other.value);
  if (other.is === '==') return !holds(other.value, one.is, one.value);
  if (isLower(one.is) && isUpper(other.is)) return isEmpty(one, other);
  return isUpper(one.is) && isLower(other.is) && isEmpty(other, one);
}

function isLower(is: Comparison): boolean {
  return is === '>' || is === '>=';
}

function isUpper(is: Comparison): boolean {
  return is === '<' || is === '<=';
}

function isEmpty(from: Demand, to: Demand): boolean {
  return from.value > to.value || (from.value === to.value && (from.is === '>' || to.is === '<'));
}

function holds(left: Literal, is: Comparison, right: Literal): boolean {
  switch (is) {
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
  }
}
