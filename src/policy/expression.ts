import type { ASTNode } from '@marcbachmann/cel-js';

/** Something wrong at a place of an expression. */
export interface Flaw {
  /** Characters into the expression. */
  readonly at: number;
  readonly what: string;
  readonly todo: string;
}

const ROOTS: ReadonlySet<string> = new Set(['task', 'agent', 'action', 'readings', 'history']);
const LOOPS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);
/** The functions of CEL that a policy may call. */
export const FUNCTIONS: ReadonlySet<string> = new Set([
  ...LOOPS,
  'has',
  'size',
  'int',
  'double',
  'string',
  'bool',
  'dyn',
  'contains',
  'startsWith',
  'endsWith',
  'indexOf',
  'lastIndexOf',
  'lowerAscii',
  'upperAscii',
  'trim',
  'substring',
]);

/**
 * What the language allows and a policy does not: functions whose cost is not bounded by the payload (regular expressions, a loop in a loop), and
 * any way to notice that a reading or a part of the action is missing. Missing must be an error, else a model could loosen by withholding a
 * reading, or by arguments that are too many to look through.
 */
export function flawsOf(node: ASTNode): readonly Flaw[] {
  return [...walk(node)].flatMap(({ node: at, loops, parent }) => [
    ...callFlaws(at, loops),
    ...(at.op === 'id' && !readsOnePart(parent) ? wholeFlaws(at.args, at.start) : []),
  ]);
}

/** The variables an expression names, as paths from `task`, `agent`, `action`, `readings` or `history`; each once. */
export function mentionsOf(node: ASTNode): readonly (readonly string[])[] {
  const paths = [...walk(node)].flatMap(({ node: at, parent }) => {
    const path = pathOf(at);
    return path === null || (parent !== null && pathOf(parent) !== null) ? [] : [path];
  });
  return [...new Map(paths.map((path) => [JSON.stringify(path), path])).values()];
}

/** Whether an expression rests on what the model (readings) or the requester (the situation) says of the case; a whole task holds its situation. */
export function restsOnClaims(node: ASTNode): boolean {
  return mentionsOf(node).some(
    ([root, field = 'situation']) => root === 'readings' || (root === 'task' && field === 'situation'),
  );
}

/** The numbers and texts that an expression spells out, each once; a number with either sign. */
export function constantsOf(node: ASTNode): readonly (number | string)[] {
  const found = [...nodesOf(node)].flatMap((at): (number | string)[] => {
    if (at.op !== 'value') return [];
    if (typeof at.args === 'string') return [at.args];
    if (typeof at.args !== 'number' && typeof at.args !== 'bigint') return [];
    return [Number(at.args), -Number(at.args)];
  });
  return [...new Set(found)];
}

function readsReadings(node: ASTNode): boolean {
  return [...nodesOf(node)].some(({ op, args }) => op === 'id' && args === 'readings');
}

/** An expression's nodes, itself first. */
export function* nodesOf(node: ASTNode): Generator<ASTNode> {
  for (const visit of walk(node)) yield visit.node;
}

interface Visit {
  readonly node: ASTNode;
  readonly parent: ASTNode | null;
  readonly loops: number;
}

function* walk(node: ASTNode, parent: ASTNode | null = null, loops = 0): Generator<Visit> {
  yield { node, parent, loops };
  const inner = loops + (node.op === 'rcall' && LOOPS.has(node.args[0]) ? 1 : 0);
  for (const child of childrenOf(node)) yield* walk(child, node, inner);
}

function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case 'map':
      return node.args.flat();
    case '!_':
    case '-_':
      return [node.args];
    default:
      return node.args;
  }
}

function callFlaws(node: ASTNode, loops: number): Flaw[] {
  if (node.op !== 'call' && node.op !== 'rcall') return [];
  const name = node.args[0];
  const at = node.start;
  if (name === 'matches') {
    return [
      {
        at,
        what: 'regular expressions are not bounded in time',
        todo: 'use contains, startsWith, endsWith or in',
      },
    ];
  }
  if (!FUNCTIONS.has(name))
    return [
      { at, what: `\`${name}\` is not available in a policy`, todo: `use ${[...FUNCTIONS].join(', ')}` },
    ];
  if (LOOPS.has(name) && loops > 0)
    return [{ at, what: `\`${name}\` inside another loop, or before one`, todo: 'write two rules' }];
  if (name === 'has' && readsReadings(node)) return wholeFlaws('readings', at);
  if (name === 'has' && childrenOf(node).some(isPartOfAction)) return wholeFlaws('action', at);
  return [];
}

function isPartOfAction(node: ASTNode): boolean {
  const path = pathOf(node);
  return path?.length === 2 && path[0] === 'action';
}

function readsOnePart(parent: ASTNode | null): boolean {
  if (parent?.op === '.') return true;
  return parent?.op === '[]' && parent.args[1].op === 'value' && typeof parent.args[1].args === 'string';
}

/** What is told of looking at these as a whole: a rule could see by it that a part is missing. */
const WHOLE: ReadonlyMap<string, Omit<Flaw, 'at'>> = new Map([
  [
    'readings',
    {
      what: 'a rule may not ask whether a reading is there: withholding one would loosen it',
      todo: 'compare one reading, such as readings.confidence < 0.72; a missing one escalates by itself',
    },
  ],
  [
    'action',
    {
      what: 'a rule may not ask whether a part of the action is there: one too large to look through would loosen it',
      todo: "compare the part, such as size(action.recipients) > 100 or action.payee != ''; what a tool does not state is empty",
    },
  ],
]);

function wholeFlaws(root: string, at: number): Flaw[] {
  const flaw = WHOLE.get(root);
  return flaw === undefined ? [] : [{ at, ...flaw }];
}

/** The path of a variable from its root, such as `readings.confidence`; null for any other expression. */
export function pathOf(node: ASTNode): readonly string[] | null {
  if (node.op === 'id') return ROOTS.has(node.args) ? [node.args] : null;
  if (node.op === '.') return extend(pathOf(node.args[0]), node.args[1]);
  if (node.op !== '[]' || node.args[1].op !== 'value') return null;
  const key = node.args[1].args;
  return typeof key === 'string' || typeof key === 'bigint'
    ? extend(pathOf(node.args[0]), String(key))
    : null;
}

function extend(path: readonly string[] | null, part: string): readonly string[] | null {
  return path === null ? null : [...path, part];
}
