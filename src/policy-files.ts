import { dirname, join } from 'node:path';
import { loadTools } from './activities/load-tools.js';
import { proposedCall, type ProposedCall } from './contract/case-file.js';
import { toolFacts } from './contract/tool.js';
import { CountersignError } from './domain/errors.js';
import { type CaseTools, type Judged, type PlacedCase, readCases } from './policy/case-table.js';
import { type CaseChange, compareCases } from './policy/compare-cases.js';
import { explain, type Explanation } from './policy/explain.js';
import { judgeInputOf } from './policy/judge-case.js';
import { loadPolicy } from './policy/load.js';
import { type Matrix, matrixOf } from './policy/matrix.js';
import type { Policy } from './policy/policy.js';
import type { Problem } from './policy/problem.js';
import { runCases } from './policy/run-cases.js';
import { testPolicy } from './policy/test-policy.js';
import { failureLines, reportLines, type TestReport } from './policy/test-report.js';
import { readTextFile } from './text-file.js';

/** A policy file with what it is looked at beside. */
export interface PolicyFiles {
  readonly policy: string;
  /** Default: `cases.yaml` beside the policy. */
  readonly cases?: string | undefined;
  /** A module that exports tools. */
  readonly tools?: string | undefined;
}

/** A test of a policy file: the report, and its lines. */
export interface TestedFile {
  readonly report: TestReport;
  readonly lines: readonly string[];
}

/** Runs a policy file against a file of cases. Throws `usage` for a file that cannot be read, `invalid` for one that cannot be used. */
export async function testPolicyFiles(files: PolicyFiles, coverage: boolean): Promise<TestedFile> {
  const names = namesOf(files);
  const report = testPolicy({
    policy: readTextFile(names.policy, 'Name the policy file.'),
    cases: readTextFile(names.cases, 'Name the file of cases with --cases.'),
    tools: await toolsOf(files.tools),
    coverage,
  });
  if ('problems' in report) throw unusable(names[report.file], report.problems);
  return { report, lines: reportLines(report, names) };
}

/** An explained call, for those who show it. */
export type ExplainedCall = Explanation;

/** Which call to explain: a case of the table by its name, or one that is spelt out. */
export type Wanted = { readonly case: string } | { readonly call: unknown };

/** Explains the verdict of a policy file on one call. Throws `usage` or `invalid` with what to do. */
export async function explainPolicyFile(files: PolicyFiles, wanted: Wanted): Promise<ExplainedCall> {
  const names = namesOf(files);
  const tools = await toolsOf(files.tools);
  const { policy } = policyIn(names.policy, tools);
  const call =
    'call' in wanted ? callOf(wanted.call) : caseNamed(names.cases, wanted.case, { policy, tools });
  return explain(judgeInputOf(policy, call, tools));
}

/** What putting a policy in force would change, by a table of cases. */
export interface Comparison {
  /** Null when nothing is in force that could be compared with. */
  readonly changes: readonly CaseChange[] | null;
  readonly cases: number;
  /** Lines about every case that the new policy fails; empty = none. */
  readonly failures: readonly string[];
}

/** Compares a policy file, as it was read, with the source of the one in force. Throws `usage` or `invalid` when a file cannot be used. */
export async function comparePolicies(
  files: PolicyFiles & { readonly cases: string },
  { source, inForce }: { readonly source: string; readonly inForce: string | null },
): Promise<Comparison> {
  const tools = await toolsOf(files.tools);
  const policy = loaded(files.policy, source, tools);
  const table = casesIn(files.cases, { policy, tools });
  const before = inForce === null ? null : loadPolicy(inForce);
  const outcomes = runCases(policy, table, tools).filter(({ unmet }) => unmet.length > 0);
  return {
    changes:
      before !== null && 'policy' in before
        ? compareCases({ before: before.policy, after: policy }, table, tools)
        : null,
    cases: table.length,
    failures: outcomes.flatMap((outcome) => failureLines(outcome, files.cases)),
  };
}

/** A matrix, for those who show it. */
export type PolicyMatrix = Matrix;

/** Who decides what, by a policy file. Throws `usage` or `invalid`. */
export async function matrixOfFile(files: Omit<PolicyFiles, 'cases'>): Promise<PolicyMatrix> {
  const tools = await toolsOf(files.tools);
  const { source, policy } = policyIn(files.policy, tools);
  return matrixOf(source, policy, tools);
}

function callOf(given: unknown): ProposedCall {
  const parsed = proposedCall.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new CountersignError(
    'usage',
    `The call cannot be judged: ${faults.join('; ')}. Correct the options.`,
  );
}

function caseNamed(file: string, name: string, judged: Judged): ProposedCall {
  const cases = casesIn(file, judged);
  const found = cases.find((each) => each.case.name === name);
  if (found !== undefined) return found.case;
  const names = cases.map((each) => `  ${each.case.name}`).join('\n');
  throw new CountersignError('usage', `${file} has no case ${JSON.stringify(name)}. It has:\n${names}`);
}

function casesIn(file: string, judged: Judged): readonly PlacedCase[] {
  const table = readCases(readTextFile(file, 'Name the file of cases with --cases.'), judged);
  if ('problems' in table) throw unusable(file, table.problems);
  return table.cases;
}

function policyIn(file: string, tools: CaseTools): { readonly source: string; readonly policy: Policy } {
  const source = readTextFile(file, 'Name the policy file.');
  return { source, policy: loaded(file, source, tools) };
}

function loaded(file: string, source: string, tools: CaseTools): Policy {
  const made = loadPolicy(source, tools === null ? null : [...tools.values()].map(toolFacts));
  if ('policy' in made) return made.policy;
  throw unusable(file, made.problems);
}

function namesOf({ policy, cases }: PolicyFiles): { readonly policy: string; readonly cases: string } {
  return { policy, cases: cases ?? join(dirname(policy), 'cases.yaml') };
}

async function toolsOf(module: string | undefined): Promise<CaseTools> {
  return module === undefined ? null : loadTools(module);
}

function unusable(file: string, problems: readonly Problem[]): CountersignError {
  return new CountersignError('invalid', `${file} cannot be used: see \`problems\`.`, { file, problems });
}
