import { isTool, toolFacts, type Tool } from '../contract/tool.js';
import { proposedCall, type ProposedCall } from '../contract/case-file.js';
import type { CaseTools } from '../policy/case-table.js';
import { problemLine } from '../policy/check.js';
import { loadPolicy } from '../policy/load.js';
import type { Policy } from '../policy/policy.js';
import type { Problem } from '../policy/problem.js';

/** Tools as a list, or as a module has them: `import * as tools from './tools.js'`. */
export type GivenTools = readonly Tool[] | Readonly<Record<string, unknown>>;

/** The tools among what was given. Throws when there is none, which is never meant. */
export function toolsOf(given: GivenTools): ReadonlyMap<string, Tool> {
  const tools = Object.values<unknown>(given).filter(isTool);
  if (tools.length === 0)
    throw new Error('no tool was given: hand over what defineTool returned, or the module that exports it');
  return new Map(tools.map((tool) => [tool.name, tool]));
}

/** The policy of a file's text. Throws with every problem by line. */
export function policyOf(source: string, tools: CaseTools): Policy {
  const loaded = loadPolicy(source, tools === null ? null : [...tools.values()].map(toolFacts));
  if ('policy' in loaded) return loaded.policy;
  throw unusable('policy', loaded.problems);
}

/** What is wrong with a file, one line a problem. */
export function unusable(file: string, problems: readonly Problem[]): Error {
  return new Error(
    [`the ${file} cannot be used:`, ...problems.map((problem) => problemLine(file, problem))].join('\n'),
  );
}

/** A call that is well formed. Throws that says what is not. */
export function callOf(given: ProposedCall): ProposedCall {
  const parsed = proposedCall.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Error(`the call cannot be judged: ${faults.join('; ')}`);
}
