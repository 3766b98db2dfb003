import type { ProposedCall } from '../contract/case-file.js';
import type { Verdict } from '../domain/verdict.js';
import { explain, type Explanation } from '../policy/explain.js';
import { judgeCall, judgeInputOf } from '../policy/judge-case.js';
import { testPolicy as runTest } from '../policy/test-policy.js';
import { reportLines, type TestReport } from '../policy/test-report.js';
import { callOf, type GivenTools, policyOf, toolsOf, unusable } from './given.js';

/** A policy to test; both files as text. */
export interface PolicyTest {
  readonly policy: string;
  readonly cases: string;
  /** Without tools the cases say themselves what each tool is. */
  readonly tools?: GivenTools;
  /** False: rules that no case shows firing and silent are told in the report only. */
  readonly coverage?: boolean;
}

/** Runs a policy against its cases, as `countersign policy test` does. Throws with the whole report unless it passes. */
export function testPolicy({ policy, cases, tools, coverage = true }: PolicyTest): TestReport {
  const report = runTest({ policy, cases, tools: tools === undefined ? null : toolsOf(tools), coverage });
  if ('problems' in report) throw unusable(report.file, report.problems);
  if (!report.passed) throw new Error(reportLines(report, { policy: 'policy', cases: 'cases' }).join('\n'));
  return report;
}

/** One call and what to judge it with. */
export interface Judging {
  readonly policy: string;
  readonly tools?: GivenTools;
  readonly call: ProposedCall;
}

/** What the policy says of one call. Throws when the policy or the call cannot be used. */
export function judgeWith({ policy, tools: given, call }: Judging): Verdict {
  const tools = given === undefined ? null : toolsOf(given);
  return judgeCall(policyOf(policy, tools), callOf(call), tools);
}

/** Why, who is asked, and what would change it, as `countersign policy explain` tells. Throws like `judgeWith`. */
export function explainWith({ policy, tools: given, call }: Judging): Explanation {
  const tools = given === undefined ? null : toolsOf(given);
  return explain(judgeInputOf(policyOf(policy, tools), callOf(call), tools));
}
