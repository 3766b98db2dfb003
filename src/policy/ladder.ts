import { asksFirst, type Ladder, type Level, type Rung } from '../domain/verdict.js';
import type { JudgeInput } from './case.js';
import type { LadderPlan, Policy } from './policy.js';
import { decidingAsk, type Reason } from './reason.js';
import { chainOf, defaultRouteOf, isStaffed } from './roster.js';
import { safeActionOf } from './safe-action.js';

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
  return { ttlMs, remindAfterMs: ttlMs / 2, backup: true, fallback: 'deny', safe: null };
}

/** No question, no rungs. */
const NO_LADDER: Ladder = { rungs: [], fallback: 'deny' };

/** Who is asked about an action that was judged, and what silence means: nobody where it simply runs. */
export function ladderFor(input: JudgeInput, reasons: readonly Reason[], level: Level): Ladder {
  if (level !== 'soft' && !asksFirst(level)) return NO_LADDER;
  const { policy, action, task, facts } = input;
  const tool = policy.tools.get(action.tool);
  const ask = decidingAsk(reasons, level);
  const role = ask.route ?? tool?.route ?? defaultRouteOf(policy, task.agent);
  if (level === 'soft') return windowOf(policy, role, tool?.windowMs ?? policy.defaults.windowMs);
  const name =
    ask.ladder ??
    tool?.ladder ??
    policy.defaults.ladder ??
    ((facts?.tier ?? 4) === 4 ? 'sensitive' : 'ordinary');
  const plan = policy.ladders.get(name);
  if (plan === undefined) throw new Error(`no ladder ${name}`); // a loaded policy holds every ladder that it names
  return { rungs: rungsOf(policy, role, plan), ...silenceOf(input, plan) };
}

/**
 * The rungs of a question: the role, then, if the ladder says so, its backups to the end of the chain, each for the ttl. A role without
 * members is passed over at once; loading made sure that one of the chain has some.
 */
export function rungsOf(policy: Policy, role: string, plan: LadderPlan): readonly Rung[] {
  const staffed = staffedChain(policy, role);
  const roles = plan.backup ? staffed : staffed.slice(0, 1);
  return roles.map((name) => ({ role: name, ttlMs: plan.ttlMs, remindAfterMs: plan.remindAfterMs }));
}

/** One role may confirm what already ran until the window closes; silence undoes it. */
function windowOf(policy: Policy, role: string, ttlMs: number): Ladder {
  const rungs = staffedChain(policy, role)
    .slice(0, 1)
    .map((name) => ({ role: name, ttlMs, remindAfterMs: Math.floor(ttlMs / 2) }));
  return { rungs, fallback: 'deny' };
}

function staffedChain(policy: Policy, role: string): readonly string[] {
  return chainOf(policy, role).filter((name) => isStaffed(policy, name));
}

/** Where there can be no safe action, silence denies. */
function silenceOf(input: JudgeInput, plan: LadderPlan): Pick<Ladder, 'fallback' | 'safe'> {
  if (plan.safe === null) return { fallback: plan.fallback };
  const safe = safeActionOf(input, plan.safe);
  return safe === null ? { fallback: 'deny' } : { fallback: 'safe', safe };
}
