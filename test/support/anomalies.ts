import { ask } from '../../src/activities/ask.js';
import { execute } from '../../src/activities/execute.js';
import type { AskResult, ExecuteResult } from '../../src/activities/api.js';
import type { ActivityDeps, Log } from '../../src/activities/ports.js';
import { labelled } from '../../src/contract/digest.js';
import type { AnomalyView, CloseRequest } from '../../src/contract/http-anomalies.js';
import { createApp } from '../../src/gateway/app.js';
import type { TaskId, TenantId } from '../../src/domain/ids.js';
import type { Database } from '../../src/store/database.js';
import { readJournal } from '../../src/store/journal.js';
import { findQuestion } from '../../src/store/questions.js';
import { submitTask } from '../../src/store/tasks.js';
import { createToken, type NewToken } from '../../src/store/tokens.js';
import { openGate, TENANT, type Gate } from './gate.js';

/** `odd` asks about payees called odd, which would only be noticed else; ruth and tomas own the agent. */
export const POLICY = `
version: "1"
owner: tests
agents:
  bot: { owner: director, tools: [pay, note, look] }
roles:
  supervisor: { members: [amira, joon], backup: director }
  director: { members: [ruth, tomas] }
rules:
  - { id: odd, trigger: anomaly, when: "action.payee == 'odd'", level: approve, route: supervisor }
limits:
  - { id: daily, per: [agent, day], currency: USD, minor: 50000000 }
`;

/** What `odd` fires on. */
export const ODD = { tool: 'note', args: { cents: 1, to: 'odd' } };

/** One task, as somebody submits it. */
export interface Submitted {
  readonly requester?: string;
  readonly situation?: string;
  readonly tenant?: TenantId;
  readonly call?: { readonly tool: string; readonly args: { readonly cents: number; readonly to: string } };
}

/** A response with its JSON. */
interface Answer {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of many shapes
  readonly json: any;
}

/** A gate whose HTTP side can be asked too. */
export interface AnomalyGate {
  readonly gate: Gate;
  /** Of the worker's log. */
  readonly logged: { level: string; event: string }[];
  submit(task: string, submitted?: Submitted): Promise<TaskId>;
  ask(task: TaskId, at?: { round?: number; deps?: ActivityDeps }): Promise<AskResult>;
  /** Submits and asks: what came of it. */
  meet(task: string, submitted?: Submitted): Promise<AskResult['kind']>;
  execute(task: TaskId): Promise<ExecuteResult>;
  token(subject: string, more?: Partial<NewToken>): Promise<string>;
  /** The only class of a situation, among the newest. */
  classOf(situation: string, among?: number): Promise<AnomalyView>;
  list(by: string, query?: string): Promise<Answer>;
  close(by: string, anomaly: string, body?: Partial<CloseRequest>, key?: string): Promise<Answer>;
  journal(task: string): Promise<readonly { type: string; body: string; texts: string | null }[]>;
  fired(task: string): Promise<readonly { rule: string; level: string; values: object }[]>;
  readonly deps: ActivityDeps;
  /** The gateway itself, for a test that needs a socket. */
  readonly fetch: (request: Request) => Response | Promise<Response>;
  stop(): Promise<void>;
}

/** Opens one; `by` is a subject with a personal token, or a token's text. */
export async function openAnomalyGate(options: { policy?: string } = {}): Promise<AnomalyGate> {
  const gate = await openGate({ policy: options.policy ?? POLICY });
  const { database } = gate;
  const logged: AnomalyGate['logged'] = [];
  const log: Log = (level, event) => void logged.push({ level, event });
  const deps = { ...gate.deps, log };
  const app = createApp(gate.gateway);
  const tokens = new Map<string, string>();
  const token: AnomalyGate['token'] = async (subject, more) => {
    const made = {
      tenant: TENANT,
      kind: 'personal',
      subject,
      issuer: 'tests',
      scopes: [],
      ttlMs: 60_000_000,
    } as const;
    return (await createToken(database, { ...made, now: await database.now(), ...more })).token;
  };
  async function request(
    by: string,
    method: string,
    path: string,
    body?: object,
    key?: string,
  ): Promise<Answer> {
    if (!by.startsWith('cs') && !tokens.has(by)) tokens.set(by, await token(by));
    const headers = {
      authorization: `Bearer ${tokens.get(by) ?? by}`,
      'content-type': 'application/json',
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    };
    const sent = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const response = await app.request(path, sent);
    return { status: response.status, json: await response.json() };
  }
  const carry = (task: TaskId) => ({ tenant: TENANT, task, runId: `run-${task}`, events: [] });
  const submit: AnomalyGate['submit'] = async (name, submitted = {}) => {
    const { requester = 'rita', situation = 'test', tenant = TENANT, call = ODD } = submitted;
    const task = name as TaskId; // names of tests are valid
    const request = { goal: 'test', situation, readings: {}, planner: null };
    const ready = { ...call, readings: {}, agentText: null };
    const requestDigest = labelled('request', name);
    await submitTask(database, { tenant, task, agent: 'bot', requester, request, requestDigest, ready });
    return task;
  };
  const asking: AnomalyGate['ask'] = (task, at = {}) =>
    ask(at.deps ?? deps, {
      ...carry(task),
      operation: 1,
      generation: 1,
      round: at.round ?? 1,
      rung: 0,
      reason: null,
    });
  const list: AnomalyGate['list'] = (by, query = 'state=all') => request(by, 'GET', `/v1/anomalies?${query}`);
  return {
    gate,
    logged,
    deps,
    fetch: (sent) => app.fetch(sent),
    submit,
    ask: asking,
    meet: async (name, submitted) => (await asking(await submit(name, submitted))).kind,
    execute: (task) =>
      execute(deps, {
        ...carry(task),
        operation: 1,
        generation: 1,
        round: 1,
        decisions: [],
        resolution: null,
      }),
    token,
    async classOf(situation, among = 200) {
      const { json } = await list('ruth', `state=all&limit=${among}`);
      const found = (json.anomalies as AnomalyView[]).filter((each) => each.situation === situation); // of our own gateway
      if (found.length !== 1 || !found[0]) throw new Error(`${found.length} classes in ${situation}`);
      return found[0];
    },
    list,
    close: (by, anomaly, body = {}, key) =>
      request(
        by,
        'POST',
        `/v1/anomalies/${anomaly}/close`,
        { as: 'expected', learnt: 'it is their bank', ...body },
        key,
      ),
    journal: (task) => readJournal(database, { tenant: TENANT, task: task as TaskId, limit: 1_000 }), // names of tests are valid
    async fired(task) {
      const ref = { tenant: TENANT, task: task as TaskId, operation: 1, generation: 1, round: 1 }; // names of tests are valid
      return (await findQuestion(database, ref))?.verdict.fired ?? [];
    },
    stop: () => gate.close(),
  };
}

/** The same database, of which the clock goes ahead. */
export function ahead(database: Database, ms: number): Database {
  const later = <Clock extends { now(): Promise<number> }>(clock: Clock): Clock => ({
    ...clock,
    now: async () => (await clock.now()) + ms,
  });
  return {
    ...later(database),
    reads: (work) => database.reads((queries) => work(later(queries))),
    transaction: (work) => database.transaction((tx) => work(later(tx))),
  };
}
