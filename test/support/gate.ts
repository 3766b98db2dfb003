import { z } from 'zod';
import { ask } from '../../src/activities/ask.js';
import type { AskResult, ExecuteResult } from '../../src/activities/api.js';
import { execute } from '../../src/activities/execute.js';
import { policyShelf } from '../../src/activities/policy-shelf.js';
import type { ActivityDeps } from '../../src/activities/ports.js';
import type { TaskClient } from '../../src/client/task-client.js';
import { decisionId, labelled } from '../../src/contract/digest.js';
import { generateSecretKeys, parseSecretKeys } from '../../src/contract/seal.js';
import { createSigner, createVerifier, generateSigningKey } from '../../src/contract/sign.js';
import { defineTool, type Tool } from '../../src/contract/tool.js';
import type { DecisionRequest } from '../../src/contract/http.js';
import {
  escalationId,
  type DecisionId,
  type HaltId,
  type TaskId,
  type TenantId,
} from '../../src/domain/ids.js';
import type { Json } from '../../src/domain/action.js';
import { policyBook } from '../../src/gateway.js';
import type { GatewayDeps } from '../../src/gateway/deps.js';
import { createMarks } from '../../src/gateway/marks.js';
import { storeDecision } from '../../src/gateway/store-decision.js';
import { loadPolicy } from '../../src/policy/load.js';
import { openDatabase, type Database } from '../../src/store/database.js';
import { EVERY_TENANT, setHalt, type HaltScope } from '../../src/store/halts.js';
import { activatePolicy } from '../../src/store/policies.js';
import { submitTask } from '../../src/store/tasks.js';
import type { Bearer } from '../../src/store/tokens.js';
import { testDatabase } from './stack.js';

/** The tenant of these tests. */
export const TENANT = 'acme' as TenantId; // a valid name

/** The policy unless a test gives its own. */
export const POLICY = `
version: "1"
owner: tests
agents:
  bot: { owner: director, tools: [pay, note, look] }
roles:
  supervisor: { members: [amira, joon], backup: director }
  director: { members: [ruth, tomas] }
defaults: { route: supervisor }
limits:
  - { id: daily, per: [agent, day], currency: USD, minor: 50000 }
`;

/** One call a tool took, as it happened. */
export interface Effect {
  readonly tool: string;
  readonly key: string;
  readonly task: string;
}

/** A gate without Temporal: store, activities and the gateway's storing, over a database of its own. */
export interface Gate {
  readonly database: Database;
  readonly deps: ActivityDeps;
  readonly gateway: GatewayDeps;
  readonly effects: readonly Effect[];
  /** From now on calls last until what it returns is called. */
  hold(): () => void;
  submit(task: string, call: { tool: string; args: Json }): Promise<TaskId>;
  ask(
    task: TaskId,
    at?: { round?: number; rung?: number; generation?: number; reason?: Parameters<typeof ask>[1]['reason'] },
  ): Promise<AskResult>;
  decide(task: TaskId, subject: string, body: Partial<DecisionRequest>, key?: string): Promise<DecisionId>;
  execute(
    task: TaskId,
    decisions: readonly DecisionId[],
    at?: { round?: number; generation?: number; completes?: true },
  ): Promise<ExecuteResult>;
  halt(scope: HaltScope, target: string, id?: string): Promise<void>;
  close(): Promise<void>;
}

/** The tools of these tests: `pay` is tier 4 and without keys, `note` tier 1 with an amount, `look` tier 1. */
function toolbox(effects: Effect[], held: () => Promise<void>): ReadonlyMap<string, Tool> {
  const effect =
    (tool: string) =>
    async (_args: unknown, { idempotencyKey, task }: { idempotencyKey: string; task: string }) => {
      effects.push({ tool, key: idempotencyKey, task });
      await held();
      return { ok: true };
    };
  const input = z.strictObject({ cents: z.int(), to: z.string() });
  const impact = (a: { cents: number; to: string }) => ({
    money: { minor: a.cents, currency: 'USD' },
    payee: a.to,
  });
  const describe = (a: { cents: number; to: string }) => `Pay ${a.cents} cents to ${a.to}`;
  const tools = [
    defineTool({
      name: 'pay',
      version: '1',
      tier: 4,
      input,
      describe,
      impact,
      timeout: '5s',
      run: effect('pay'),
    }),
    defineTool({
      name: 'note',
      version: '1',
      tier: 2,
      input,
      describe,
      impact,
      timeout: '5s',
      run: effect('note'),
    }),
    defineTool({
      name: 'look',
      version: '1',
      tier: 1,
      input: z.strictObject({}),
      describe: () => 'Look',
      timeout: '5s',
      run: effect('look'),
    }),
  ];
  return new Map(tools.map((tool) => [tool.name, tool]));
}

/** Opens a gate. `connections` bounds the pool, so that racing callers have one each. */
export async function openGate(
  options: { policy?: string; connections?: number; tools?: readonly Tool[] } = {},
): Promise<Gate> {
  const { url } = await testDatabase();
  const database = openDatabase({ url, maxConnections: options.connections ?? 8 });
  const loaded = loadPolicy(options.policy ?? POLICY);
  if (!('policy' in loaded)) throw new Error(JSON.stringify(loaded));
  const { policy } = loaded;
  await activatePolicy(database, {
    tenant: TENANT,
    hash: policy.hash,
    version: policy.version,
    source: options.policy ?? POLICY,
    author: 'tests',
  });
  const key = generateSigningKey();
  const verifier = createVerifier({ keys: [key.publicKey] });
  const secrets = parseSecretKeys(generateSecretKeys());
  const effects: Effect[] = [];
  let held = Promise.resolve();
  const tools = new Map([
    ...toolbox(effects, () => held),
    ...(options.tools ?? []).map((tool) => [tool.name, tool] as const),
  ]);
  const deps: ActivityDeps = {
    database,
    policies: policyShelf(),
    tools,
    planners: {},
    verifier,
    secrets,
    channels: [],
    log: () => undefined,
  };
  const marks = createMarks(database, () => undefined);
  const gateway: GatewayDeps = {
    database,
    tasks: nobody,
    marks,
    policies: policyBook(),
    signer: createSigner(key),
    verifier,
    secrets,
    checkpoints: { list: () => Promise.resolve([]) },
    publicUrl: undefined,
    signIn: undefined,
    log: () => undefined,
  };
  const carry = (task: TaskId) => ({ tenant: TENANT, task, runId: `run-${task}`, events: [] });
  return {
    database,
    deps,
    gateway,
    effects,
    hold() {
      let release = (): void => undefined;
      held = new Promise((resolve) => (release = resolve));
      return () => release();
    },
    async submit(name, { tool, args }) {
      const task = name as TaskId; // names of tests are valid
      const request = { goal: 'test', situation: 'test', readings: {}, planner: null };
      const ready = { tool, args, readings: {}, agentText: null };
      await submitTask(database, {
        tenant: TENANT,
        task,
        agent: 'bot',
        requester: 'rita',
        request,
        requestDigest: labelled('request', args),
        ready,
      });
      return task;
    },
    ask: (task, at = {}) =>
      ask(deps, {
        ...carry(task),
        operation: 1,
        generation: at.generation ?? 1,
        round: at.round ?? 1,
        rung: at.rung ?? 0,
        reason: at.reason ?? null,
      }),
    async decide(task, subject, body, idempotencyKey = `${subject}-${body.decision ?? 'approve'}`) {
      const [row] = await database.query<{ round: number; digest: string }>(
        "select round, digest from questions where tenant = $1 and task = $2 and operation = 1 and status <> 'permitted' order by round desc limit 1",
        [TENANT, task],
      );
      const bearer: Bearer = {
        via: 'hook', // with no token of its own that could end
        tokenId: subject,
        tenant: TENANT,
        kind: 'personal',
        subject,
        issuer: 'tests',
        scopes: [],
        claims: null,
        authTime: null,
        acr: null,
        policyHash: null, // a decision reads which one is in force
      };
      const id = decisionId({
        tenant: TENANT,
        escalation: escalationId(task, 1),
        issuer: 'tests',
        subject,
        key: idempotencyKey,
      });
      const whole = {
        decision: 'approve',
        why: 'because it is right',
        version: row?.round ?? 1,
        digest: row?.digest ?? '',
        ...body,
      } as DecisionRequest; // what the HTTP edge would have parsed
      const stored = await storeDecision(gateway, {
        bearer,
        task,
        operation: 1,
        body: whole,
        id,
        requestDigest: labelled('body', whole as unknown as Json),
        channel: 'api',
      }); // JSON by construction
      return stored.row.id;
    },
    execute: (task, decisions, at = {}) =>
      execute(deps, {
        ...carry(task),
        operation: 1,
        generation: at.generation ?? 1,
        round: at.round ?? 1,
        decisions,
        resolution: null,
        ...(at.completes && { completes: true }),
      }),
    async halt(scope, target, id = `halt-${scope}-${target}`) {
      await setHalt(database, {
        id: id as HaltId,
        scope,
        tenant: scope === 'all' ? EVERY_TENANT : TENANT,
        target,
        why: 'test',
        whySalt: 'salt',
        by: 'ruth',
        role: 'director',
        sign: () => 'unsigned',
      }); // ids of tests are valid
    },
    async close() {
      await marks.flush();
      await database.close();
    },
  };
}

const nobody: TaskClient = {
  start: () => Promise.resolve({ kind: 'unreachable' }),
  decide: () => Promise.resolve({ kind: 'pending', sent: false }),
  send: () => Promise.resolve({ kind: 'pending', sent: false }),
  nudge: () => Promise.resolve('unreachable'),
  cancel: () => Promise.resolve('unreachable'),
  view: () => Promise.resolve(undefined),
  describe: () => Promise.resolve({ kind: 'unreachable' }),
  endedByForce: () => Promise.resolve([]),
  reachable: () => Promise.resolve(false),
};
