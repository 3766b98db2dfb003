import { readFileSync } from 'node:fs';
import { isTool, type Tool } from 'countersign';
import * as deployTools from '../../examples/deploy/tools.js';
import * as supportTools from '../../examples/support/tools.js';
import { readCases } from '../../src/policy/case-table.js';
import type { PlacedCase } from '../../src/policy/case-table.js';
import { aPolicy } from './policy-case.js';

/** One of the examples: its policy's text, its tools by name, and its cases. */
export interface Example {
  readonly policy: string;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly cases: readonly PlacedCase[];
}

/** Reads an example's files. Throws when one of them cannot be used. */
export function anExample(name: 'support' | 'deploy'): Example {
  const exported: Readonly<Record<string, unknown>> = name === 'support' ? supportTools : deployTools;
  const tools = new Map(
    Object.values(exported)
      .filter(isTool)
      .map((tool) => [tool.name, tool]),
  );
  const policy = fileOf(name, 'policy.yaml');
  const table = readCases(fileOf(name, 'cases.yaml'), { policy: aPolicy(policy), tools });
  if ('problems' in table) throw new Error(JSON.stringify(table.problems));
  return { policy, tools, cases: table.cases };
}

function fileOf(name: string, file: string): string {
  return readFileSync(new URL(`../../examples/${name}/${file}`, import.meta.url), 'utf8');
}
