import type { Json } from '../domain/action.js';
import { asksFirst, type Level, type Verdict } from '../domain/verdict.js';
import type { Brief } from '../domain/brief.js';
import type { QuestionKind } from '../domain/escalation.js';
import { escalationId } from '../domain/ids.js';
import { briefDigest, buildBrief } from '../contract/brief.js';
import { actionDigest } from '../contract/digest.js';
import { limited, orOver } from '../contract/time-limit.js';
import { describeCall, type Tool } from '../contract/tool.js';
import type { Preview } from '../contract/tool-definition.js';
import { URGENT_MS } from '../policy/ladder.js';
import type { Policy } from '../policy/policy.js';
import { hadEffect, type LedgerRow } from '../store/ledger.js';
import { NEW_ROUND, type QuestionRow } from '../store/questions.js';
import type { TaskRow } from '../store/tasks.js';
import type { AskInput } from './api.js';
import { asAction, judgeCall } from './judging.js';
import type { ActivityDeps } from './ports.js';

/** How long a tool's preview and fingerprint may take; past it the action is uninspectable. */
export const PREVIEW_MS = 5_000;

/** A question made ready outside of any transaction, and the policy it was judged under. */
export interface Fresh {
  readonly row: QuestionRow;
  readonly policy: Policy;
}

/** What preparing needs. */
export interface Preparing {
  readonly input: AskInput;
  readonly task: TaskRow;
  readonly call: LedgerRow;
  /** All calls of the task. */
  readonly calls: readonly LedgerRow[];
  /** The policy in force. */
  readonly policy: Policy;
  readonly now: number;
}

/** Judges, previews and renders one call; touches nothing but the tool's own reading side. */
export async function prepare(deps: ActivityDeps, preparing: Preparing): Promise<Fresh> {
  const { input, task, call, calls, policy, now } = preparing;
  const tool = deps.tools.get(call.tool);
  const earlier = calls.filter(
    (row) => row.operation === call.operation && row.generation !== call.generation && hadEffect(row),
  );
  const must = input.reason ?? (earlier.length > 0 ? 'earlier-effect' : null);
  const { verdict: judged, history } = await deps.database.reads((queries) =>
    judgeCall(queries, deps, { policy, task, call, tool, must, withHistory: true, counted: {}, now }),
  );
  const verdict = input.reason === 'undo-failed' ? urgent(judged) : judged;
  const base = {
    tenant: task.tenant,
    task: task.task,
    operation: call.operation,
    generation: call.generation,
  };
  const digest = digestOf(call, tool, policy.hash);
  const permitted = !asksFirst(verdict.level) || (call.status !== 'open' && input.reason === null);
  const row: Omit<QuestionRow, 'status' | 'brief' | 'briefDigest' | 'fingerprint'> = {
    ...base,
    round: input.round,
    kind: kindOf(input.reason, call.status, verdict.level),
    reason: input.reason,
    agent: task.agent,
    tool: call.tool,
    toolVersion: tool?.version ?? '',
    tier: verdict.tier,
    policyHash: policy.hash,
    verdict,
    digest,
    ...NEW_ROUND,
    role: '',
    roles: [],
    askedAt: now,
  };
  // What runs softly is shown as it was before, so its brief is made now and asked about once it ran.
  const soft = permitted && verdict.level === 'soft';
  if (permitted && !soft)
    return {
      policy,
      row: { ...row, status: 'permitted', brief: null, briefDigest: digest, fingerprint: null },
    };
  const [preview, fingerprint] = await Promise.all([
    previewOf(tool, call.args),
    fingerprintOf(tool, call.args),
  ]);
  const round = soft ? row.round + 1 : row.round;
  const brief = briefOf(preparing, { ...row, round, preview, earlier, tool, history });
  return {
    policy,
    row: { ...row, status: soft ? 'permitted' : 'open', brief, briefDigest: briefDigest(brief), fingerprint },
  };
}

/** The same people, asked no longer than an urgent question may wait. */
function urgent(verdict: Verdict): Verdict {
  const rungs = verdict.ladder.rungs.map((rung) => {
    const ttlMs = Math.min(rung.ttlMs, URGENT_MS);
    return { ...rung, ttlMs, remindAfterMs: rung.remindAfterMs === null ? null : ttlMs / 2 };
  });
  return { ...verdict, ladder: { ...verdict.ladder, rungs } };
}

/** What became of a call, who takes the task over, whether the call may stay, or whether it may run. */
function kindOf(reason: AskInput['reason'], status: LedgerRow['status'], level: Level): QuestionKind {
  if (reason === 'unknown' || reason === 'undo-failed') return 'resolution';
  // A finding whose claim was refused, for whatever reason, found nothing.
  if (reason !== null && status === 'unknown') return 'resolution';
  if (level === 'soft') return 'confirmation';
  return level === 'stop' ? 'stop' : 'approval';
}

/** What a decision about this call binds to, under the tool's present version and schema. */
export function digestOf(call: LedgerRow, tool: Tool | undefined, policyHash: Policy['hash']) {
  return actionDigest({
    tenant: call.tenant,
    task: call.task,
    operation: call.operation,
    generation: call.generation,
    tool: call.tool,
    toolVersion: tool?.version ?? '',
    ...(tool ? { toolSchema: tool.schemaDigest } : {}),
    args: call.args,
    policyHash,
  });
}

/** The tool's preview: `failed` when it cannot read the arguments, threw, or took too long. */
async function previewOf(tool: Tool | undefined, stored: Json): Promise<Preview | 'failed' | null> {
  const preview = tool?.preview;
  if (!tool || !preview) return null;
  const parsed = tool.viewArgs(stored);
  return 'args' in parsed
    ? within((signal) => preview(parsed.args, { signal })).catch(() => 'failed' as const)
    : 'failed';
}

/** The tool's look at the world, in its time, whether it listens or not. */
function within<T>(look: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return limited({ ms: PREVIEW_MS }, (signal) => orOver(() => look(signal), signal));
}

/** What `fingerprintOf` gives when the world could not be looked at: equal to nothing, so nothing runs on it. */
export const NO_FINGERPRINT = 'failed';

/** The tool's view of the world as `seen:...`; null when the tool takes none. */
export async function fingerprintOf(tool: Tool | undefined, stored: Json): Promise<string | null> {
  const fingerprint = tool?.fingerprint;
  if (!tool || !fingerprint) return null;
  const parsed = tool.viewArgs(stored);
  if (!('args' in parsed)) return NO_FINGERPRINT;
  return within((signal) => fingerprint(parsed.args, { signal })).then(
    (seen) => `seen:${seen}`,
    () => NO_FINGERPRINT,
  );
}

function briefOf(
  { input, task, call, calls }: Preparing,
  made: Pick<QuestionRow, 'verdict' | 'kind' | 'round'> & {
    preview: Preview | 'failed' | null;
    earlier: readonly LedgerRow[];
    tool: Tool | undefined;
    history: Brief['trackRecord'];
  },
): Brief {
  const { tool, verdict } = made;
  return buildBrief({
    escalation: escalationId(task.task, call.operation),
    task: task.task,
    tenant: task.tenant,
    round: made.round,
    reason: input.reason,
    kind: made.kind,
    tool: {
      name: call.tool,
      version: tool?.version ?? '',
      known: tool !== undefined,
      hasUndo: tool?.hasUndo ?? false,
    },
    args: call.args,
    impact: asAction(call, tool).action.impact,
    description: describeCall(tool, call.args),
    preview: made.preview,
    verdict,
    trackRecord: made.history,
    workDone: calls
      .filter((row) => row.endedAt !== null)
      .map((row) => ({ what: row.tool, outcome: row.status, at: row.endedAt ?? 0 })),
    earlierEffects: made.earlier.map((row) => `${row.tool} as first proposed: ${row.status}`),
    request: task.request.goal,
    agentText: call.agentText,
    agentQuestion: call.question,
    authority: {
      requester: task.requester,
      agent: task.agent,
      credentials: 'fetched by the tool when it runs',
      mayDecide: verdict.ladder.rungs.map((rung) => rung.role),
    },
    session: `${task.tenant}/${task.task}`,
  });
}
