import { silenceAt } from '../contract/brief-words.js';
import { majorText } from '../contract/money.js';
import type { PolicyFile } from '../contract/policy-file.js';
import { NOTHING_DETECTED } from '../contract/readings.js';
import { toolFacts } from '../contract/tool.js';
import type { Tier } from '../domain/action.js';
import type { TaskId, TenantId } from '../domain/ids.js';
import type { Fallback, Ladder, Level } from '../domain/verdict.js';
import type { CaseTools } from './case-table.js';
import { readDocument } from './document.js';
import { draftOf } from './draft.js';
import { judge } from './judge.js';
import { rungsOf } from './ladder.js';
import type { Ask, Policy } from './policy.js';
import { peopleOf } from './roster.js';

/** Who decides what, by a policy. */
export interface Matrix {
  readonly version: string;
  readonly owner: string;
  /** What holds for each agent and tool before any rule fires. */
  readonly calls: readonly MatrixCall[];
  /** What asks for more on top of that. */
  readonly rules: readonly MatrixRule[];
  readonly roles: readonly {
    readonly role: string;
    readonly members: readonly string[];
    readonly backup: string | null;
  }[];
}

/** One agent with one of its tools. */
export interface MatrixCall extends Asking {
  readonly agent: string;
  readonly owner: string;
  readonly tool: string;
  readonly tier: Tier;
  /** Whether the tools say what it is; else it counts as tier 4. */
  readonly known: boolean;
}

/** A rule of the file, a limit, or an always-ask category. */
export interface MatrixRule extends Asking {
  /** As verdicts name it. */
  readonly rule: string;
  /** When it fires: the condition as written, or in words. */
  readonly when: string;
}

/** What level, and who is asked for how long. */
interface Asking {
  readonly level: Level;
  /** How many different people must approve. */
  readonly quorum: number;
  /** In order; the first is asked, or at `notify` told; then its backups. Empty = nobody, or for a rule: whom the tool or the defaults name. Without a time a rule leaves the ladder to them. */
  readonly rungs: readonly {
    readonly role: string;
    readonly members: readonly string[];
    readonly ttlMs: number | null;
  }[];
  /** What silence leads to; null when nobody is asked. */
  readonly fallback: Fallback | 'undo' | null;
}

/** The matrix of a policy that was loaded from this source. Pure. */
export function matrixOf(source: string, policy: Policy, tools: CaseTools): Matrix {
  const { file } = draftOf(readDocument(source).data);
  const calls = [...policy.agents].flatMap(([agent, { owner, tools: listed }]) =>
    [...listed].map((tool) => callOf({ policy, tools }, { agent, owner, tool })),
  );
  return {
    version: policy.version,
    owner: policy.owner,
    calls,
    rules: file === null ? [] : rulesOf(policy, file),
    roles: [...policy.roles].map(([role, { members, backup }]) => ({ role, members, backup })),
  };
}

function callOf(
  { policy, tools }: { policy: Policy; tools: CaseTools },
  named: { agent: string; owner: string; tool: string },
): MatrixCall {
  const tool = tools?.get(named.tool);
  const [currency] = policy.moneyLimits.keys();
  const categories = [...(tool?.categories ?? []), ...(policy.tools.get(named.tool)?.categories ?? [])];
  // The smallest amount: what asks above a limit stands among the rules. A tool that states none always asks.
  const moves = tool?.statesImpact === true && categories.includes('money') && currency !== undefined;
  const {
    level,
    tier,
    ladder,
    tell,
    quorum = 1,
  } = judge({
    policy: { ...policy, rules: [], ladders: withoutArguments(policy.ladders) },
    action: {
      tool: named.tool,
      args: {},
      impact: moves ? { money: { minor: 0, currency } } : {},
      readings: {},
    },
    facts: tool === undefined ? null : toolFacts(tool),
    task: {
      tenant: 'tenant' as TenantId, // nobody's in particular
      task: 'task' as TaskId, // the same
      agent: named.agent,
      requester: '',
      situation: null,
    },
    detected: NOTHING_DETECTED,
    now: 0,
    counters: {},
    history: { executed: 0, rejected: 0, failed: 0 },
  });
  const told = tell === undefined ? [] : [{ role: tell, members: peopleOf(policy, tell), ttlMs: null }];
  return {
    ...named,
    tier,
    known: tool !== undefined,
    level,
    quorum,
    ...rungsIn(policy, ladder, level),
    ...(tell === undefined ? {} : { rungs: told }),
  };
}

/** Without a call there is nothing to evaluate a safe action's arguments from. */
function withoutArguments(ladders: Policy['ladders']): Policy['ladders'] {
  return new Map(
    [...ladders].map(([name, { safe, ...plan }]) => [
      name,
      { ...plan, safe: safe && { ...safe, args: new Map() } },
    ]),
  );
}

const NOBODY: Ask = { route: null, ladder: null };

function rulesOf(policy: Policy, file: PolicyFile): readonly MatrixRule[] {
  return [
    ...(file.rules ?? []).map(({ id, when, level, quorum, route, ladder }) => ({
      rule: id,
      when,
      level,
      quorum: quorum ?? 1,
      ...asking(policy, { route: route ?? null, ladder: ladder ?? null }, level),
    })),
    ...policy.limits.map(({ id, per, currency, limit }) => ({
      rule: `limit:${id}`,
      when: `more than ${currency === null ? `${limit} calls` : moneyText(limit, currency)} per ${per.join(', ')}`,
      level: 'approve' as const,
      quorum: 1,
      ...asking(policy, NOBODY, 'approve'),
    })),
    ...[...new Map([['money', NOBODY], ...policy.alwaysAsk])].map(([category, ask]) => ({
      rule: `always-ask:${category}`,
      when: category === 'money' ? aboveText(policy) : 'always',
      level: 'approve' as const,
      quorum: 1,
      ...asking(policy, ask, 'approve'),
    })),
  ];
}

/** An amount in the currency's own unit; minor units of one that is not known. */
function moneyText(minor: number, currency: string): string {
  return majorText({ minor, currency }) ?? `${minor} minor units of ${currency}`;
}

function aboveText({ moneyLimits }: Policy): string {
  const limits = [...moneyLimits].map(([currency, minor]) => moneyText(minor, currency));
  return limits.length === 0 ? 'always' : `more than ${limits.join(', ')} in one call, or any other currency`;
}

/** Whom a rule names. Without a route that depends on the call, without a ladder how long and who else does. */
function asking(policy: Policy, { route, ladder }: Ask, level: Level): Pick<Asking, 'rungs' | 'fallback'> {
  const fallback = level === 'soft' ? 'undo' : null;
  if (route === null) return { rungs: [], fallback };
  const plan =
    ladder === null || level === 'notify' || level === 'soft' ? undefined : policy.ladders.get(ladder);
  if (plan !== undefined)
    return rungsIn(policy, { rungs: rungsOf(policy, route, plan), fallback: plan.fallback }, level);
  return { rungs: [{ role: route, members: peopleOf(policy, route), ttlMs: null }], fallback };
}

function rungsIn(policy: Policy, ladder: Ladder, level: Level): Pick<Asking, 'rungs' | 'fallback'> {
  const { rungs } = ladder;
  return {
    rungs: rungs.map(({ role, ttlMs }) => ({ role, members: peopleOf(policy, role), ttlMs })),
    fallback: rungs.length === 0 ? null : silenceAt(level, ladder),
  };
}
