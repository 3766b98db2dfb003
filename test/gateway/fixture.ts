import { createApp } from '../../src/gateway/app.js';
import type { TaskClient } from '../../src/client/task-client.js';
import { generateSecretKeys, parseSecretKeys } from '../../src/contract/seal.js';
import { createSigner, createVerifier, generateSigningKey } from '../../src/contract/sign.js';
import type { TenantId } from '../../src/domain/ids.js';
import { policyBook } from '../../src/gateway.js';
import { createMarks } from '../../src/gateway/marks.js';
import type { GatewayDeps } from '../../src/gateway/deps.js';
import { policyHash } from '../../src/policy/load.js';
import { openDatabase, type Clock, type Database } from '../../src/store/database.js';
import { activatePolicy } from '../../src/store/policies.js';
import { createToken, type NewToken } from '../../src/store/tokens.js';
import { publishTools } from '../../src/store/tools.js';
import { testDatabase } from '../support/stack.js';

export const TENANT = 'acme' as TenantId; // test data

/** Roles: supervisor (amira, joon), director (ruth, tomas), security (sven, ruth). Directors set halts, both lift them. */
export const POLICY = `version: "2026-11-21.1"
owner: support-platform
agents:
  support: { owner: director, tools: [issue_refund, send_key], situations: [refund] }
roles:
  supervisor: { members: [amira, joon], backup: director }
  director: { members: [ruth, tomas] }
  security: { members: [sven, ruth] }
halts: { set: [director], lift: [director, security] }
`;

/** A client of Temporal that applies every decision, unless a test says otherwise; it notes what it was told. */
export interface FakeTasks extends TaskClient {
  readonly told: string[];
  answer: Partial<TaskClient>;
}

function fakeTasks(): FakeTasks {
  const told: string[] = [];
  const fake: FakeTasks = {
    told,
    answer: {},
    async start(input) {
      told.push(`start ${input.task}`);
      return fake.answer.start?.(input) ?? { kind: 'started', runId: 'run-1' };
    },
    async decide(ref, message) {
      told.push(`decide ${message.verb} ${ref.task}`);
      return fake.answer.decide?.(ref, message) ?? { kind: 'applied', state: 'RESUMING' };
    },
    async send(ref, message) {
      told.push(`send ${message.verb} ${ref.task}`);
      return { kind: 'pending', sent: true };
    },
    async nudge(ref) {
      told.push(`nudge ${ref.task}`);
      return 'told';
    },
    async cancel(ref) {
      told.push(`cancel ${ref.task}`);
      return fake.answer.cancel?.(ref) ?? 'told';
    },
    async view(ref) {
      return fake.answer.view?.(ref);
    },
    async describe() {
      return { kind: 'missing' };
    },
    async endedByForce() {
      return [];
    },
    async reachable() {
      return fake.answer.reachable?.() ?? true;
    },
  };
  return fake;
}

/** Everything a test of the gateway uses. */
export interface Gate {
  readonly database: Database;
  readonly deps: GatewayDeps;
  /** The app itself, for tests that need a socket. */
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** Another gateway over the same database, with other things to work with. */
  readonly appOf: (deps: GatewayDeps) => (request: Request) => Response | Promise<Response>;
  readonly tasks: FakeTasks;
  readonly logged: { level: string; event: string; fields: unknown }[];
  readonly reached: string[];
  /** A new token's text. */
  token(subject: string, rest?: Partial<NewToken>): Promise<string>;
  /** Forgets what was told, reached and logged, and how the fake answers. */
  reset(): void;
  /** A request with a token and a JSON body; a text body is sent as it is. */
  request(
    method: string,
    path: string,
    token: string | null,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  close(): Promise<void>;
}

/** A response with its JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of many shapes
  readonly json: any;
}

/**
 * A gateway over a database of its own, with the policy active and two tools published. `over` replaces some of what it works with, such as
 * where people sign in.
 */
export async function openGate(
  over: Partial<GatewayDeps> & { readonly policy?: string; readonly clock?: Clock } = {},
): Promise<Gate> {
  const { policy = POLICY, clock, ...replaced } = over;
  const { url } = await testDatabase();
  const database = openDatabase({ url, ...(clock && { clock }) });
  const tasks = fakeTasks();
  const key = generateSigningKey();
  const logged: Gate['logged'] = [];
  const reached: string[] = [];
  const log: GatewayDeps['log'] = (level, event, fields) => logged.push({ level, event, fields });
  const marks = createMarks(database, log, 5);
  const deps: GatewayDeps = {
    database,
    tasks,
    marks,
    policies: policyBook(),
    signer: createSigner(key),
    verifier: createVerifier({ keys: [key.publicKey] }),
    secrets: parseSecretKeys(generateSecretKeys()),
    checkpoints: { list: async () => [] },
    publicUrl: undefined,
    signIn: undefined,
    log,
    point: async (name) => void reached.push(name),
    ...replaced,
  };
  const app = createApp(deps);
  await activatePolicy(database, {
    tenant: TENANT,
    hash: policyHash(policy),
    version: '1',
    source: policy,
    author: 'ruth',
  });
  await publishTools(database, TOOLS, await database.now());
  return {
    database,
    deps,
    fetch: (request) => app.fetch(request),
    appOf: (other) => createApp(other).fetch,
    tasks,
    logged,
    reached,
    async token(subject, rest = {}) {
      const made = await createToken(database, {
        tenant: TENANT,
        kind: 'personal',
        subject,
        issuer: 'local',
        scopes: [],
        now: await database.now(),
        ttlMs: 3_600_000,
        ...rest,
      });
      return made.token;
    },
    async request(method, path, token, body, headers = {}) {
      const sent = new Headers(headers);
      if (token !== null) sent.set('authorization', `Bearer ${token}`);
      if (body !== undefined && !sent.has('content-type')) sent.set('content-type', 'application/json');
      const init: RequestInit = { method, headers: sent };
      if (body !== undefined) init.body = typeof body === 'string' ? body : JSON.stringify(body);
      const response = await app.request(path, init);
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        json: text === '' ? null : JSON.parse(text),
      };
    },
    reset() {
      tasks.answer = {};
      for (const list of [tasks.told, reached, logged]) list.length = 0;
    },
    async close() {
      await marks.flush();
      await database.close();
    },
  };
}

const TOOLS = [
  {
    facts: { name: 'issue_refund', version: '1', tier: 4, categories: ['money'], hasUndo: false },
    schema: {
      type: 'object',
      properties: { orderId: { type: 'string' }, amountCents: { type: 'integer', exclusiveMinimum: 0 } },
      required: ['orderId', 'amountCents'],
      additionalProperties: false,
    },
  },
  {
    facts: { name: 'send_key', version: '1', tier: 3, categories: [], hasUndo: false },
    schema: {
      type: 'object',
      properties: { to: { type: 'string' }, key: { type: 'string', minLength: 8, 'x-secret': true } },
      required: ['to', 'key'],
      additionalProperties: false,
    },
  },
] satisfies Parameters<typeof publishTools>[1];
