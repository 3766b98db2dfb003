import type { Action, Impact } from '../domain/action.js';
import type { ReaskReason } from '../domain/escalation.js';
import type { Fired, Verdict } from '../domain/verdict.js';
import { unshownArguments } from '../contract/brief-arguments.js';
import { detectedIn, lookAt, NOTHING_SEEN } from '../contract/detect.js';
import { NO_DEADLINE_MINUTES, type Detected } from '../contract/readings.js';
import { maskSecrets } from '../contract/secret.js';
import { impactOfCall, toolFacts, type Tool } from '../contract/tool.js';
import type { History } from '../policy/case.js';
import { judge } from '../policy/judge.js';
import { reservationsOf } from '../policy/limits.js';
import type { Policy } from '../policy/policy.js';
import { readCounters } from '../store/counters.js';
import type { Queries } from '../store/database.js';
import { trackRecord, type LedgerRow } from '../store/ledger.js';
import type { TaskRow } from '../store/tasks.js';
import { knownIn } from './known-anomalies.js';
import type { ActivityDeps } from './ports.js';

/** One call with everything judging looks at. */
export interface Judging {
  readonly policy: Policy;
  readonly task: TaskRow;
  readonly call: LedgerRow;
  readonly tool: Tool | undefined;
  /** Why a person must be asked whatever the rules say; null = the rules alone decide. */
  readonly must: 'earlier-effect' | ReaskReason | null;
  /** The agent's track record is wanted beside the verdict; otherwise it is read only where a rule reads it. */
  readonly withHistory: boolean;
  /** Counters that were read just now; those that are not among them are read when they are needed. */
  readonly counted: Readonly<Record<string, number>>;
  readonly now: number;
}

const NO_HISTORY: History = { executed: 0, rejected: 0, failed: 0 };

/** The call as an action. Arguments that the tool cannot read, or say the impact of, are not readable, and judged strictest. */
export function asAction(call: LedgerRow, tool: Tool | undefined): { action: Action; readable: boolean } {
  const impact = tool ? impactOfCall(tool, call.args) : null;
  return {
    action: { tool: call.tool, args: call.args, impact: impact ?? {}, readings: call.readings },
    readable: impact !== null,
  };
}

/**
 * What the gate itself finds out about a call. Pure over what is stored: the course of the task as it was when the call was proposed, the
 * words as they are, the deadline as it lay ahead of the call as it stands; so the claim finds what the asking found.
 */
function detectedOf({ policy, task, call }: Judging, impact: Impact): Detected {
  const { tool, agentText, question } = call;
  const { deadline, goal } = task.request;
  const written = { tool, args: maskSecrets(call.args), impact, request: goal, agentText, question };
  // Every text of large arguments is looked through: only for rules that could tell the difference.
  const seen = reads(policy, 'readings') ? lookAt(written) : NOTHING_SEEN;
  const minutesToDeadline =
    deadline === undefined ? NO_DEADLINE_MINUTES : (deadline - call.proposedAt) / 60_000;
  return detectedIn({ seen, course: call.detected, minutesToDeadline, asked: question !== null });
}

/** The policy's verdict with the counters, the agent's track record and what is known of its anomalies as they stand. */
export async function judgeCall(
  queries: Queries,
  deps: Pick<ActivityDeps, 'verifier' | 'log'>,
  judging: Judging,
): Promise<{ verdict: Verdict; history: History }> {
  const { task, call, tool, must, withHistory, counted, now } = judging;
  const asWritten = call.safeFor !== null && call.generation === 1;
  const policy = asWritten ? withStopsOnly(judging.policy) : judging.policy;
  const { action, readable } = asAction(call, tool);
  const input = {
    policy,
    action,
    facts: tool ? toolFacts(tool) : null,
    unreadable: !readable,
    unshown: unshownArguments(maskSecrets(call.args)),
    detected: detectedOf(judging, action.impact),
    task: {
      tenant: task.tenant,
      task: task.task,
      agent: task.agent,
      requester: task.requester,
      situation: task.request.situation,
    },
    now,
  };
  const keys = reservationsOf(input).map((reservation) => reservation.key);
  const [counters, history] = await Promise.all([
    keys.every((key) => Object.hasOwn(counted, key)) ? counted : readCounters(queries, task.tenant, keys),
    withHistory || reads(policy, 'history')
      ? trackRecord(queries, { tenant: task.tenant, agent: task.agent, tool: call.tool })
      : NO_HISTORY,
  ]);
  const also: Fired[] =
    must === null ? [] : [{ rule: must, trigger: 'policy', level: 'approve', values: {} }];
  const whole = { ...input, counters, history, also };
  const strict = judge(whole);
  const known = await knownIn(queries, deps, { policy, task, tool: call.tool, verdict: strict, now });
  const verdict = known.size === 0 ? strict : judge({ ...whole, known });
  return { verdict: call.safeFor === null ? verdict : withoutSafe(verdict), history };
}

/**
 * Rules say who is asked about what agents propose. A safe action is the policy's own word; tier, categories and limits hold for it all the
 * same, and what a rule stops nothing may do, least of all because nobody answered. What a person made of one is that person's word.
 */
function withStopsOnly(policy: Policy): Policy {
  return { ...policy, rules: policy.rules.filter(({ level }) => level === 'stop') };
}

/** Nothing stands in for a safe action: when it asks, and nobody answers, it is denied. */
function withoutSafe(verdict: Verdict): Verdict {
  const { rungs, fallback } = verdict.ladder;
  return fallback === 'safe' ? { ...verdict, ladder: { rungs, fallback: 'deny' } } : verdict;
}

function reads({ rules }: Policy, what: 'history' | 'readings'): boolean {
  return rules.some(({ condition }) => condition.mentions.some(([root]) => root === what));
}
