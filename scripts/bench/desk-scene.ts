import { briefDigest, buildBrief, type BriefInput } from '../../src/contract/brief.js';
import { labelled } from '../../src/contract/digest.js';
import { generateSecretKeys, parseSecretKeys } from '../../src/contract/seal.js';
import { createSigner, createVerifier, generateSigningKey } from '../../src/contract/sign.js';
import { escalationId, type TaskId, type TenantId } from '../../src/domain/ids.js';
import type { Verdict } from '../../src/domain/verdict.js';
import { policyBook } from '../../src/gateway.js';
import { createApp } from '../../src/gateway/app.js';
import { createMarks } from '../../src/gateway/marks.js';
import type { GatewayDeps } from '../../src/gateway/deps.js';
import { policyHash } from '../../src/policy/load.js';
import type { Database } from '../../src/store/database.js';
import { activatePolicy } from '../../src/store/policies.js';
import { NEW_ROUND, openQuestion } from '../../src/store/questions.js';
import { submitTask } from '../../src/store/tasks.js';
import { createSession } from '../../src/store/sessions.js';
import { publishTools } from '../../src/store/tools.js';
import { AGENT, POLICY, REVIEWER } from './bench-policy.js';

const HOUR = 3_600_000;
const HASH = policyHash(POLICY);
const ORIGIN = 'http://127.0.0.1';
const FULL = 'full' as TenantId; // a name
const EMPTY = 'empty' as TenantId; // a name

/** A gateway without sockets over two tenants: one with a full desk, one with an empty one. */
export interface Desk {
  /** What a reviewer opens. `empty` is what everything is compared with. */
  readonly pages: readonly { readonly name: string; readonly path: string }[];
  readonly empty: string;
  /** Throws unless the page comes. */
  get(desk: 'full' | 'empty', path: string): Promise<void>;
}

/** Puts so many open questions on one reviewer's desk, as asking would. */
export async function createDesk(database: Database, open: number): Promise<Desk> {
  const app = createApp(depsOver(database));
  const now = await database.now();
  for (const tenant of [FULL, EMPTY])
    await activatePolicy(database, { tenant, hash: HASH, version: 'bench', source: POLICY, author: 'bench' });
  for (let made = 0; made < open; made += 1) await ask(database, `run-${made}` as TaskId, now + made); // a name
  await publishTools(database, [TOOL], now);
  const cookies = { full: await cookieIn(database, FULL, now), empty: await cookieIn(database, EMPTY, now) };
  return {
    pages: [
      { name: 'inbox', path: '/inbox' },
      { name: 'review', path: '/review/run-1:1' },
    ],
    empty: '/inbox',
    async get(desk, path) {
      const answer = await app.request(`${ORIGIN}${path}`, { headers: { cookie: cookies[desk] } });
      const text = await answer.text();
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${text}`);
    },
  };
}

function depsOver(database: Database): Parameters<typeof createApp>[0] {
  const key = generateSigningKey();
  const log = () => undefined;
  const unused = () => Promise.reject(new Error('pages speak to no run'));
  const tasks: GatewayDeps['tasks'] = {
    start: unused,
    decide: unused,
    send: unused,
    nudge: unused,
    cancel: unused,
    view: async () => undefined,
    describe: unused,
    endedByForce: unused,
    reachable: async () => true,
  };
  return {
    database,
    tasks,
    log,
    policies: policyBook(),
    signer: createSigner(key),
    verifier: createVerifier({ keys: [key.publicKey] }),
    secrets: parseSecretKeys(generateSecretKeys()),
    checkpoints: { list: async () => [] },
    publicUrl: undefined,
    signIn: undefined,
    marks: createMarks(database, log),
  };
}

async function cookieIn(database: Database, tenant: TenantId, now: number): Promise<string> {
  const person = { tenant, subject: REVIEWER, issuer: 'local', claims: null, authTime: now, acr: null };
  return `countersign=${(await createSession(database, { ...person, now })).secret}`;
}

async function ask(database: Database, task: TaskId, askedAt: number): Promise<void> {
  const action = {
    tool: 'bench_pay',
    args: { orderId: task, amountCents: 24_000 },
    readings: {},
    agentText: null,
  };
  const request = {
    goal: 'My parcel never came, I want my 240 dollars back.',
    situation: 'refund',
    readings: {},
    planner: null,
  };
  await submitTask(database, {
    tenant: FULL,
    task,
    agent: AGENT,
    requester: 'mia',
    request,
    requestDigest: labelled('task-request', { task }),
    ready: action,
  });
  const brief = buildBrief(briefInput(task, action.args));
  await database.transaction((tx) =>
    openQuestion(tx, {
      ...NEW_ROUND,
      tenant: FULL,
      task,
      operation: 1,
      generation: 1,
      round: 1,
      status: 'open',
      kind: 'approval',
      reason: null,
      agent: AGENT,
      tool: action.tool,
      toolVersion: '1',
      tier: 3,
      policyHash: HASH,
      verdict: VERDICT,
      digest: labelled('bench', task),
      brief,
      briefDigest: briefDigest(brief),
      fingerprint: null,
      role: 'supervisor',
      roles: ['supervisor'],
      answerBy: askedAt + 24 * HOUR,
      extendableUntil: askedAt + 48 * HOUR,
      askedAt,
    }),
  );
}

const TOOL = {
  facts: { name: 'bench_pay', version: '1', tier: 3, categories: [], hasUndo: false },
  schema: {
    type: 'object',
    properties: { orderId: { type: 'string' }, amountCents: { type: 'integer', exclusiveMinimum: 0 } },
    required: ['orderId', 'amountCents'],
    additionalProperties: false,
  },
} satisfies Parameters<typeof publishTools>[1][number];

const VERDICT: Verdict = {
  level: 'approve',
  tier: 3,
  fired: [
    {
      rule: 'large-money',
      trigger: 'boundary',
      level: 'approve',
      values: { 'action.money.minor': 24_000, limit: 50 },
    },
  ],
  ladder: { rungs: [{ role: 'supervisor', ttlMs: 24 * HOUR, remindAfterMs: null }], fallback: 'deny' },
  reservations: [],
  validityMs: HOUR,
  extendByMs: 24 * HOUR,
  policyHash: HASH,
  policyVersion: 'bench.1',
};

function briefInput(task: TaskId, args: { orderId: string; amountCents: number }): BriefInput {
  return {
    escalation: escalationId(task, 1),
    task,
    tenant: FULL,
    round: 1,
    reason: null,
    kind: 'approval',
    tool: { name: 'bench_pay', version: '1', known: true, hasUndo: false },
    args,
    impact: { money: { minor: 24_000, currency: 'USD' }, payee: 'mia@example.com' },
    description: `Refund USD 240.00 on order ${task}`,
    preview: {
      diff: [{ field: 'refunded', before: 'USD 0.00', after: 'USD 240.00' }],
      evidence: [{ what: 'parcel marked lost', source: 'carrier', at: 0 }],
      alternatives: ['send a replacement'],
      unknowns: [],
    },
    verdict: VERDICT,
    trackRecord: { executed: 18, rejected: 1, failed: 1 },
    workDone: [],
    earlierEffects: [],
    request: 'My parcel never came, I want my 240 dollars back.',
    agentText: 'The customer deserves $240.',
    authority: { requester: 'mia', agent: AGENT, credentials: 'bench', mayDecide: ['supervisor'] },
    session: `${FULL}/${task}`,
  };
}
