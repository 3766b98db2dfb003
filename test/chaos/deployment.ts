import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { expect } from 'vitest';
import type {
  DecisionReceipt,
  DecisionRequest,
  EscalationView,
  ResultView,
} from '../../src/contract/http.js';
import { verifyJournal } from '../../src/contract/journal-verify.js';
import { createVerifier, parseKeySet } from '../../src/contract/sign.js';
import type { TaskId } from '../../src/domain/ids.js';
import { createClient, type CountersignClient } from '../../src/sdk/client.js';
import { readJournal } from '../../src/store/journal.js';
import { callsOf, type LedgerRow } from '../../src/store/ledger.js';
import { createToken } from '../../src/store/tokens.js';
import { viewQuery, type TaskView } from '../../src/workflows/messages.js';
import { readFileSync } from 'node:fs';
import { TENANT } from '../support/gate.js';
import { startRunning, type Running } from '../support/running.js';
import { waitFor } from '../support/wait.js';
import type { WorkerOrders } from './orders.js';
import { startVictimWorker, type Victim } from './victim.js';
import { readBook, WORLD_POLICY, type Entry } from './world.js';

/** A deployment whose workers are processes of their own, over a world that is a file. */
export interface Deployment {
  readonly running: Running;
  readonly book: string;
  readonly temporal: Client;
  worker(orders?: Partial<WorkerOrders>): Promise<Victim>;
  /** Submits a ready-made call, or several that a planner proposes, one step each. */
  submit(task: string, tools: string | readonly string[], url?: string): Promise<void>;
  /** A token's holder at a gateway; this process's one unless another is named. */
  person(subject: string, url?: string): Promise<CountersignClient>;
  /** Waits for the open question of at least this round about a task's first operation. */
  asked(task: string, round?: number): Promise<EscalationView>;
  /** Answers the question that is open, as amira unless told otherwise. */
  decide(
    task: string,
    body: Partial<DecisionRequest>,
    at?: { subject?: string; url?: string; key?: string; round?: number },
  ): Promise<DecisionReceipt>;
  /** Answers a question that was read before, without reading it again. */
  answer(
    question: EscalationView,
    body: Partial<DecisionRequest>,
    at?: { subject?: string; url?: string; key?: string },
  ): Promise<DecisionReceipt>;
  /** Waits for the task's end, whatever it is. */
  end(task: string): Promise<ResultView>;
  effects(task: string): readonly Entry[];
  calls(task: string): readonly Entry[];
  undone(task: string): readonly Entry[];
  /** The live state, as the task's workflow answers it. */
  view(task: string): Promise<TaskView>;
  /** The types of a task's journal entries, in order. */
  journal(task: string): Promise<readonly string[]>;
  ledger(task: string): Promise<readonly LedgerRow[]>;
  stop(): Promise<void>;
}

/** Starts gateway, database and a queue; workers come with `worker()`. */
export async function deploy(options: Partial<Parameters<typeof startRunning>[0]> = {}): Promise<Deployment> {
  const running = await startRunning({ tools: [], policy: WORLD_POLICY, worker: false, ...options });
  const { database, workerConfig } = running;
  const book = join(workerConfig.dataDir, 'world.jsonl');
  const connection = await Connection.connect(workerConfig.temporal.connection);
  const temporal = new Client({ connection, namespace: workerConfig.temporal.namespace });
  const made = new Map<string, CountersignClient>();
  const person = async (subject: string, url = running.url) => {
    const known = made.get(`${subject} ${url}`);
    if (known) return known;
    const now = await database.now();
    const token = await createToken(database, {
      tenant: TENANT,
      kind: 'personal',
      subject,
      issuer: 'tests',
      scopes: [],
      now,
      ttlMs: 3_600_000,
    });
    if (!token) throw new Error('a token of that id exists');
    // No repeats of its own: what is to happen must happen without the client's help.
    const client = createClient({ url, token: token.token, retries: 0 });
    made.set(`${subject} ${url}`, client);
    return client;
  };
  const service = await running.service();
  const asked = (task: string, round = 1) =>
    waitFor(async () => {
      const shown = await (await person('ruth')).escalations.get(`${task}:1`).catch(() => undefined);
      return shown && shown.version >= round && shown.state === 'PAUSED_PENDING_HUMAN' ? shown : undefined;
    });
  const answer: Deployment['answer'] = async (question, body, { subject = 'amira', url, key } = {}) => {
    const { escalation, version, digest } = question;
    const request = { decision: 'approve', why: 'because it is right', version, digest, ...body };
    return (await person(subject, url)).escalations.decide(
      escalation,
      request as DecisionRequest, // whole, with the defaults
      key === undefined ? {} : { idempotencyKey: key },
    );
  };
  const book_ = (kind: Entry['kind'], task: string) =>
    readBook(book).filter((entry) => entry.kind === kind && entry.task === task);
  return {
    running,
    book,
    temporal,
    worker: (orders = {}) => startVictimWorker({ config: workerConfig, book, ...orders }),
    async submit(task, tools, url) {
      const call = (tool: string, index = 0) => ({ tool, args: { n: index + 1 } });
      const work =
        typeof tools === 'string'
          ? { action: call(tools) }
          : {
              planner: {
                name: 'scripted',
                input: { steps: tools.map((tool, index) => ({ calls: [call(tool, index)] })) },
              },
            };
      const client = url === undefined ? service : await person('rita', url);
      await client.tasks.submit({ task: task as TaskId, agent: 'bot', goal: 'test', ...work });
    },
    person,
    asked,
    answer,
    decide: async (task, body, { round = 1, ...at } = {}) => answer(await asked(task, round), body, at),
    end: (task) =>
      waitFor(async () => {
        const result = await service.tasks.result(task, { waitSeconds: 5 });
        return result.state === 'COMPLETED' || result.state === 'FAILED' ? result : undefined;
      }, 45_000),
    effects: (task) => book_('effect', task),
    calls: (task) => book_('call', task),
    undone: (task) => book_('undone', task),
    view: (task) => temporal.workflow.getHandle(`${TENANT}/${task}`).query<TaskView, []>(viewQuery.name),
    journal: async (task) =>
      (await readJournal(database, { tenant: TENANT, task: task as TaskId, limit: 1_000 })).map(
        (row) => row.type,
      ),
    ledger: (task) => callsOf(database, TENANT, task as TaskId),
    async stop() {
      await connection.close();
      await running.stop();
    },
  };
}

/**
 * What must hold at any end: per key no effect twice; a call that the ledger calls done had its effect, one that it calls unknown had it or
 * not, any other had none; whoever called again gave the same key; the journal's chain is whole and knows of no doubled call.
 */
export async function expectSound(deployment: Deployment, task: string): Promise<void> {
  const { running, effects, calls } = deployment;
  const ledger = await deployment.ledger(task);
  expect(ledger.length).toBeGreaterThan(0);
  // What an operation means since it was edited; nothing that it meant before may have run either.
  const latest = new Map(ledger.map((row) => [row.operation, row]));
  for (const { operation, status } of latest.values()) {
    const count = effects(task).filter((entry) => entry.operation === operation).length;
    if (status === 'done') expect(count, `effects of ${task}:${operation}`).toBe(1);
    else if (status === 'unknown' || status === 'left') expect(count).toBeLessThanOrEqual(1);
    else expect(count, `effects of ${task}:${operation}, ${status}`).toBe(0);
    const keys = new Set(
      calls(task)
        .filter((entry) => entry.operation === operation)
        .map((entry) => entry.key),
    );
    expect(keys.size).toBeLessThanOrEqual(1);
  }
  const entries = await readJournal(running.database, { tenant: TENANT, task: task as TaskId, limit: 1_000 });
  const verifier = createVerifier(
    parseKeySet(readFileSync(running.workerConfig.verifyKeysFile ?? '', 'utf8')),
  );
  expect(verifyJournal({ entries, checkpoints: [], verifier })).toMatchObject({ ok: true });
  expect(entries.map((entry) => entry.type)).not.toContain('call-doubled');
}
