import { toolFacts } from '../contract/tool.js';
import { type CaseTools, readCases } from './case-table.js';
import { coverageOf, isCovered } from './coverage.js';
import { loadPolicy } from './load.js';
import type { Problem } from './problem.js';
import { runCases } from './run-cases.js';
import type { TestReport } from './test-report.js';

/** Texts of a policy and of its cases, and the tools to judge with. */
export interface TestInput {
  readonly policy: string;
  readonly cases: string;
  readonly tools: CaseTools;
  /** Whether rules that no case shows from both sides make the test fail. */
  readonly coverage: boolean;
}

/** What keeps one of the two files from being read. */
export interface Unreadable {
  readonly file: 'policy' | 'cases';
  readonly problems: readonly Problem[];
}

/** Runs a policy against its cases; or tells what is wrong with one of the files. Pure. */
export function testPolicy({ policy, cases, tools, coverage }: TestInput): TestReport | Unreadable {
  const loaded = loadPolicy(policy, tools === null ? null : [...tools.values()].map(toolFacts));
  if (!('policy' in loaded)) return { file: 'policy', problems: loaded.problems };
  const table = readCases(cases, { policy: loaded.policy, tools });
  if ('problems' in table) return { file: 'cases', problems: table.problems };
  const outcomes = runCases(loaded.policy, table.cases, tools);
  const covered = coverageOf(policy, outcomes);
  const met = outcomes.every(({ unmet }) => unmet.length === 0);
  return { outcomes, coverage: covered, passed: met && (!coverage || covered.every(isCovered)) };
}
