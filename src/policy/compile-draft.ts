import {
  type Compiled,
  compileCondition,
  compileExpression,
  type Condition,
  type Expression,
} from './compile.js';
import type { Draft } from './draft.js';
import type { SafePlan } from './policy.js';
import type { Finding, Path } from './problem.js';

/** The expressions of a file, compiled: conditions by the index of their rule, safe actions by the name of their ladder. */
export interface Programs {
  readonly conditions: ReadonlyMap<number, Condition>;
  readonly safes: ReadonlyMap<string, SafePlan>;
}

/** Compiles every expression that is there; what cannot be compiled is told, and left out. */
export function compileDraft(draft: Draft): Programs & { readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const take = <Program>(path: Path, compiled: Compiled<Program>): Program | undefined => {
    if ('program' in compiled) return compiled.program;
    findings.push(...compiled.flaws.map(({ at, what, todo }) => ({ path, what, todo, offset: at })));
    return undefined;
  };
  const conditions = new Map<number, Condition>();
  for (const [index, { when }] of draft.rules) {
    const condition = when === undefined ? undefined : take(['rules', index, 'when'], compileCondition(when));
    if (condition !== undefined) conditions.set(index, condition);
  }
  const safes = new Map<string, SafePlan>();
  for (const [ladder, { safe }] of draft.ladders) {
    if (safe === undefined) continue;
    const args = Object.entries(safe.args).flatMap(([name, text]): [string, Expression][] => {
      const expression = take(['ladders', ladder, 'safe', 'args', name], compileExpression(text));
      return expression === undefined ? [] : [[name, expression]];
    });
    safes.set(ladder, { tool: safe.tool, args: new Map(args) });
  }
  return { conditions, safes, findings };
}
