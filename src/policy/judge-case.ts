import { unshownArguments } from '../contract/brief-arguments.js';
import type { ProposedCall } from '../contract/case-file.js';
import { detectedIn, lookAt } from '../contract/detect.js';
import { NO_DEADLINE_MINUTES, type Detected } from '../contract/readings.js';
import { maskSecrets, replaceSecrets } from '../contract/secret.js';
import { impactOfCall, toolFacts, type Tool } from '../contract/tool.js';
import type { Action, Json, ToolFacts } from '../domain/action.js';
import type { AnomalyId, TaskId, TenantId } from '../domain/ids.js';
import type { Verdict } from '../domain/verdict.js';
import type { JudgeInput } from './case.js';
import type { CaseTools } from './case-table.js';
import { judge } from './judge.js';
import { reservationsOf } from './limits.js';
import type { Policy } from './policy.js';

/** A case is about no class in particular. */
const KNOWN_OF_CASE = 'case' as AnomalyId; // one that no row has
const NO_CALLS = { executed: 0, rejected: 0, failed: 0 };
/** A case is judged at a moment of its own, so that it means the same every day. */
const NOON = '2026-01-01T12:00:00Z';

/** All that the gate would know of the call when it judges it. */
export function judgeInputOf(policy: Policy, call: ProposedCall, tools: CaseTools): JudgeInput {
  const now = Date.parse(call.at ?? NOON);
  const { action, ...known } = tools === null ? asTold(call) : asTheToolSays(call, tools.get(call.tool));
  const input = {
    policy,
    action,
    ...known,
    task: {
      tenant: 'tenant' as TenantId, // a case is about no tenant in particular
      task: 'case' as TaskId, // nor about a task
      agent: call.agent,
      requester: call.requester ?? 'requester',
      situation: call.situation ?? null,
    },
    detected: detectedOf(call, action, now),
    now,
  };
  const counted = new Map(Object.entries(call.counted ?? {}));
  const counters = reservationsOf(input).map(
    ({ key }) => [key, counted.get(key.slice(0, key.indexOf('|'))) ?? 0] as const,
  );
  const end = { anomaly: KNOWN_OF_CASE, until: now + policy.anomalies.expectedForMs };
  return {
    ...input,
    counters: Object.fromEntries(counters),
    history: { ...NO_CALLS, ...call.history },
    known: new Map((call.known ?? []).map((rule) => [rule, end] as const)),
  };
}

/** What the gate would find out about the call: from its words, its deadline, and what the case says of the task before. */
function detectedOf(call: ProposedCall, { tool, args, impact }: Action, now: number): Detected {
  const words = {
    request: call.request ?? '',
    agentText: call.says ?? null,
    question: call.question ?? null,
  };
  const minutesToDeadline =
    call.deadline === undefined ? NO_DEADLINE_MINUTES : (Date.parse(call.deadline) - now) / 60_000;
  const seen = lookAt({ tool, args: maskSecrets(args), impact, ...words });
  const asked = call.question !== undefined;
  return detectedIn({ seen, course: call.before ?? {}, minutesToDeadline, asked });
}

/** The policy's verdict on one call. */
export function judgeCall(policy: Policy, call: ProposedCall, tools: CaseTools): Verdict {
  return judge(judgeInputOf(policy, call, tools));
}

type Known = Pick<JudgeInput, 'action' | 'facts' | 'unshown'> & { readonly unreadable: boolean };

function asTold({ tool, args = {}, facts, impact = {}, readings = {} }: ProposedCall): Known {
  const known: ToolFacts | null =
    facts === undefined || facts === 'unknown'
      ? null
      : {
          name: tool,
          version: '',
          tier: facts.tier,
          categories: facts.categories ?? [],
          hasUndo: facts.undo ?? false,
        };
  // An unknown tool says nothing of its impact, whatever the case says.
  const action: Action = { tool, args, impact: known === null ? {} : impact, readings };
  return { action, facts: known, unreadable: known === null, unshown: unshownArguments(args) };
}

/** As a proposal is taken in: defaults filled in, read by the schema, secrets replaced before anybody judges. Throws `invalid` for a forged reference. */
function asTheToolSays({ tool, args = {}, readings = {} }: ProposedCall, known: Tool | undefined): Known {
  const stored = known === undefined ? args : storedArgs(known, args);
  const impact = known === undefined ? null : impactOfCall(known, stored);
  return {
    action: { tool, args: stored, impact: impact ?? {}, readings },
    facts: known === undefined ? null : toolFacts(known),
    unreadable: impact === null,
    unshown: unshownArguments(maskSecrets(stored)),
  };
}

function storedArgs(tool: Tool, args: Json): Json {
  const read = tool.normaliseArgs(args);
  return replaceSecrets(tool.schema, 'args' in read ? read.args : args, () => 'a-secret');
}
