import type { Tier } from '../domain/action.js';
import type { Level } from '../domain/verdict.js';
import type { Autonomy, Limit, Stage } from './policy.js';

/** An agent of which the policy says nothing more: reads run, reversible changes run and are noticed, all else asks. */
export const DEFAULT_AUTONOMY: Autonomy = 'constrained';

/** Listed tools only. */
export const DEFAULT_STAGE: Stage = 'narrow';

/** What a tool gets when the policy says nothing of it, by the agent's autonomy. */
export const AUTONOMY_LEVEL = {
  supervised: { 1: 'auto', 2: 'approve', 3: 'approve', 4: 'approve' },
  constrained: { 1: 'auto', 2: 'notify', 3: 'approve', 4: 'approve' },
  monitored: { 1: 'auto', 2: 'notify', 3: 'notify', 4: 'approve' },
  full: { 1: 'auto', 2: 'auto', 3: 'notify', 4: 'approve' },
} as const satisfies Record<Autonomy, Record<Tier, Level>>;

/** The least that a policy may give a tool under `tools`: what leaves the house is at least noticed, what cannot be undone asks. */
export const TIER_FLOOR = { 1: 'auto', 2: 'auto', 3: 'notify', 4: 'approve' } as const satisfies Record<
  Tier,
  Level
>;

/** 100 USD a single action, from ESCALATE.md 1.0; minor units by currency. */
export const DEFAULT_MONEY_LIMITS: Readonly<Record<string, number>> = { USD: 10_000 };

/** 500 USD an agent and day, so that splitting does not slip through. */
export const DEFAULT_LIMITS: readonly Limit[] = [
  { id: 'agent-day-usd', per: ['agent', 'day'], currency: 'USD', limit: 50_000 },
];

/** How long an action at level `soft` may be confirmed before it is undone. */
export const DEFAULT_WINDOW_MS = 30 * 60_000;

/** How long after a decision the call may still start. */
export const DEFAULT_VALIDITY_MS = 15 * 60_000;

/** How far people may move a deadline, in all. */
export const DEFAULT_EXTEND_MS = 24 * 3_600_000;

/** How long an anomaly that was closed as expected does not ask, at most. */
export const DEFAULT_EXPECTED_FOR_MS = 30 * 24 * 3_600_000;

/** So many equal proposals in one task ask: once is work and twice may be a retry; a third time the agent goes in a circle. */
export const EQUAL_PROPOSALS = 3;

/** So many planner steps in a row without effect ask: an agent may be turned down a few times, and then it needs another idea than its own. */
export const STEPS_WITHOUT_EFFECT = 5;
