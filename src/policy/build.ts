import { parseDuration } from '../contract/duration.js';
import { type PolicyFile, remindMs } from '../contract/policy-file.js';
import type { AlwaysAsk } from '../domain/action.js';
import type { Digest } from '../domain/ids.js';
import type { Condition } from './compile.js';
import { DEFAULT_EXTEND_MS, DEFAULT_LIMITS, DEFAULT_MONEY_LIMITS, DEFAULT_VALIDITY_MS } from './defaults.js';
import { BUILT_IN_LADDERS } from './ladder.js';
import type { Ask, LadderPlan, Policy, Role, Rule } from './policy.js';

/** The policy of a file that was found free of errors; `conditions` by the index of their rule. */
export function policyOf(hash: Digest, file: PolicyFile, conditions: ReadonlyMap<number, Condition>): Policy {
  const roles = mapped(file.roles, ({ members, backup, depth, mail }): Role => ({
    members,
    backup: backup ?? null,
    depth: depth ?? null,
    mail: mail ?? [],
  }));
  return {
    hash,
    version: file.version,
    owner: file.owner,
    agents: mapped(file.agents, ({ owner, tools, situations }) => ({
      owner,
      tools: new Set(tools),
      situations: situations ?? [],
    })),
    roles,
    tools: mapped(file.tools ?? {}, (tool) => ({
      ...askOf(tool),
      level: tool.level ?? null,
      categories: tool.categories ?? [],
    })),
    rules: (file.rules ?? []).map((rule, index) => ruleOf(rule, conditions.get(index))),
    ladders: new Map([...BUILT_IN_LADDERS, ...mapped(file.ladders ?? {}, planOf)]),
    ...limitsOf(file),
    defaults: {
      ...askOf(file.defaults ?? {}),
      validityMs: msOf(file.defaults?.validity, DEFAULT_VALIDITY_MS),
      extendByMs: msOf(file.defaults?.extend, DEFAULT_EXTEND_MS),
    },
    halts: { set: file.halts?.set ?? [...roles.keys()], lift: file.halts?.lift ?? [...roles.keys()] },
  };
}

function mapped<Entry, Made>(
  section: Readonly<Record<string, Entry>>,
  make: (entry: Entry) => Made,
): Map<string, Made> {
  return new Map(Object.entries(section).map(([name, entry]) => [name, make(entry)]));
}

function ruleOf(rule: NonNullable<PolicyFile['rules']>[number], condition: Condition | undefined): Rule {
  if (condition === undefined) throw new Error(`the rule ${rule.id} was not compiled`); // a dropped rule would loosen
  return {
    ...askOf(rule),
    id: rule.id,
    trigger: rule.trigger,
    level: rule.level,
    tag: rule.tag ?? null,
    condition,
  };
}

function askOf({
  route,
  ladder,
}: {
  readonly route?: string | undefined;
  readonly ladder?: string | undefined;
}): Ask {
  return { route: route ?? null, ladder: ladder ?? null };
}

function limitsOf(file: PolicyFile): Pick<Policy, 'alwaysAsk' | 'moneyLimits' | 'limits'> {
  const categories = Object.entries(file.always_ask ?? {}) as [AlwaysAsk, Partial<Ask>][]; // the schema has exactly these keys
  return {
    alwaysAsk: new Map(
      categories.map(([category, { route, ladder }]) => [
        category,
        { route: route ?? null, ladder: ladder ?? null },
      ]),
    ),
    moneyLimits: new Map(Object.entries(file.always_ask?.money?.limits ?? DEFAULT_MONEY_LIMITS)),
    limits:
      file.limits?.map(({ id, per, currency, minor, count }) => ({
        id,
        per,
        currency: currency ?? null,
        limit: count ?? minor ?? 0,
      })) ?? DEFAULT_LIMITS,
  };
}

function planOf({ ttl, remind, then, fallback }: NonNullable<PolicyFile['ladders']>[string]): LadderPlan {
  const ttlMs = msOf(ttl, 0);
  return {
    ttlMs,
    remindAfterMs: remind === undefined ? null : remindMs(remind, ttlMs),
    backup: then === 'backup',
    fallback,
  };
}

function msOf(text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : (parseDuration(text) ?? otherwise);
}
