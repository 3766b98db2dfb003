import { CountersignError } from '../../domain/errors.js';
import { isMembers } from '../../contract/schema-at.js';
import type { Tool } from '../../contract/tool.js';
import type { Toolbox } from '../load-tools.js';

/** Tools by the names a model knows them by: the protocol takes no `.`. */
export interface ToolNames {
  /** The name in a request. */
  wire(tool: string): string;
  /** The tool meant by a name in an answer; what is none of ours stays as it is. */
  tool(wire: string): string;
}

/** Throws `config` when two tools would have one name. */
export function toolNames(tools: Toolbox): ToolNames {
  const known = new Map<string, string>();
  for (const name of tools.keys()) {
    const other = known.get(wireName(name));
    if (other !== undefined)
      throw new CountersignError(
        'config',
        `tools ${other} and ${name} are both ${wireName(name)} to a model: rename one of them`,
      );
    known.set(wireName(name), name);
  }
  return { wire: wireName, tool: (wire) => known.get(wire) ?? wire };
}

function wireName(tool: string): string {
  return tool.replaceAll('.', '_');
}

/**
 * The tools of a request: those that the policy lists for the agent, all when it does not know the agent. A tool is described by what its
 * input was described with.
 */
export function offered(tools: Toolbox, listed: ReadonlySet<string> | undefined): readonly object[] {
  return [...tools.values()].filter((tool) => listed?.has(tool.name) !== false).map(asFunction);
}

function asFunction({ name, schema }: Tool): object {
  const { $schema: _dialect, description, ...parameters } = isMembers(schema) ? schema : {};
  const described = typeof description === 'string' ? { description } : {};
  return { type: 'function', function: { name: wireName(name), ...described, parameters } };
}
