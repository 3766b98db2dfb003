import { type Fired, type Level } from '../domain/verdict.js';
import type { AlwaysAsk } from '../domain/action.js';
import { AUTONOMY_LEVEL, DEFAULT_AUTONOMY, TIER_FLOOR } from './defaults.js';
import type { Case } from './case.js';
import type { AgentPolicy } from './policy.js';
import { detectedReasons } from './detected.js';
import { isStricter, plainReason, type Reason } from './reason.js';
import { riskReasons } from './risk-map.js';

/**
 * Always-ask categories, tier, the agent's autonomy and stage, the risk map, calls that the policy does not expect, and an agent that stalls
 * or asks: what holds without any rule.
 */
export function builtInReasons(input: Case): readonly Reason[] {
  return [
    ...categoryReasons(input),
    ...tierReasons(input),
    ...stageReasons(input),
    ...riskReasons(input),
    ...anomalyReasons(input),
    ...detectedReasons(input),
  ];
}

/** The categories that the tool declares, those that the policy adds, and money wherever the impact says that some moves, or cannot say. */
function categoryReasons({ policy, action, facts, unreadable }: Case): readonly Reason[] {
  const declared: AlwaysAsk[] = [
    ...(facts?.categories ?? []),
    ...(policy.tools.get(action.tool)?.categories ?? []),
  ];
  const moves = action.impact.money !== undefined || unreadable === true;
  const categories = new Set(moves ? [...declared, 'money' as const] : declared);
  return [...categories].flatMap((category) => {
    if (category === 'money' && isWithinLimit({ policy, action })) return [];
    const fired = boundary(
      `always-ask:${category}`,
      category === 'money' ? moneyValues({ policy, action }) : {},
    );
    return [{ fired, ...(policy.alwaysAsk.get(category) ?? { route: null, ladder: null }), soft: false }];
  });
}

function boundary(rule: string, values: Fired['values']): Fired {
  return { rule, trigger: 'boundary', level: 'approve', values };
}

/** Not within: above the limit, no limit in the currency, or an amount that the tool does not state. */
function isWithinLimit({ policy, action }: Pick<Case, 'policy' | 'action'>): boolean {
  const money = action.impact.money;
  const limit = policy.moneyLimits.get(money?.currency ?? '');
  const counted = policy.limits.some(({ currency }) => currency === money?.currency);
  return (
    money !== undefined &&
    limit !== undefined &&
    counted &&
    Number.isSafeInteger(money.minor) &&
    Math.abs(money.minor) <= limit
  );
}

function moneyValues({ policy, action }: Pick<Case, 'policy' | 'action'>): Fired['values'] {
  const money = action.impact.money;
  if (money === undefined) return { money: null };
  return {
    'action.money.minor': Number.isFinite(money.minor) ? money.minor : null,
    'action.money.currency': money.currency,
    limit: policy.moneyLimits.get(money.currency) ?? null,
  };
}

function tierReasons({ policy, action, facts, task }: Case): readonly Reason[] {
  const tier = facts?.tier ?? 4;
  const tool = policy.tools.get(action.tool);
  const autonomy = policy.agents.get(task.agent)?.autonomy ?? DEFAULT_AUTONOMY;
  const floor: Level = autonomy === 'supervised' ? AUTONOMY_LEVEL.supervised[tier] : TIER_FLOOR[tier];
  const level = tool?.level ?? AUTONOMY_LEVEL[autonomy][tier];
  const least = isStricter(floor, level) ? floor : level;
  if (least === 'auto') return [];
  const stated = tool?.level === least && isStricter(least, floor);
  const fired: Fired = {
    rule: stated ? `tool:${action.tool}` : `tier:${tier}`,
    trigger: stated ? 'policy' : 'irreversibility',
    level: least,
    values: {
      'action.tier': tier,
      ...(autonomy === DEFAULT_AUTONOMY ? {} : { 'agent.autonomy': autonomy }),
    },
  };
  return [{ fired, route: tool?.route ?? null, ladder: tool?.ladder ?? null, soft: false }];
}

/** At the first stage an agent only drafts: whatever changes anything asks. */
function stageReasons({ policy, facts, task }: Case): readonly Reason[] {
  const tier = facts?.tier ?? 4;
  if (policy.agents.get(task.agent)?.stage !== 'assistant' || tier === 1) return [];
  const values = { 'action.tier': tier, 'agent.stage': 'assistant' };
  return [plainReason({ rule: 'stage:assistant', trigger: 'policy', level: 'approve', values })];
}

function anomalyReasons(input: Case): readonly Reason[] {
  const { policy, action, facts, unreadable, unshown = [], task } = input;
  const agent = policy.agents.get(task.agent);
  const values = { 'action.tool': action.tool, 'agent.name': task.agent };
  const anomaly = (rule: string, more: Fired['values'] = {}): Reason =>
    plainReason({ rule, trigger: 'anomaly', level: 'approve', values: { ...values, ...more } });
  const blind = facts !== null && unreadable === true;
  return [
    ...(facts === null ? [anomaly('unknown-tool')] : []),
    ...(blind ? [anomaly('uninspectable')] : []),
    // Soft: a model wrote these arguments, and must not choose by them who is asked.
    ...(!blind && unshown.length > 0
      ? [{ ...anomaly('uninspectable', { arguments: named(unshown) }), soft: true }]
      : []),
    ...(agent === undefined ? [anomaly('unknown-agent')] : []),
    ...(agent !== undefined && !isListed(agent, input) ? [anomaly('unlisted-tool')] : []),
  ];
}

/** At the last stage every registered tool counts as listed. */
function isListed(agent: AgentPolicy, { action, facts }: Pick<Case, 'action' | 'facts'>): boolean {
  return agent.tools.has(action.tool) || (agent.stage === 'broad' && facts !== null);
}

/** Names are an agent's words: as many and as much of them as a verdict keeps. */
function named(names: readonly string[]): readonly string[] {
  return names.slice(0, 20).map((name) => name.slice(0, 100).replace(/\p{Surrogate}/gu, '\ufffd'));
}
