import { durationText } from '../contract/duration.js';
import { LEVELS, type Verdict } from '../domain/verdict.js';
import type { CaseTools, PlacedCase } from './case-table.js';
import { judgeCall } from './judge-case.js';
import type { Policy } from './policy.js';

/** One case whose verdict another policy changes, both sides in words. */
export interface CaseChange {
  readonly name: string;
  readonly line: number;
  readonly before: string;
  readonly after: string;
  /** `otherwise`: the level stays, who is asked for how long does not. */
  readonly becomes: 'tighter' | 'looser' | 'otherwise';
}

/** The cases on which two policies differ in level, in who is asked or told, for how long, or in what silence means. */
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

function asking({ level, ladder, tell }: Verdict): string {
  return JSON.stringify([level, ladder, tell]);
}

function direction(before: Verdict, after: Verdict): CaseChange['becomes'] {
  const step = LEVELS.indexOf(after.level) - LEVELS.indexOf(before.level);
  if (step === 0) return 'otherwise';
  return step > 0 ? 'tighter' : 'looser';
}

/** `approve (support_supervisor 7d, support_director 7d, else deny)`. */
function words({ level, ladder, tell }: Verdict): string {
  const asked = ladder.rungs.map(({ role, ttlMs }) => `${role} ${durationText(ttlMs)}`);
  const silence = level === 'soft' ? 'undone' : ladder.fallback;
  if (asked.length > 0) return `${level} (${asked.join(', ')}, else ${silence})`;
  return tell === undefined ? level : `${level} (${tell})`;
}
