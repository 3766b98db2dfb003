import type { Condition } from './compile.js';
import type { Draft } from './draft.js';
import type { Finding } from './problem.js';
import { isStricter } from './reason.js';

type Rule = Draft['rules'] extends ReadonlyMap<number, infer Value> ? Value : never;

/** Rules that can never be true, and rules that change nothing because another one says the same at least as strictly. */
export function idleRules(draft: Draft, conditions: ReadonlyMap<number, Condition>): Finding[] {
  return [...draft.rules].flatMap(([index, rule]) => {
    if (conditions.get(index)?.neverTrue === true) return [neverTrue(index)];
    const by = [...draft.rules].find(
      ([other, one]) => other !== index && shadows([other, one], [index, rule]),
    );
    return by === undefined ? [] : [shadowed(index, by[1].id ?? `rules[${by[0]}]`)];
  });
}

function neverTrue(index: number): Finding {
  return {
    path: ['rules', index, 'when'],
    what: 'is never true: the rule fires only where it cannot be evaluated',
    todo: 'correct the condition, or remove the rule',
    warning: true,
  };
}

function shadowed(index: number, by: string): Finding {
  return {
    path: ['rules', index],
    what: `changes nothing: \`${by}\` has the same condition and is at least as strict`,
    todo: 'remove one of the two',
    warning: true,
  };
}

/** The one fires whenever the other does, and decides level, route and ladder before it, also where neither can be evaluated. */
function shadows([at, one]: readonly [number, Rule], [otherAt, other]: readonly [number, Rule]): boolean {
  if (one.when === undefined || one.level === undefined || other.level === undefined) return false;
  if (one.when.trim() !== other.when?.trim() || isStricter(other.level, one.level)) return false;
  if (other.tag !== undefined && other.tag !== one.tag) return false;
  // While this anomaly is known it asks nobody, and the other rule goes on asking.
  if (one.trigger === 'anomaly') return false;
  if ((other.quorum ?? 1) > (one.quorum ?? 1)) return false;
  const asks = other.route !== undefined || other.ladder !== undefined;
  if (at > otherAt) return isStricter(one.level, other.level) && !asks;
  const routed = one.route !== undefined || other.route === undefined;
  return routed && (one.route !== undefined || one.ladder !== undefined || other.ladder === undefined);
}
