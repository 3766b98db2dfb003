import { loadTools } from './activities/load-tools.js';
import type { ToolFacts } from './domain/action.js';
import { toolFacts } from './contract/tool.js';

/** Imports a tools module as a worker does and tells what it holds, by name. Throws `config` that says what is wrong with it. */
export async function checkTools(module: string): Promise<readonly ToolFacts[]> {
  const tools = [...(await loadTools(module)).values()].map(toolFacts);
  return tools.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
