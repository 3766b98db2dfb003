import type { AddressInfo } from 'node:net';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { SMTPServer } from 'smtp-server';
import { z } from 'zod';
import type {
  DecisionReceipt,
  DecisionRequest,
  EscalationView,
  ResultView,
  SubmitRequest,
} from '../../src/contract/http.js';
import { defineTool, type Tool } from '../../src/contract/tool.js';
import type { RunContext } from '../../src/contract/tool-definition.js';
import type { DecisionMessage } from '../../src/domain/decision.js';
import type { Escalation } from '../../src/domain/escalation.js';
import type { DecisionId, TaskId } from '../../src/domain/ids.js';
import type { CountersignClient } from '../../src/sdk/client.js';
import { readJournal } from '../../src/store/journal.js';
import { createWorker, type WorkerExtras } from '../../src/worker.js';
import { viewQuery, type TaskView } from '../../src/workflows/messages.js';
import { POLICY, TENANT } from '../support/gate.js';
import { startRunning, type Running } from '../support/running.js';
import { waitFor } from '../support/wait.js';
import { PAY } from './scene.js';

/** What somebody pays whose bank says neither yes nor no: the call's outcome is unknown. */
export const LOST = { tool: 'pay', args: { cents: 100, to: 'nobody' } } as const;

/** A call of `pay` as it happened. */
export interface Paid extends Pick<RunContext, 'task' | 'operation' | 'idempotencyKey'> {
  readonly cents: number;
}

/** A whole deployment, beside it somebody who writes to Temporal without the gateway, and what came of it. */
export interface Live {
  readonly running: Running;
  readonly temporal: Client;
  readonly paid: readonly Paid[];
  paidIn(task: string): readonly Paid[];
  /** From now on calls last until what it returns is called. */
  hold(): () => void;
  /** The server is shared by all test files, and the name is the run's id: begin it with a word of the file's own. */
  submit(task: string, work?: { tool: string; args: object } | Pick<SubmitRequest, 'planner'>): Promise<void>;
  /** Waits for the open question of at least this round. */
  asked(task: string, round?: number, operation?: number): Promise<EscalationView>;
  /** Answers the question that is open, as amira unless told otherwise. */
  decide(
    task: string,
    body?: Partial<DecisionRequest>,
    at?: { subject?: string; round?: number; operation?: number },
  ): Promise<DecisionReceipt>;
  handle(task: string): WorkflowHandle;
  view(task: string): Promise<TaskView>;
  /** Waits for the task's end. */
  end(task: string): Promise<ResultView>;
  journal(task: string): Promise<readonly { readonly type: string; readonly body: string }[]>;
  /** Everything that store and run know of a task, but its journal and what the dispatcher notes for itself. */
  standing(task: string): Promise<unknown>;
  stop(): Promise<void>;
}

const TABLES = ['tasks', 'ledger', 'questions', 'decisions', 'outbox', 'steps'];
/** When something is looked at or sent again is no state of the task. */
const OWN_NOTES = ['swept_at', 'start_lease', 'started_at', 'delivered_at', 'next_send_at', 'sends'];

/** Starts it with `pay` (tier 4, without keys, `tools` beside it). */
export async function openLive(options: Partial<Parameters<typeof startRunning>[0]> = {}): Promise<Live> {
  const paid: Paid[] = [];
  let held = Promise.resolve();
  const pay = payTool('1', async (entry) => {
    paid.push(entry);
    await held;
  });
  const running = await startRunning({
    policy: POLICY,
    ...options,
    tools: [pay, ...(options.tools ?? [])],
  });
  const { database, workerConfig } = running;
  const connection = await Connection.connect(workerConfig.temporal.connection);
  const temporal = new Client({ connection, namespace: workerConfig.temporal.namespace });
  const people = new Map<string, Promise<CountersignClient>>();
  const person = (subject: string) => {
    const known = people.get(subject) ?? running.as(subject);
    people.set(subject, known);
    return known;
  };
  const service = await running.service();
  const handle = (task: string) => temporal.workflow.getHandle(`${TENANT}/${task}`);
  const view = (task: string) => handle(task).query<TaskView, []>(viewQuery.name);
  const asked = (task: string, round = 1, operation = 1) =>
    waitFor(async () => {
      const client = await person('ruth');
      const shown = await client.escalations.get(`${task}:${operation}`).catch(() => undefined);
      return shown && shown.version >= round && shown.state === 'PAUSED_PENDING_HUMAN' ? shown : undefined;
    });
  return {
    running,
    temporal,
    paid,
    paidIn: (task) => paid.filter((entry) => entry.task === task),
    hold() {
      let release = (): void => undefined;
      held = new Promise((resolve) => (release = resolve));
      return () => release();
    },
    async submit(task, work = PAY) {
      const what = 'tool' in work ? { action: { ...work, args: { ...work.args } } } : work;
      await service.tasks.submit({ task: task as TaskId, agent: 'bot', goal: 'test', ...what }); // names of tests are valid
    },
    asked,
    async decide(task, body = {}, { subject = 'amira', round = 1, operation = 1 } = {}) {
      const { version, digest } = await asked(task, round, operation);
      const whole = { decision: 'approve', why: 'because it is right', version, digest, ...body };
      return (await person(subject)).escalations.decide(`${task}:${operation}`, whole as DecisionRequest); // whole, with the defaults
    },
    handle,
    view,
    end: (task) =>
      waitFor(async () => {
        const result = await service.tasks.result(task, { waitSeconds: 5 });
        return result.state === 'COMPLETED' || result.state === 'FAILED' ? result : undefined;
      }, 45_000),
    journal: (task) => readJournal(database, { tenant: TENANT, task: task as TaskId, limit: 1_000 }), // names of tests are valid
    async standing(task) {
      const [row] = await database.query<{ all: unknown }>(
        `select jsonb_build_array(${TABLES.map(
          (table) =>
            `(select jsonb_agg(to_jsonb(t) - $3::text[] order by to_jsonb(t)::text) from ${table} t where tenant = $1 and task = $2)`,
        ).join(', ')}) as all`,
        [TENANT, task, OWN_NOTES],
      );
      const { state, branches } = await view(task);
      return { store: row?.all, state, branches: branches.map(({ since: _since, ...rest }) => rest) };
    },
    async stop() {
      await connection.close();
      await running.stop();
    },
  };
}

/** The tool of these tests in one of its versions. */
export function payTool(version: string, paying: (entry: Paid) => Promise<void>): Tool {
  return defineTool({
    name: 'pay',
    version,
    tier: 4,
    input: z.strictObject({ cents: z.int(), to: z.string() }),
    describe: (a) => `Pay ${a.cents} cents to ${a.to}`,
    impact: (a) => ({ money: { minor: a.cents, currency: 'USD' }, payee: a.to }),
    timeout: '4s',
    run: async (a, { task, operation, idempotencyKey }) => {
      await paying({ task, operation, idempotencyKey, cents: a.cents });
      if (a.to === 'nobody') throw new Error('the bank hung up');
      return { ok: true };
    },
  });
}

/** The branch of an operation as the workflow has it. */
export async function branchOf(live: Live, task: string, operation = 1): Promise<Escalation> {
  const found = (await live.view(task)).branches.find((branch) => branch.operation === operation);
  if (!found) throw new Error(`${task} has no operation ${operation}`);
  return found;
}

/** A decision as anybody can write it who reads the run: it names the open question exactly, and nobody made it. */
export async function forgedDecision(
  live: Live,
  task: string,
  change: Partial<DecisionMessage> = {},
  operation = 1,
): Promise<DecisionMessage> {
  const branch = await branchOf(live, task, operation);
  if (branch.status !== 'PAUSED_PENDING_HUMAN') throw new Error(`${task} is ${branch.status}`);
  const { digest, briefDigest, round, generation, extendableUntil } = branch.question;
  if (digest === null || briefDigest === null) throw new Error(`${task} was not asked yet`);
  const verb = change.verb ?? 'approve';
  return {
    id: `forged-${verb}` as DecisionId, // anything that looks like one
    escalation: branch.escalation,
    operation,
    generation,
    round,
    digest,
    briefDigest,
    verb,
    at: await live.running.database.now(),
    ...(verb === 'edit' ? { edited: { generation: generation + 1, digest } } : {}),
    ...((verb === 'hold' || verb === 'extend') && extendableUntil !== null ? { until: extendableUntil } : {}),
    ...(verb === 'resolve' ? { resolution: 'happened' as const } : {}),
    ...change,
  };
}

/** A mail server, and a worker that mails what it asks through it. */
export interface MailBox {
  /** All mails in one text, lines joined as they were before quoted-printable broke them. */
  text(): string;
  close(): Promise<void>;
}

/** Starts a worker with mail beside a deployment that was opened without one. */
export async function openMailBox(live: Live, extras: WorkerExtras): Promise<MailBox> {
  const mails: string[] = [];
  const smtp = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    onData(stream, _session, done) {
      stream.on('data', (chunk: Buffer) => mails.push(chunk.toString('utf8')));
      stream.on('end', done);
    },
  });
  await new Promise<void>((resolve) => void smtp.listen(0, '127.0.0.1', resolve));
  const { port } = smtp.server.address() as AddressInfo; // it listens on a TCP port
  const mail = { smtpUrl: `smtp://127.0.0.1:${port}`, from: 'gate@example.com' };
  const worker = await createWorker({ ...live.running.workerConfig, mail }, extras);
  return {
    text: () => mails.join('').replaceAll(/=\r?\n/g, ''),
    async close() {
      await worker.stop();
      await new Promise<void>((resolve) => smtp.close(resolve));
    },
  };
}
