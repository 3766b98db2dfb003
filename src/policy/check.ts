import type { ToolFacts } from '../domain/action.js';
import type { Digest } from '../domain/ids.js';
import { loadPolicy } from './load.js';
import type { Problem } from './problem.js';

/** What `countersign policy check FILE` tells. */
export interface PolicyCheck {
  /** Null when the file cannot be used. */
  readonly usable: {
    readonly hash: Digest;
    readonly version: string;
    readonly agents: number;
    readonly roles: number;
    readonly rules: number;
  } | null;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** Checks a policy file as loading it would, and says what is in it. With the registered tools and the day, checks against these too. */
export function checkPolicy(
  source: string,
  tools: readonly ToolFacts[] | null = null,
  today: string | null = null,
): PolicyCheck {
  const loaded = loadPolicy(source, tools, today);
  if (!('policy' in loaded)) return { usable: null, problems: loaded.problems, warnings: loaded.warnings };
  const { hash, version, agents, roles, rules } = loaded.policy;
  return {
    usable: { hash, version, agents: agents.size, roles: roles.size, rules: rules.length },
    problems: [],
    warnings: loaded.warnings,
  };
}

/** One problem on one line, as compilers write them: `policy.yaml:12:5: rules[0].route: no role ...: declare it ...`. */
export function problemLine(file: string, { line, column, path, what, todo }: Problem): string {
  return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${what}; ${todo}`;
}
