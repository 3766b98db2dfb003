import { z } from 'zod';
import {
  decisionReceipt,
  escalationView,
  haltPage,
  haltView,
  inboxPage,
  resultView,
  submitAnswer,
  taskPage,
  taskView,
  type DecisionReceipt,
  type DecisionRequest,
  type EscalationView,
  type HaltPage,
  type HaltRequest,
  type HaltView,
  type InboxPage,
  type ResultView,
  type SubmitAnswer,
  type SubmitRequest,
  type TaskPage,
  type TaskView,
} from '../contract/http.js';
import { journalPage, type EvidenceOf, type JournalPage } from '../contract/http-evidence.js';
import { createAdministration, type Administration } from './administration.js';
import { createAnomalies, type Anomalies } from './anomalies.js';
import { createHooks, type Hooks } from './hooks.js';
import { createSend, onward, part, type ClientOptions, type Send } from './transport.js';
import { createWhoMay, type WhoMay } from './who-may.js';

export type { ClientOptions } from './transport.js';

/** How a page of a list is asked for. */
export interface PageQuery {
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

/** Makes a repeat of the same request harmless; drawn when absent. */
export interface Keyed {
  readonly idempotencyKey?: string | undefined;
}

/** A task as a program submits it; the gateway checks the name. */
export type Submission = Omit<SubmitRequest, 'task'> & { readonly task: string };

/** The gateway, as other programs use it. Every method throws CountersignError with a code of the one table. */
export interface CountersignClient extends Administration, Anomalies, Hooks, WhoMay {
  readonly tasks: {
    /** The task's name is the key of the request: the same again gets the first task. */
    submit(request: Submission): Promise<SubmitAnswer>;
    get(task: string): Promise<TaskView>;
    list(
      query?: PageQuery & { readonly state?: string | undefined; readonly agent?: string | undefined },
    ): Promise<TaskPage>;
    /** Waits up to so many seconds (0 to 60) for the end; a task that still runs has a state that is not COMPLETED or FAILED. */
    result(task: string, options?: { readonly waitSeconds?: number }): Promise<ResultView>;
    cancel(task: string, request: { readonly why: string } & Keyed): Promise<{ readonly task: string }>;
  };
  readonly escalations: {
    list(
      query?: PageQuery & {
        readonly role?: string | undefined;
        readonly mine?: boolean | undefined;
        readonly state?: 'open' | 'closed' | 'all' | undefined;
      },
    ): Promise<InboxPage>;
    get(escalation: string): Promise<EscalationView>;
    /** Decides. `applied` is false when the decision is stored and its run has not taken it yet. */
    decide(escalation: string, request: DecisionRequest, keyed?: Keyed): Promise<DecisionReceipt>;
  };
  readonly halts: {
    set(request: HaltRequest, keyed?: Keyed): Promise<HaltView>;
    list(query?: { readonly state?: 'in-force' | 'lifted' | 'all' | undefined }): Promise<HaltPage>;
    lift(halt: string, request: { readonly why: string } & Keyed): Promise<HaltView>;
  };
  readonly journal: {
    page(
      query?: PageQuery & {
        readonly task?: string | undefined;
        readonly from?: number | undefined;
        readonly to?: number | undefined;
        readonly of?: EvidenceOf | undefined;
      },
    ): Promise<JournalPage>;
    /** Every entry in order, page by page. */
    all(query?: {
      readonly task?: string | undefined;
      readonly from?: number | undefined;
      readonly to?: number | undefined;
      readonly of?: EvidenceOf | undefined;
    }): AsyncGenerator<JournalPage['entries'][number]>;
  };
}

/** A client of the gateway at `url`, acting as the bearer of `token`. */
export function createClient(options: ClientOptions): CountersignClient {
  const send = createSend(options);
  return {
    tasks: createTasks(send),
    escalations: createEscalations(send),
    halts: createHalts(send),
    journal: createJournal(send),
    ...createAnomalies(send),
    ...createWhoMay(send),
    ...createHooks(send),
    ...createAdministration(send),
  };
}

function createTasks(send: Send): CountersignClient['tasks'] {
  return {
    // The task's name is its key: the gateway asks for no other.
    submit: (body) => send({ method: 'POST', path: 'v1/tasks', body, answer: submitAnswer }),
    get: (task) => send({ method: 'GET', path: `v1/tasks/${part(task)}`, answer: taskView }),
    list: (query = {}) => send({ method: 'GET', path: 'v1/tasks', query: { ...query }, answer: taskPage }),
    result: (task, { waitSeconds: wait = 0 } = {}) => {
      const path = `v1/tasks/${part(task)}/result`;
      return send({ method: 'GET', path, query: { wait }, waitMs: wait * 1_000, answer: resultView });
    },
    cancel: (task, { why, idempotencyKey }) => {
      const path = `v1/tasks/${part(task)}/cancel`;
      return send({ method: 'POST', path, body: { why }, idempotencyKey, answer: cancelAnswer });
    },
  };
}

const cancelAnswer = z.object({ task: z.string() });

function createEscalations(send: Send): CountersignClient['escalations'] {
  return {
    list: (query = {}) =>
      send({ method: 'GET', path: 'v1/escalations', query: { ...query }, answer: inboxPage }),
    get: (escalation) =>
      send({ method: 'GET', path: `v1/escalations/${part(escalation)}`, answer: escalationView }),
    decide: (escalation, body, { idempotencyKey } = {}) => {
      const path = `v1/escalations/${part(escalation)}/decisions`;
      return send({ method: 'POST', path, body, idempotencyKey, answer: decisionReceipt });
    },
  };
}

function createHalts(send: Send): CountersignClient['halts'] {
  return {
    set: (body, { idempotencyKey } = {}) =>
      send({ method: 'POST', path: 'v1/halts', body, idempotencyKey, answer: haltView }),
    list: (query = {}) => send({ method: 'GET', path: 'v1/halts', query: { ...query }, answer: haltPage }),
    lift: (halt, { why, idempotencyKey }) => {
      const path = `v1/halts/${part(halt)}/lift`;
      return send({ method: 'POST', path, body: { why }, idempotencyKey, answer: haltView });
    },
  };
}

function createJournal(send: Send): CountersignClient['journal'] {
  const page: CountersignClient['journal']['page'] = (query = {}) =>
    send({ method: 'GET', path: 'v1/journal', query: { ...query }, answer: journalPage });
  return {
    page,
    async *all(query = {}) {
      let cursor: string | undefined;
      do {
        const { entries, next } = await page({ ...query, cursor, limit: 200 });
        yield* entries;
        cursor = onward(cursor, next ?? undefined);
      } while (cursor !== undefined);
    },
  };
}
