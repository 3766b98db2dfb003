import type { Action, Impact, Json } from '../domain/action.js';
import type { ReaskReason } from '../domain/escalation.js';
import type { Fired, Verdict } from '../domain/verdict.js';
import { unshownArguments } from '../contract/brief-arguments.js';
import { maskSecrets } from '../contract/secret.js';
import { toolFacts, type Tool } from '../contract/tool.js';
import type { History } from '../policy/case.js';
import { judge } from '../policy/judge.js';
import { reservationsOf } from '../policy/limits.js';
import type { Policy } from '../policy/policy.js';
import { readCounters } from '../store/counters.js';
import type { Queries } from '../store/database.js';
import { trackRecord, type LedgerRow } from '../store/ledger.js';
import type { TaskRow } from '../store/tasks.js';

/** One call with everything judging looks at. */
export interface Judging {
  readonly policy: Policy;
  readonly task: TaskRow;
  readonly call: LedgerRow;
  readonly tool: Tool | undefined;
  /** Why a person must be asked whatever the rules say; null = the rules alone decide. */
  readonly must: 'earlier-effect' | ReaskReason | null;
  readonly now: number;
}

/** The call as an action. Arguments that the tool cannot read, or say the impact of, are not readable, and judged strictest. */
export function asAction(call: LedgerRow, tool: Tool | undefined): { action: Action; readable: boolean } {
  const impact = tool && impactOf(tool, call.args);
  return {
    action: { tool: call.tool, args: call.args, impact: impact ?? {}, readings: call.readings },
    readable: impact !== undefined,
  };
}

function impactOf(tool: Tool, stored: Json): Impact | undefined {
  try {
    const parsed = tool.parseArgs(maskSecrets(stored));
    return 'args' in parsed ? tool.impact(parsed.args) : undefined;
  } catch {
    return undefined;
  }
}

/** The policy's verdict with the counters and the agent's track record as they stand. */
export async function judgeCall(
  queries: Queries,
  judging: Judging,
): Promise<{ verdict: Verdict; history: History }> {
  const { policy, task, call, tool, must, now } = judging;
  const { action, readable } = asAction(call, tool);
  const input = {
    policy,
    action,
    facts: tool ? toolFacts(tool) : null,
    unreadable: !readable,
    unshown: unshownArguments(maskSecrets(call.args)),
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
    readCounters(queries, task.tenant, keys),
    trackRecord(queries, { tenant: task.tenant, agent: task.agent, tool: call.tool }),
  ]);
  const also: Fired[] =
    must === null ? [] : [{ rule: must, trigger: 'policy', level: 'approve', values: {} }];
  return { verdict: judge({ ...input, counters, history, also }), history };
}

/** Whether one version of a call would do more than another: more money (or in another currency), rows or recipients, or to another payee. */
export function impactRaised(call: LedgerRow, than: LedgerRow, tool: Tool): boolean {
  const [now, before] = [impactOf(tool, call.args), impactOf(tool, than.args)];
  if (!now || !before) return true;
  const money = (impact: Impact) => Math.abs(impact.money?.minor ?? 0);
  return (
    money(now) > money(before) ||
    now.money?.currency !== before.money?.currency ||
    now.payee !== before.payee ||
    now.environment !== before.environment ||
    (now.rows ?? 0) > (before.rows ?? 0) ||
    (now.recipients ?? []).some((recipient) => !(before.recipients ?? []).includes(recipient))
  );
}
