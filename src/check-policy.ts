import { loadTools } from './activities/load-tools.js';
import { toolFacts } from './contract/tool.js';
import type { ToolFacts } from './domain/action.js';
import { checkPolicy, problemLine } from './policy/check.js';
import { readTextFile } from './text-file.js';

/** A checked policy file in words: one line for each error and warning, as compilers write them. */
export interface CheckedFile {
  readonly usable: boolean;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  /** What is in it; null when it cannot be used. */
  readonly summary: {
    readonly hash: string;
    readonly version: string;
    readonly agents: number;
    readonly roles: number;
    readonly rules: number;
  } | null;
}

/** Checks a policy file, and with a tools module also against the tools. Throws `usage` when a file cannot be read. */
export async function checkPolicyFile(path: string, toolsModule?: string): Promise<CheckedFile> {
  const tools = toolsModule === undefined ? null : await loadTools(toolsModule);
  return checkAgainst(path, tools && [...tools.values()].map(toolFacts));
}

/** Checks a policy file against these tools, when they are known. Throws `usage` when it cannot be read. */
export function checkAgainst(path: string, tools: readonly ToolFacts[] | null): CheckedFile {
  const source = readTextFile(path, 'Name the policy file.');
  const today = new Date().toISOString().slice(0, 10);
  const { usable, problems, warnings } = checkPolicy(source, tools, today);
  const line = (problem: (typeof problems)[number]) => problemLine(path, problem);
  return {
    usable: usable !== null,
    problems: problems.map(line),
    warnings: warnings.map(line),
    summary: usable,
  };
}
