import type { Brief } from '../domain/brief.js';
import { escalationId, type TaskId, type TenantId } from '../domain/ids.js';
import type { Verdict } from '../domain/verdict.js';
import { briefDigest } from '../contract/brief.js';
import { labelled } from '../contract/digest.js';
import type { Policy } from '../policy/policy.js';
import { ownerRoleOf } from '../policy/roster.js';
import type { Transaction } from '../store/database.js';
import type { JournalEvent } from '../store/journal.js';
import { callsOf } from '../store/ledger.js';
import { enqueueNotices } from '../store/outbox.js';
import { NEW_ROUND, openQuestion } from '../store/questions.js';
import { findTask, type TaskRow } from '../store/tasks.js';
import { standingUndos } from '../store/undos.js';
import type { ConcludeInput } from './api.js';
import type { ActivityDeps } from './ports.js';

/** How a task ends. `terminated` = its run ended without closing. */
export interface Ending {
  readonly tenant: TenantId;
  readonly task: TaskId;
  readonly state: 'COMPLETED' | 'FAILED';
  readonly reason: ConcludeInput['reason'] | 'terminated';
  readonly detail: string;
  readonly now: number;
}

/** Puts a task that ended without its work done onto the desk of its agent's owner. Closed by `resolve`, in the store alone. */
export async function openHandOver(
  tx: Transaction,
  deps: Pick<ActivityDeps, 'policies' | 'channels'>,
  ending: Ending,
): Promise<JournalEvent> {
  const { tenant, task, now } = ending;
  const row = await findTask(tx, tenant, task);
  if (!row) throw new Error(`task ${task} vanished while it was closed`);
  const policy = await deps.policies.active(tx, tenant);
  const role = ownerRoleOf(policy, row.agent);
  const ref = { tenant, task, operation: 0, generation: 1, round: 1 };
  const calls = await callsOf(tx, tenant, task);
  const verdict = verdictOf(policy, role);
  const workDone = calls.map((call) => ({
    what: call.tool,
    outcome: call.status,
    at: call.endedAt ?? call.proposedAt,
  }));
  const standing = await standingUndos(tx, tenant, task);
  const brief = briefOf(row, ending, verdict, {
    workDone,
    unknowns: [
      `why it ended: ${ending.detail}`,
      ...standing.map(
        ({ operation, tool }) =>
          `${tool} (operation ${operation}) was neither confirmed nor undone and may still stand`,
      ),
    ],
  });
  await openQuestion(tx, {
    ...ref,
    status: 'open',
    kind: 'hand-over',
    reason: null,
    agent: row.agent,
    tool: '',
    toolVersion: '',
    tier: 1,
    policyHash: policy.hash,
    verdict,
    digest: labelled('hand-over', { tenant, task, reason: ending.reason, detail: ending.detail }),
    brief,
    briefDigest: briefDigest(brief),
    fingerprint: null,
    ...NEW_ROUND,
    role,
    roles: [role],
    askedAt: now,
  });
  enqueueNotices(tx, { ...ref, rung: 0, kind: 'hand-over', channels: deps.channels, role, dueAt: now });
  return { id: 'hand-over', type: 'hand-over-opened', body: { role, reason: ending.reason } };
}

function verdictOf(policy: Policy, role: string): Verdict {
  return {
    level: 'approve',
    tier: 1,
    fired: [],
    ladder: { rungs: [{ role, ttlMs: 0, remindAfterMs: null }], fallback: 'hold' },
    reservations: [],
    validityMs: 0,
    extendByMs: 0,
    policyHash: policy.hash,
    policyVersion: policy.version,
  };
}

function briefOf(
  row: TaskRow,
  ending: Ending,
  verdict: Verdict,
  found: Pick<Brief, 'workDone' | 'unknowns'>,
): Brief {
  return {
    escalation: escalationId(row.task, 0),
    task: row.task,
    tenant: row.tenant,
    round: 1,
    tier: 1,
    reason: `the task ended: ${ending.reason ?? 'unknown'}`,
    proposal: `Take over task ${row.task} of ${row.agent}: it ended without being finished`,
    tool: { name: 'hand-over', version: '' },
    reversibility: 'Nothing runs: resolving takes the task off your desk.',
    money: null,
    rows: null,
    recipients: [],
    environment: null,
    fired: verdict.fired,
    diff: [],
    evidence: [],
    unknowns: found.unknowns,
    flags: [],
    onSilence: 'hold',
    options: [
      { verb: 'resolve', label: 'Resolve', consequence: 'The hand-over is closed with your reason.' },
    ],
    question: 'What became of it?',
    trackRecord: { executed: 0, rejected: 0, failed: 0 },
    arguments: [],
    fullArguments: {},
    request: row.request.goal,
    workDone: found.workDone,
    alternatives: [],
    authority: {
      requester: row.requester,
      agent: row.agent,
      credentials: 'none',
      mayDecide: verdict.ladder.rungs.map((rung) => rung.role),
    },
    session: `${row.tenant}/${row.task}`,
    earlierEffects: [],
    agentText: null,
  };
}
