import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { smtpNotifier } from '../../src/activities/adapters/smtp.js';
import { ask } from '../../src/activities/ask.js';
import { inspect } from '../../src/activities/inspect.js';
import type { Notifier } from '../../src/activities/ports.js';
import type { DispatcherDeps } from '../../src/dispatcher/deps.js';
import { sendNotices } from '../../src/dispatcher/notices.js';
import type { TaskId } from '../../src/domain/ids.js';
import { openGate, TENANT, type Gate } from '../support/gate.js';
import { mailServer, type MailServer } from './mail-server.js';

let gate: Gate;
let server: MailServer;
let deps: DispatcherDeps;

beforeEach(async () => {
  server = await mailServer();
  gate = await openGate();
  const { database, gateway } = gate;
  deps = {
    database,
    tasks: gateway.tasks,
    notifiers: [smtpNotifier({ smtpUrl: server.url, from: 'gate@example.com' })],
    addressesOf: () => Promise.resolve(['desk@example.com']),
    closeEnded: () => Promise.resolve(),
    settleAbandoned: () => Promise.resolve(0),
    log: () => undefined,
  };
});
afterEach(async () => {
  for (const notifier of deps.notifiers) notifier.close();
  await server.close();
  await gate.close();
});

/** Sends what is due now, or would be `later`. */
const send = async (later = 0) => sendNotices(deps, (await gate.database.now()) + later);

async function askByMail(name: string, { tool = 'pay', rung = 0, channels = ['mail'] } = {}) {
  const known = await gate.database.query('select 1 from tasks where task = $1', [name]);
  const args = { cents: 4_200, to: 'bob secret-iban' };
  if (known.length === 0) await gate.submit(name, { tool, args });
  const task = name as TaskId; // a valid name
  const key = { operation: 1, generation: 1, round: 1, rung, reason: null };
  await ask({ ...gate.deps, channels }, { tenant: TENANT, task, runId: 'r', events: [], ...key });
  return task;
}

async function typesOf(task: TaskId): Promise<string[]> {
  const rows = await gate.database.query<{ type: string }>(
    'select type from journal where task = $1 order by seq',
    [task],
  );
  return rows.map((row) => row.type);
}

const undeliveredOf = async (task: TaskId) =>
  (await inspect(gate.deps, { tenant: TENANT, task, runId: 'r', events: [] })).undelivered;

describe('the mail of a question', () => {
  it('carries title, tier, deadline and id, and nothing of the arguments', async () => {
    await askByMail('mailed');
    await send();
    expect(server.mails).toHaveLength(1);
    const mail = server.mails[0] ?? '';
    expect(mail).toMatch(/^Subject: A decision is waiting: mailed:1\r$/m);
    expect(mail).toMatch(/Tier: 4/);
    expect(mail).toMatch(/Deadline: \d{4}-\d\d-\d\dT/);
    expect(mail).not.toMatch(/4200|42\.00|bob|iban|amira|rita|http/);
    await send();
    expect(server.mails).toHaveLength(1);
  });

  it('has one subject, whatever its title holds (case 26)', async () => {
    const [notifier] = deps.notifiers;
    const title = 'A decision\r\nBcc: other@example.com\r\n\r\nApproved by the director';
    await notifier?.send(
      { to: ['desk@example.com'], title, lines: ['Tier: 4'], id: 'n1' },
      AbortSignal.timeout(10_000),
    );
    const [head = '', body = ''] = (server.mails[0] ?? '').split('\r\n\r\n');
    expect(head.match(/^Subject:/gm)).toHaveLength(1);
    expect(head).not.toMatch(/^Bcc:/m);
    expect(body.trim()).toBe('Tier: 4');
  });

  it('is sent again after a temporary refusal, and not marked done (defect 14)', async () => {
    await askByMail('greylisted');
    server.refuse = 451;
    await send();
    expect(
      await gate.database.query("select sent_at, failed_at, attempts from outbox where kind = 'asked'"),
    ).toEqual([{ sent_at: null, failed_at: null, attempts: 1 }]);
    server.refuse = null;
    await gate.database.query("update outbox set due_at = 0 where kind = 'asked'");
    await send();
    expect(server.mails).toHaveLength(1);
  });

  it('that every channel refused for good ends the rung as undelivered', async () => {
    const task = await askByMail('bounced');
    server.refuse = 550;
    await send();
    expect(await undeliveredOf(task)).toEqual([{ operation: 1, round: 1, rung: 0 }]);
    expect(await typesOf(task)).toContain('undelivered');
  });

  it('is due as a reminder at half of the time to live, unless the question is closed', async () => {
    const task = await askByMail('reminded');
    await send();
    const [reminder] = await gate.database.query<{ due_at: number; asked_at: number; answer_by: number }>(
      "select o.due_at, q.asked_at, q.answer_by from outbox o join questions q using (tenant, task, operation, generation, round) where o.kind = 'reminder'",
    );
    expect(reminder && (reminder.due_at - reminder.asked_at) / (reminder.answer_by - reminder.asked_at)).toBe(
      0.5,
    );
    const id = await gate.decide(task, 'amira', { decision: 'approve' });
    await gate.execute(task, [id]);
    await gate.database.query("update outbox set due_at = 0 where kind = 'reminder'");
    await send();
    expect(server.mails).toHaveLength(1);
  });
});

const refusing: Notifier = {
  channel: 'chat',
  send: () => Promise.reject(Object.assign(new Error('gone'), { responseCode: 550 })),
  close: () => undefined,
};

describe('a role without an address', () => {
  beforeEach(() => {
    deps = { ...deps, addressesOf: () => Promise.resolve([]) };
  });

  // Seen to fail: no address treated as a permanent refusal.
  it('has its question on the desk, and that is delivered', async () => {
    const task = await askByMail('desk-only');
    await send();
    expect(await undeliveredOf(task)).toEqual([]);
    expect(await typesOf(task)).toEqual(['task-submitted', 'run-started', 'judged', 'asked']);
    expect(await gate.database.query("select 1 from outbox where kind = 'asked'")).toEqual([]);
    await gate.database.query('update outbox set due_at = 0');
    await send();
    expect(await gate.database.query('select 1 from outbox')).toEqual([]);
    expect(server.mails).toEqual([]);
  });
});

describe('several channels', () => {
  // Seen to fail: `endUnheard` without the question's lock (each saw the other one still open).
  it('that fail at the same time end the rung', async () => {
    const other: Notifier = { ...refusing, channel: 'pager' };
    deps = { ...deps, notifiers: [...deps.notifiers, refusing, other] };
    for (const name of ['once', 'twice', 'thrice']) {
      const task = await askByMail(name, { channels: ['chat', 'pager'] });
      await send();
      expect(await undeliveredOf(task)).toEqual([{ operation: 1, round: 1, rung: 0 }]);
      expect((await typesOf(task)).filter((type) => type === 'undelivered')).toHaveLength(1);
    }
  });

  // Seen to fail: `endUnheard` marking whatever rung is asked now.
  it('that fail for an earlier rung leave the one that is asked now alone', async () => {
    const task = await askByMail('moved-on');
    await askByMail('moved-on', { rung: 1, channels: [] });
    server.refuse = 550;
    await send();
    expect(await undeliveredOf(task)).toEqual([]);
    expect(await typesOf(task)).not.toContain('undelivered');
  });
});

describe('an action that runs at level notify', () => {
  const noticed = () =>
    gate.database.query<{ kind: string; role: string }>('select kind, role from outbox order by id');

  // Seen to fail: no notice at the permission; a notice at each repeat; a notice with a deadline.
  it('is told by mail, once, with title, tier and id and nothing else', async () => {
    await askByMail('noted', { tool: 'note' });
    await askByMail('noted', { tool: 'note' });
    expect(await noticed()).toEqual([{ kind: 'notice', role: 'director' }]);
    await send();
    await send();
    expect(server.mails).toHaveLength(1);
    const [head = '', body] = (server.mails[0] ?? '').split('\r\n\r\n');
    expect(head).toMatch(/^Subject: An action runs without a decision: noted:1$/m);
    expect(body).toBe('An action runs without a decision.\r\nTier: 2\r\nId: noted:1\r\n');
    expect(head).not.toMatch(/4200|42\.00|bob|iban|amira|rita/);
  });

  // Seen to fail: a notice for mail whatever channels there are.
  it('runs all the same without a channel', async () => {
    const task = await askByMail('untold', { tool: 'note', channels: [] });
    expect(await noticed()).toEqual([]);
    expect(await gate.execute(task, [])).toMatchObject({ kind: 'executed' });
  });

  // Seen to fail: a notice at level auto.
  it('is told apart from one at level auto, of which nobody hears', async () => {
    const task = await gate.submit('looked', { tool: 'look', args: {} });
    await askByMail(task);
    expect(await noticed()).toEqual([]);
  });
});
