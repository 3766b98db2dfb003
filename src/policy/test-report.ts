import type { Fired } from '../domain/verdict.js';
import { type Covered, isCovered } from './coverage.js';
import { type CaseOutcome, decidingOf } from './run-cases.js';

/** How a policy did against its cases. */
export interface TestReport {
  readonly outcomes: readonly CaseOutcome[];
  readonly coverage: readonly Covered[];
  /** Every case as expected, and, where coverage is asked for, every rule shown from both sides. */
  readonly passed: boolean;
}

/** What the files are called in a report. */
export interface ReportFiles {
  readonly policy: string;
  readonly cases: string;
}

/** A report for people: each failing case with what was expected, what came and why; each rule that no case shows; the sum. */
export function reportLines({ outcomes, coverage }: TestReport, files: ReportFiles): readonly string[] {
  const failed = outcomes.filter(({ unmet }) => unmet.length > 0);
  const uncovered = coverage.filter((each) => !isCovered(each));
  return [
    ...failed.flatMap((outcome) => failureLines(outcome, files.cases)),
    ...uncovered.map((each) => `${files.policy}:${each.line}: ${each.rule}: ${lackOf(each)}`),
    `${outcomes.length - failed.length} of ${outcomes.length} cases as expected, ${coverage.length - uncovered.length} of ${coverage.length} rules covered`,
  ];
}

/** What one case expected, what came, and what decided. */
export function failureLines({ name, line, verdict, unmet }: CaseOutcome, file: string): readonly string[] {
  const decided = decidingOf(verdict);
  return [
    `${file}:${line}: ${name}`,
    ...unmet.map(({ what, expected, got }) => `  ${what}: expected ${expected}, got ${got}`),
    ...(decided.length === 0 ? ['  nothing asks for more than auto'] : []),
    ...decided.map((fired) => `  ${verdict.level} because of ${reasonText(fired)}`),
  ];
}

/** A reason with its values: `large-money (action.money.minor=620000 action.money.currency="USD")`. */
export function reasonText({ rule, values, error }: Fired): string {
  const parts = Object.entries(values).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return [
    rule,
    ...(parts.length === 0 ? [] : [`(${parts.join(' ')})`]),
    ...(error === undefined ? [] : [`: could not be evaluated: ${error}`]),
  ]
    .join(' ')
    .replace(' : ', ': ');
}

function lackOf({ fires, silent }: Covered): string {
  if (!fires && !silent) return 'no case shows it firing, and none shows it silent';
  return fires ? 'fires in every case: add one where it does not' : 'fires in no case: add one where it does';
}
