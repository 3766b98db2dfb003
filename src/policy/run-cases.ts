import type { PolicyCase } from '../contract/case-file.js';
import type { Fired, Verdict } from '../domain/verdict.js';
import type { CaseTools, PlacedCase } from './case-table.js';
import { judgeCall } from './judge-case.js';
import type { Policy } from './policy.js';
import { runPlays, unmetByPlays } from './run-plays.js';
import { type Unmet, unequal, words } from './unmet.js';

/** What became of one case. */
export interface CaseOutcome {
  readonly name: string;
  /** Where the case begins in its file. */
  readonly line: number;
  readonly tool: string;
  readonly verdict: Verdict;
  /** Empty = the policy says what was expected. */
  readonly unmet: readonly Unmet[];
}

/** Judges every case, plays what it says of people, and compares with what was expected. */
export function runCases(
  policy: Policy,
  cases: readonly PlacedCase[],
  tools: CaseTools,
): readonly CaseOutcome[] {
  return cases.map(({ line, case: given }) => {
    const verdict = judgeCall(policy, given, tools);
    const played = unmetByPlays(runPlays(policy, given, tools));
    const unmet = [...unmetOf(given.expect, verdict), ...played];
    return { name: given.name, line, tool: given.tool, verdict, unmet };
  });
}

/** The reasons at the verdict's level: those that decided. None at `auto`. */
export function decidingOf({ level, fired }: Verdict): readonly Fired[] {
  return fired.filter((each) => each.level === level);
}

/** The role that is asked first, or told at level `notify`; null = nobody. */
export function routeOf({ ladder, tell }: Verdict): string | null {
  return ladder.rungs[0]?.role ?? tell ?? null;
}

function unmetOf(expect: PolicyCase['expect'], verdict: Verdict): readonly Unmet[] {
  const rules = verdict.fired.map(({ rule }) => rule);
  const asked = verdict.ladder.rungs.map(({ role }) => role);
  return [
    ...unequal('level', expect.level, verdict.level),
    ...unequal('rules', expect.rules && sorted(expect.rules), sorted(rules)),
    ...missing(expect.includes ?? [], rules),
    ...unequal('route', expect.route, routeOf(verdict) ?? 'nobody'),
    ...unequal('ladder', expect.ladder, asked),
    ...unequal('tier', expect.tier, verdict.tier),
    ...unequal('fallback', expect.fallback, asked.length === 0 ? 'nobody is asked' : verdict.ladder.fallback),
  ];
}

function missing(wanted: readonly string[], fired: readonly string[]): Unmet[] {
  return wanted.every((rule) => fired.includes(rule))
    ? []
    : [{ what: 'rules', expected: `among them ${words(wanted)}`, got: words(fired) }];
}

function sorted(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].toSorted();
}
