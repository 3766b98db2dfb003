import type { Fired, Verdict } from '../domain/verdict.js';
import { builtInReasons } from './built-in.js';
import type { JudgeInput } from './case.js';
import { ladderFor } from './ladder.js';
import { limitReasons, reservationsOf } from './limits.js';
import { isTooDeep } from './normalise.js';
import { decidingAsk, plainReason, type Reason, strictest } from './reason.js';
import { ownerRoleOf } from './roster.js';
import { ruleReasons } from './rules.js';
import { withoutUndo } from './soft.js';

/**
 * What the policy says of one action. Pure: the same input gives the same verdict. The strictest of all reasons wins, so a further rule
 * never lowers the level, and neither does anything that a model or a requester writes: readings and texts can make rules fire, not stop
 * what the tier, the categories and the limits ask for.
 */
export function judge(input: JudgeInput): Verdict {
  const { policy, action } = input;
  const tooDeep = isTooDeep(action.args);
  const known = input.facts?.name === action.tool ? input.facts : null;
  const facts = known !== null && input.unreadable === true ? { ...known, tier: 4 as const } : known;
  const tier = facts?.tier ?? 4;
  const reservations = reservationsOf(input);
  const asked = [
    ...ruleReasons({ ...input, facts, action: tooDeep ? { ...action, args: null } : action }),
    ...limitReasons(reservations, input.counters),
    ...builtInReasons({ ...input, facts }),
    ...(tooDeep ? [plainReason(TOO_DEEP)] : []),
    ...(input.also ?? []).map(plainReason),
  ];
  const reasons = [...asked, ...withoutUndo(asked, facts)];
  const level = strictest(reasons);
  return {
    level,
    tier,
    fired: reasons.map(({ fired }) => fired),
    ladder: ladderFor({ ...input, facts }, reasons, level),
    ...(level === 'notify' ? { tell: toldOf(input, reasons) } : {}),
    ...(level === 'approve' ? quorumIn(input, reasons) : {}),
    reservations,
    validityMs: policy.defaults.validityMs,
    extendByMs: policy.defaults.extendByMs,
    policyHash: policy.hash,
    policyVersion: policy.version,
  };
}

/** The largest number of people that a rule which fired, whatever its level, or the tool asks for; not told where it is one. */
function quorumIn({ policy, action }: JudgeInput, reasons: readonly Reason[]): Pick<Verdict, 'quorum'> {
  const quorum = Math.max(
    policy.tools.get(action.tool)?.quorum ?? 1,
    ...reasons.map((each) => each.quorum ?? 1),
  );
  return quorum > 1 ? { quorum } : {};
}

/** Whom the deciding rule, else the tool, names; else the agent's owner. */
function toldOf({ policy, action, task }: JudgeInput, reasons: readonly Reason[]): string {
  const { route } = decidingAsk(reasons, 'notify');
  return route ?? policy.tools.get(action.tool)?.route ?? ownerRoleOf(policy, task.agent);
}

/** Rules then see no arguments: those that read them err, and escalate. */
const TOO_DEEP: Fired = { rule: 'deep-arguments', trigger: 'anomaly', level: 'approve', values: {} };
