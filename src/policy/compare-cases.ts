import { durationText } from '../contract/duration.js';
import { LEVELS, quorumOf, type Verdict } from '../domain/verdict.js';
import type { CaseTools, PlacedCase } from './case-table.js';
import { judgeCall } from './judge-case.js';
import type { Policy } from './policy.js';

/** One case whose verdict another policy changes, both sides in words. */
export interface CaseChange {
  readonly name: string;
  readonly line: number;
  readonly before: string;
  readonly after: string;
  /** By the level, and where it stays by how many must approve; `otherwise`: both stay, who is asked for how long does not. */
  readonly becomes: 'tighter' | 'looser' | 'otherwise';
}

/** The cases on which two policies differ in level, in how many must approve, who is asked or told, for how long, or what silence means. */
export function compareCases(
  policies: { readonly before: Policy; readonly after: Policy },
  cases: readonly PlacedCase[],
  tools: CaseTools,
): readonly CaseChange[] {
  return cases.flatMap(({ line, case: given }) => {
    const [before, after] = [policies.before, policies.after].map((policy) =>
      judgeCall(policy, given, tools),
    );
    if (before === undefined || after === undefined || asking(before) === asking(after)) return [];
    return [
      {
        name: given.name,
        line,
        before: words(before),
        after: words(after),
        becomes: direction(before, after),
      },
    ];
  });
}

function asking(verdict: Verdict): string {
  const { level, ladder, tell } = verdict;
  return JSON.stringify([level, quorumOf(verdict), ladder, tell]);
}

function direction(before: Verdict, after: Verdict): CaseChange['becomes'] {
  const levels = LEVELS.indexOf(after.level) - LEVELS.indexOf(before.level);
  const step = levels === 0 ? quorumOf(after) - quorumOf(before) : levels;
  if (step === 0) return 'otherwise';
  return step > 0 ? 'tighter' : 'looser';
}

/** `approve (support_supervisor 7d, support_director 7d, else deny)`, or `approve by 2 (...)`. */
function words(verdict: Verdict): string {
  const { level, ladder, tell } = verdict;
  const asked = ladder.rungs.map(({ role, ttlMs }) => `${role} ${durationText(ttlMs)}`);
  const silence = level === 'soft' ? 'undone' : ladder.fallback;
  const many = quorumOf(verdict) > 1 ? ` by ${quorumOf(verdict)}` : '';
  if (asked.length > 0) return `${level}${many} (${asked.join(', ')}, else ${silence})`;
  return tell === undefined ? level : `${level} (${tell})`;
}
