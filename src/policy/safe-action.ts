import type { Json } from '../domain/action.js';
import { forgedReferences } from '../contract/secret.js';
import type { SafeAction } from '../domain/verdict.js';
import type { JudgeInput } from './case.js';
import { celFactsOf } from './cel-facts.js';
import { isTooDeep } from './normalise.js';
import type { SafePlan } from './policy.js';

/** The longest arguments of a safe action, in characters of JSON. */
const MAX_ARGS = 16 * 1024;

/**
 * The safe action of a case with its arguments, of what the tool saw and not of what a reader takes for it. Null where silence has to
 * deny: tier 4, an agent that does not list the tool, an argument that cannot be evaluated, or that holds a secret: nothing says that the
 * safe tool keeps it as one.
 */
export function safeActionOf(input: JudgeInput, { tool, args }: SafePlan): SafeAction | null {
  const { policy, task, facts, action } = input;
  const listed = policy.agents.get(task.agent)?.tools.has(tool) === true;
  if ((facts?.tier ?? 4) === 4 || !listed) return null;
  const cel = celFactsOf(isTooDeep(action.args) ? { ...input, action: { ...action, args: null } } : input);
  const values: [string, Json][] = [];
  for (const [name, expression] of args) {
    const answer = expression.evaluate(cel);
    if ('error' in answer) return null;
    values.push([name, answer.value]);
  }
  const made = Object.fromEntries(values);
  if (forgedReferences(made).length > 0) return null;
  return JSON.stringify(made).length > MAX_ARGS ? null : { tool, args: made };
}
