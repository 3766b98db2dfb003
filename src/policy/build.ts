import { labelled } from '../contract/digest.js';
import { parseDuration } from '../contract/duration.js';
import { type PolicyFile, remindMs } from '../contract/policy-file.js';
import type { AlwaysAsk } from '../domain/action.js';
import type { StepUp } from '../domain/identity.js';
import type { Digest } from '../domain/ids.js';
import type { Condition } from './compile.js';
import type { Programs } from './compile-draft.js';
import {
  DEFAULT_AUTONOMY,
  DEFAULT_EXPECTED_FOR_MS,
  DEFAULT_EXTEND_MS,
  DEFAULT_LIMITS,
  DEFAULT_MONEY_LIMITS,
  DEFAULT_STAGE,
  DEFAULT_VALIDITY_MS,
  DEFAULT_WINDOW_MS,
} from './defaults.js';
import { BUILT_IN_LADDERS } from './ladder.js';
import type { Ask, LadderPlan, Policy, RiskMap, RiskRow, Role, Rule, SafePlan } from './policy.js';
import { inOrder } from './risk-map.js';

/** The policy of a file that was found free of errors, with its compiled expressions. */
export function policyOf(hash: Digest, file: PolicyFile, { conditions, safes }: Programs): Policy {
  const roles = mapped(file.roles, ({ members, owner, from, backup, depth, mail, slack }): Role => ({
    members: members ?? [],
    keptBy: owner ?? null,
    from: from ?? [],
    backup: backup ?? null,
    depth: depth ?? null,
    mail: mail ?? [],
    slack: slack ?? null,
  }));
  return {
    hash,
    version: file.version,
    owner: file.owner,
    agents: mapped(
      file.agents,
      ({ owner, owner_subject: ownerSubject, autonomy, stage, tools, situations }) => ({
        owner,
        ownerSubject: ownerSubject ?? null,
        autonomy: autonomy ?? DEFAULT_AUTONOMY,
        stage: stage ?? DEFAULT_STAGE,
        tools: new Set(tools),
        situations: situations ?? [],
      }),
    ),
    roles,
    people: mapped(file.people ?? {}, (person) => person),
    stepUp: file.step_up === undefined ? null : stepUpOf(file.step_up),
    tools: mapped(file.tools ?? {}, (tool) => ({
      ...askOf(tool),
      level: tool.level ?? null,
      windowMs: tool.window === undefined ? null : msOf(tool.window, DEFAULT_WINDOW_MS),
      categories: tool.categories ?? [],
      quorum: tool.quorum ?? 1,
    })),
    rules: (file.rules ?? []).map((rule, index) => ruleOf(rule, conditions.get(index))),
    ladders: new Map([
      ...BUILT_IN_LADDERS,
      ...mapped(file.ladders ?? {}, (ladder, name) => planOf(ladder, safes.get(name))),
    ]),
    ...limitsOf(file),
    defaults: {
      ...askOf(file.defaults ?? {}),
      validityMs: msOf(file.defaults?.validity, DEFAULT_VALIDITY_MS),
      extendByMs: msOf(file.defaults?.extend, DEFAULT_EXTEND_MS),
      windowMs: msOf(file.defaults?.window, DEFAULT_WINDOW_MS),
    },
    halts: { set: file.halts?.set ?? [...roles.keys()], lift: file.halts?.lift ?? [...roles.keys()] },
    anomalies: {
      close: file.anomalies?.close ?? null,
      expectedForMs: msOf(file.anomalies?.expected_for, DEFAULT_EXPECTED_FOR_MS),
    },
    riskMap: file.risk_map === undefined ? null : riskMapOf(file.risk_map),
  };
}

function stepUpOf({ tier, within, acr }: NonNullable<PolicyFile['step_up']>): StepUp {
  return { tier, withinMs: msOf(within, 0), acr: acr ?? null };
}

function mapped<Entry, Made>(
  section: Readonly<Record<string, Entry>>,
  make: (entry: Entry, name: string) => Made,
): Map<string, Made> {
  return new Map(Object.entries(section).map(([name, entry]) => [name, make(entry, name)]));
}

function ruleOf(rule: NonNullable<PolicyFile['rules']>[number], condition: Condition | undefined): Rule {
  if (condition === undefined) throw new Error(`the rule ${rule.id} was not compiled`); // a dropped rule would loosen
  return {
    ...askOf(rule),
    id: rule.id,
    trigger: rule.trigger,
    level: rule.level,
    tag: rule.tag ?? null,
    quorum: rule.quorum ?? 1,
    condition,
    digest: labelled('rule', { when: rule.when, level: rule.level }),
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

function riskMapOf({ impact, levels }: NonNullable<PolicyFile['risk_map']>): RiskMap {
  return inOrder(new Map(Object.entries(impact))).map(([name, { money, rows, recipients }]): RiskRow => {
    const columns = levels[name];
    if (columns === undefined) throw new Error(`the impact ${name} has no levels`); // a dropped class would loosen
    return {
      impact: name,
      money: new Map(Object.entries(money ?? {})),
      rows: rows ?? null,
      recipients: recipients ?? null,
      levels: columns,
    };
  });
}

function planOf(
  { ttl, remind, then, fallback }: NonNullable<PolicyFile['ladders']>[string],
  safe: SafePlan | undefined,
): LadderPlan {
  const ttlMs = msOf(ttl, 0);
  if (fallback === 'safe' && safe === undefined) throw new Error('no safe action was compiled'); // loading refuses such a file
  return {
    ttlMs,
    remindAfterMs: remind === undefined ? null : remindMs(remind, ttlMs),
    backup: then === 'backup',
    fallback,
    safe: fallback === 'safe' ? (safe ?? null) : null,
  };
}

function msOf(text: string | undefined, otherwise: number): number {
  const ms = text === undefined ? otherwise : parseDuration(text);
  if (ms === undefined) throw new Error(`${text} is no duration`); // loading refuses such a file
  return ms;
}
