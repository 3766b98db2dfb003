import { afterEach, beforeEach, expect, it } from 'vitest';
import { smtpNotifier } from '../../src/activities/adapters/smtp.js';
import { ask } from '../../src/activities/ask.js';
import type { DispatcherDeps } from '../../src/dispatcher/deps.js';
import { startDispatcher } from '../../src/dispatcher/dispatcher.js';
import { LONGEST_SEND_MS, sendNotices } from '../../src/dispatcher/notices.js';
import { openGate, TENANT, type Gate } from '../support/gate.js';
import { waitFor } from '../support/wait.js';
import { aNotice } from './a-notice.js';
import { mailServer, type MailServer } from './mail-server.js';

let gate: Gate;
let server: MailServer;
let sent: string[];
let running: ReturnType<typeof startDispatcher>[];

beforeEach(async () => {
  server = await mailServer();
  gate = await openGate();
  sent = [];
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((dispatcher) => dispatcher.stop()));
  await server.close();
  await gate.close();
});

/** What one worker dispatches with. */
function aWorker(): DispatcherDeps {
  const { database, gateway } = gate;
  return {
    database,
    tasks: {
      ...gateway.tasks,
      send: ({ task }) => (sent.push(task), Promise.resolve({ kind: 'pending', sent: true })),
    },
    notifiers: [smtpNotifier({ smtpUrl: server.url, from: 'gate@example.com' })],
    addressesOf: () => Promise.resolve(['desk@example.com']),
    publicUrl: undefined,
    closeEnded: () => Promise.resolve(),
    settleAbandoned: () => Promise.resolve(0),
    log: () => undefined,
  };
}

function dispatch(graceMs?: number) {
  const dispatcher = startDispatcher(aWorker(), {
    idleMs: 20,
    ...(graceMs === undefined ? {} : { graceMs }),
  });
  running.push(dispatcher);
  return dispatcher;
}

async function askByMail(name: string) {
  const task = await gate.submit(name, { tool: 'pay', args: { cents: 100, to: 'bob' } });
  const key = { operation: 1, generation: 1, round: 1, rung: 0, reason: null };
  await ask({ ...gate.deps, channels: ['mail'] }, { tenant: TENANT, task, runId: 'r', events: [], ...key });
  return task;
}

/** Well before a send is given up for its own slowness. */
const SOON_MS = 10_000;

async function soon<T>(promise: Promise<T>): Promise<T> {
  let over = false;
  const end = promise.finally(() => {
    over = true;
  });
  await waitFor(() => (over ? true : undefined), SOON_MS);
  return end;
}

const begun = (mails: number) => waitFor(() => (server.begun >= mails ? true : undefined), SOON_MS);
const asked = () =>
  gate.database.query<{ sent_at: number | null; failed_at: number | null; attempts: number; due_at: number }>(
    "select sent_at, failed_at, attempts, due_at from outbox where kind = 'asked'",
  );

// Seen to fail: notices sent by `dispatchOnce`; a lease of 30 s.
it('a mail server that hangs holds up no decision, and gets one mail', async () => {
  const release = server.hold();
  const task = await askByMail('hanging');
  dispatch();
  await begun(1);
  await gate.decide(task, 'amira', { decision: 'approve' });
  await gate.database.query('update decisions set next_send_at = 0');
  await waitFor(() => (sent.includes(task) ? true : undefined), SOON_MS);
  dispatch();
  // As long as a send may last, no other worker takes the notice.
  const worker = aWorker();
  const [mail] = worker.notifiers;
  const last = (await gate.database.now()) + LONGEST_SEND_MS;
  expect(mail && (await sendNotices(worker, mail, last))).toBe(0);
  release();
  await waitFor(async () => ((await asked())[0]?.sent_at === null ? undefined : true));
  expect([server.begun, server.mails.length]).toEqual([1, 1]);
});

// Seen to fail: notices sent one after the other.
it('a mail that hangs holds up no other', async () => {
  server.hold();
  await askByMail('one');
  await askByMail('other');
  dispatch(0);
  await begun(2);
  expect(server.mails).toEqual([]);
});

// Seen to fail: `close` of the adapter that gives up nothing; a stop that waits for what is under way.
it('a worker that stops gives a hanging mail up, for another to send', async () => {
  const release = server.hold();
  await askByMail('given-up');
  const first = dispatch(0);
  await begun(1);
  await soon(first.stop());
  expect(await asked()).toMatchObject([{ sent_at: null, failed_at: null, attempts: 1 }]);
  server.mails.length = 0;
  release();
  await gate.database.query("update outbox set due_at = 0 where kind = 'asked'");
  dispatch();
  await waitFor(async () => ((await asked())[0]?.sent_at === null ? undefined : true));
  expect(await asked()).toMatchObject([{ attempts: 2 }]);
});

// Seen to fail: an adapter that does not listen to its signal; one that does not look at it first.
it('a send is given up when its time is over', async () => {
  server.hold();
  const [mail] = aWorker().notifiers;
  const notice = aNotice();
  const over = new AbortController();
  const sending = Promise.allSettled([mail?.send(notice, over.signal)]);
  await begun(1);
  over.abort();
  expect(await soon(sending)).toMatchObject([{ status: 'rejected', reason: { code: 'EABORT' } }]);
  const late = Promise.allSettled([mail?.send(notice, over.signal)]);
  expect(await soon(late)).toMatchObject([{ status: 'rejected' }]);
  expect(server.begun).toBe(1);
});
