import { briefDigest } from '../../src/contract/brief.js';
import { actionDigest, labelled } from '../../src/contract/digest.js';
import type { Json } from '../../src/domain/action.js';
import type { Brief } from '../../src/domain/brief.js';
import { escalationId, type Digest, type TaskId } from '../../src/domain/ids.js';
import type { Verdict } from '../../src/domain/verdict.js';
import { policyHash } from '../../src/policy/load.js';
import { decisionsOf } from '../../src/store/decisions.js';
import { readJournal } from '../../src/store/journal.js';
import { openQuestion, type QuestionRow } from '../../src/store/questions.js';
import { submitTask } from '../../src/store/tasks.js';
import { findTool } from '../../src/store/tools.js';
import { POLICY, TENANT, type Gate } from './fixture.js';

let count = 0;

/** Writes a task with one call and its open question, as an asking would. */
export async function anOpenQuestion(
  gate: Gate,
  rest: Partial<QuestionRow> & { args?: Json; requester?: string } = {},
): Promise<QuestionRow> {
  const { args = { orderId: '1182', amountCents: 24_000 }, requester = 'requester', ...changes } = rest;
  const task = `t${++count}`;
  const name = task as TaskId; // test data
  const tool = changes.tool ?? 'issue_refund';
  await submitTask(gate.database, {
    tenant: TENANT,
    task: name,
    agent: 'support',
    requester,
    request: { goal: 'Refund order 1182', situation: 'refund', readings: {}, planner: null },
    requestDigest: labelled('task-request', { task }),
    ready: { tool, args, readings: {}, agentText: null },
  });
  const now = await gate.database.now();
  const brief = aBrief({ escalation: escalationId(name, 1), task: name });
  const row: QuestionRow = {
    tenant: TENANT,
    task: name,
    operation: 1,
    generation: 1,
    round: 1,
    status: 'open',
    kind: 'approval',
    reason: null,
    agent: 'support',
    tool,
    toolVersion: '1',
    tier: 4,
    policyHash: policyHash(POLICY),
    verdict: aVerdict(),
    digest: await digestOf(gate, name, tool, args),
    brief,
    briefDigest: briefDigest(brief),
    fingerprint: null,
    rung: 0,
    role: 'supervisor',
    roles: ['supervisor'],
    rungOver: false,
    undelivered: false,
    answerBy: now + 60_000,
    extendableUntil: now + 120_000,
    askedAt: now,
    closedAt: null,
    closedAs: null,
    ...changes,
  };
  await gate.database.transaction((tx) => openQuestion(tx, row));
  return row;
}

/** What a worker would have asked about: the call under the tool's published schema. */
async function digestOf(gate: Gate, task: TaskId, tool: string, args: Json): Promise<Digest> {
  const published = await findTool(gate.database, tool);
  const call = {
    tenant: TENANT,
    task,
    operation: 1,
    generation: 1,
    tool,
    args,
    policyHash: policyHash(POLICY),
  };
  const toolVersion = published?.facts.version ?? '';
  return actionDigest(
    published
      ? { ...call, toolVersion, toolSchema: labelled('tool-schema', published.schema) }
      : { ...call, toolVersion },
  );
}

export function aVerdict(): Verdict {
  return {
    level: 'approve',
    tier: 4,
    fired: [],
    ladder: {
      rungs: [
        { role: 'supervisor', ttlMs: 60_000, remindAfterMs: null },
        { role: 'director', ttlMs: 60_000, remindAfterMs: null },
      ],
      fallback: 'deny',
    },
    reservations: [],
    validityMs: 900_000,
    extendByMs: 60_000,
    policyHash: policyHash(POLICY),
    policyVersion: '1',
  };
}

/** A brief with full defaults. */
export function aBrief(rest: Partial<Brief> = {}): Brief {
  return {
    escalation: escalationId('t1' as TaskId, 1), // test data
    task: 't1' as TaskId, // test data
    tenant: TENANT,
    round: 1,
    tier: 4,
    reason: 'first asking',
    proposal: 'Refund USD 240.00 on order 1182',
    tool: { name: 'issue_refund', version: '1' },
    reversibility: 'Cannot be undone',
    money: { minor: 24_000, currency: 'USD', text: 'USD 240.00 (24000 minor units)' },
    rows: null,
    recipients: [],
    environment: null,
    fired: [{ rule: 'tier-4', trigger: 'irreversibility', level: 'approve', values: { tier: 4 } }],
    diff: [{ field: 'refunded', before: 'USD 0.00', after: 'USD 240.00' }],
    evidence: [],
    unknowns: [],
    flags: [],
    onSilence: 'deny',
    options: [
      { verb: 'approve', label: 'Refund USD 240.00 on order 1182', consequence: 'The refund is made' },
    ],
    question: 'May this run?',
    trackRecord: { executed: 3, rejected: 1, failed: 0 },
    arguments: [{ name: 'orderId', value: '"1182"', bytes: 6, folded: false }],
    fullArguments: { orderId: '1182', amountCents: 24_000 },
    request: 'Refund order 1182',
    workDone: [],
    alternatives: [],
    authority: {
      requester: 'requester',
      agent: 'support',
      credentials: 'shop-api',
      mayDecide: ['supervisor', 'director'],
    },
    session: 'acme/t1',
    earlierEffects: [],
    agentText: null,
    ...rest,
  };
}

/** The body of a decision about a question as it stands. */
export function about(question: QuestionRow, decision: string, rest: Record<string, unknown> = {}) {
  return { decision, why: 'the order was lost', digest: question.digest, version: question.round, ...rest };
}

/** Posts a decision about a question. */
export async function decide(gate: Gate, question: QuestionRow, token: string, body: object, key?: string) {
  const headers = key === undefined ? {} : { 'idempotency-key': key };
  return gate.request(
    'POST',
    `/v1/escalations/${question.task}:${question.operation}/decisions`,
    token,
    body,
    headers,
  );
}

/** The stored decisions about a question. */
export async function stored(gate: Gate, question: QuestionRow) {
  return decisionsOf(gate.database, question);
}

/** The journal of a question's task. */
export async function journal(gate: Gate, question: QuestionRow) {
  return readJournal(gate.database, { tenant: TENANT, task: question.task, limit: 200 });
}
