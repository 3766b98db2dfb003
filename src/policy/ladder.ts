import type { Ladder, Rung } from '../domain/verdict.js';
import type { LadderPlan, Policy } from './policy.js';
import { chainOf, membersOf } from './roster.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long an urgent question waits at each role. */
export const URGENT_MS = 30 * MINUTE;

/** The ladders that a file may use, or replace, without writing them: 7 d ordinary, 24 h sensitive, 30 min urgent, each with a reminder halfway. */
export const BUILT_IN_LADDERS: ReadonlyMap<string, LadderPlan> = new Map([
  ['ordinary', planOf(7 * DAY)],
  ['sensitive', planOf(24 * HOUR)],
  ['urgent', planOf(URGENT_MS)],
]);

function planOf(ttlMs: number): LadderPlan {
  return { ttlMs, remindAfterMs: ttlMs / 2, backup: true, fallback: 'deny' };
}

/** No question, no rungs. */
export const NO_LADDER: Ladder = { rungs: [], fallback: 'deny' };

/**
 * The rungs of a question: the role, then, if the ladder says so, its backups to the end of the chain, each for the ttl. A role without
 * members is passed over at once; loading made sure that one of the chain has some.
 */
export function rungsOf(policy: Policy, role: string, plan: LadderPlan): Ladder {
  const staffed = chainOf(policy, role).filter((name) => membersOf(policy, name).length > 0);
  const roles = plan.backup ? staffed : staffed.slice(0, 1);
  const rungs = roles.map((name): Rung => ({
    role: name,
    ttlMs: plan.ttlMs,
    remindAfterMs: plan.remindAfterMs,
  }));
  return { rungs, fallback: plan.fallback };
}
