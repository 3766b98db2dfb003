import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { smtpNotifier } from '../../src/activities/adapters/smtp.js';
import { expire } from '../../src/activities/expire.js';
import type { TaskId } from '../../src/domain/ids.js';
import { TENANT } from '../support/gate.js';
import { aNotice } from './a-notice.js';
import { headerOf, readMail } from './read-mail.js';
import { openScene, type Scene } from './scene.js';

let scene: Scene;

beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.close());

const lastMail = () => readMail(scene.mail.mails.at(-1) ?? '');

/** Lets the time of the rung that is asked now be over. */
async function timeOut(task: TaskId, rung: number) {
  await scene.gate.database.query('update questions set answer_by = 0 where task = $1', [task]);
  const key = { operation: 1, generation: 1, round: 1, rung };
  const deps = { ...scene.gate.deps, channels: ['mail'] };
  await expire(deps, { tenant: TENANT, task, runId: 'r', events: [], ...key });
  await expire(deps, { tenant: TENANT, task, runId: 'r', events: [], ...key });
}

describe('the mail of a question', () => {
  // Seen to fail: what chat lists listed in mail.
  it('says title, tier, deadline, id and the link, and nothing else, in text and HTML', async () => {
    await scene.ask('mailed');
    await scene.send();
    expect(scene.mail.mails).toHaveLength(1);
    const mail = lastMail();
    expect(headerOf(mail, 'Subject')).toBe('A decision is waiting: mailed:1');
    expect(mail.text).toMatch(
      /^A decision is waiting\.\n\nTier: 4\nDeadline: \d{4}-\d\d-\d\d \d\d:\d\d UTC, in [^\n]+\nId: mailed:1\n\nOpen the review: https:\/\/gate\.example\.com\/review\/mailed:1\n\nReplies are not read, and nothing is decided by them\.\n$/,
    );
    expect(mail.html).toContain('href="https://gate.example.com/review/mailed:1"');
    for (const part of [...mail.head, mail.text, mail.html])
      expect(part).not.toMatch(/4200|42\.00|bob|iban|amira|rita|pay/);
    await scene.send();
    expect(scene.mail.mails).toHaveLength(1);
  });

  // Seen to fail: an image added.
  it('attack 12: attack 46: holds nothing remote and nothing active, and its link carries no secret', async () => {
    await scene.ask('quiet');
    await scene.send();
    const { html, text } = lastMail();
    expect(html).not.toMatch(
      /<(img|script|style|link|iframe|form|input|svg|base|object)\b|url\(|\bon\w+=|@import/i,
    );
    expect([...`${html}${text}`.matchAll(/https?:[^\s"<]+/g)].map(([url]) => url)).toEqual([
      'https://gate.example.com/review/quiet:1',
      'https://gate.example.com/review/quiet:1',
    ]);
  });

  it('names the command where nobody said how people reach the gateway', async () => {
    scene.deps = { ...scene.deps, publicUrl: undefined };
    await scene.ask('linkless');
    await scene.send();
    expect(lastMail().text).toContain('Look at it with: countersign show linkless:1');
    expect(lastMail().html).not.toMatch(/<a\b|http/);
  });

  // Seen to fail: no references; the id made anew at each attempt.
  it('is one thread with the others of its task, asks no machine for an answer, and keeps its id when sent again', async () => {
    const task = await scene.ask('threaded');
    scene.mail.refuse = 451;
    await scene.send();
    scene.mail.refuse = null;
    await scene.gate.database.query('update outbox set due_at = 0');
    await scene.send();
    await scene.ask('elsewhere');
    await scene.send();
    const mails = scene.mail.mails.map(readMail);
    const byTask = (name: string) => mails.filter((mail) => mail.text.includes(`Id: ${name}:1`));
    const threads = byTask(task).map((mail) => headerOf(mail, 'References'));
    expect(threads).toHaveLength(2);
    expect(new Set(threads).size).toBe(1);
    expect(byTask('elsewhere').map((mail) => headerOf(mail, 'References'))).not.toContain(threads[0]);
    const [{ id } = { id: 0 }] = await scene.gate.database.query<{ id: number }>(
      "select id from outbox where kind = 'asked' and task = $1",
      [task],
    );
    const [mail] = byTask(task).filter((each) => headerOf(each, 'Message-ID') === `<${id}.acme@countersign>`);
    expect(mail && headerOf(mail, 'In-Reply-To')).toBe(threads[0]);
    expect(mail && headerOf(mail, 'Auto-Submitted')).toBe('auto-generated');
    expect(mail && headerOf(mail, 'X-Auto-Response-Suppress')).toBe('OOF, AutoReply');
  });

  it('attack 26: has one subject, whatever is in an id', async () => {
    const about = 'x\r\nBcc: other@example.com\r\n\r\nApproved by the director';
    const notifier = smtpNotifier({ smtpUrl: scene.mail.url, from: 'gate@example.com' });
    await notifier.send(aNotice({ about }), AbortSignal.timeout(10_000));
    notifier.close();
    const mail = lastMail();
    expect(mail.head.filter((line) => /^Subject:/i.test(line))).toHaveLength(1);
    expect(mail.head.filter((line) => /^Bcc:/i.test(line))).toEqual([]);
    expect(mail.text).toContain('Id: x⟨U+000D⟩⟨U+000A⟩Bcc: other@example.com⟨U+000D⟩');
  });

  it('is sent again after a temporary refusal, and not marked done (defect 14)', async () => {
    await scene.ask('greylisted');
    scene.mail.refuse = 451;
    await scene.send();
    expect(await scene.standing()).toEqual([{ channel: 'mail', as: 'due', attempts: 1 }]);
    expect(scene.logged).toMatchObject([{ event: 'notice-failed', last: false, error: 'EENVELOPE-451' }]);
    scene.mail.refuse = null;
    await scene.gate.database.query("update outbox set due_at = 0 where kind = 'asked'");
    await scene.send();
    expect(await scene.standing()).toEqual([{ channel: 'mail', as: 'sent', attempts: 2 }]);
  });
});

// Seen to fail: STARTTLS used where it is offered.
it.each([
  ['0.0.0.0', '', []], // reaches this machine, and is not its own address by name
  ['0.0.0.0', '?requireTLS=false', ['gate:s3cret']],
  ['127.0.0.1', '', ['gate:s3cret']],
])('a password goes to %s without TLS as its URL (%s) says: %j', async (host, query, logins) => {
  const { port } = new URL(scene.mail.url);
  const smtpUrl = `smtp://gate:s3cret@${host}:${port}/${query}`;
  const notifier = smtpNotifier({ smtpUrl, from: 'gate@example.com' });
  const [end] = await Promise.allSettled([notifier.send(aNotice(), AbortSignal.timeout(10_000))]);
  expect(end).toMatchObject(
    logins.length === 0 ? { status: 'rejected', reason: { code: 'ETLS-500' } } : { status: 'fulfilled' },
  );
  expect(scene.mail.logins).toEqual(logins);
  notifier.close();
});

describe('what else is told by mail', () => {
  it('a reminder at half of the time to live, unless the question is closed', async () => {
    const { database } = scene.gate;
    const task = await scene.ask('reminded');
    await scene.send();
    const [reminder] = await database.query<{ due_at: number; asked_at: number; answer_by: number }>(
      "select o.due_at, q.asked_at, q.answer_by from outbox o join questions q using (tenant, task, operation, generation, round) where o.kind = 'reminder'",
    );
    expect(reminder && (reminder.due_at - reminder.asked_at) / (reminder.answer_by - reminder.asked_at)).toBe(
      0.5,
    );
    const id = await scene.gate.decide(task, 'amira', { decision: 'approve' });
    await scene.gate.execute(task, [id]);
    await database.query("update outbox set due_at = 0 where kind = 'reminder'");
    await scene.send();
    expect(scene.mail.mails).toHaveLength(1);
  });

  it('a question that is handed to the next role, in words of its own', async () => {
    const task = await scene.ask('handed-on', { channels: [] });
    await scene.ask(task, { rung: 1 });
    await scene.send();
    expect(headerOf(lastMail(), 'Subject')).toBe('A decision was handed to you: handed-on:1');
    expect(lastMail().text).toContain('The role that was asked before has not decided it.');
  });

  // Seen to fail: told at each repeat; the first role left out after the last rung.
  it('that nobody answered: to the role that fell silent, and after the last rung to all of them', async () => {
    const { database } = scene.gate;
    const task = await scene.ask('silent', { channels: [] });
    await timeOut(task, 0);
    await scene.send();
    expect(headerOf(lastMail(), 'Subject')).toBe('Nobody answered in time: silent:1');
    expect(lastMail().text).toContain(
      'The question goes to director. Until they have decided, you still may.',
    );
    await scene.ask(task, { rung: 1, channels: [] });
    await timeOut(task, 1);
    await scene.send();
    const told = await database.query("select rung, role from outbox where kind = 'timed-out' order by id");
    expect(told).toEqual([
      { rung: 0, role: 'supervisor' },
      { rung: 1, role: 'supervisor' },
      { rung: 1, role: 'director' },
    ]);
    expect(scene.mail.mails).toHaveLength(3);
    expect(lastMail().text).toContain('The action does not run.');
    expect(lastMail().text).not.toContain('Deadline');
  });

  // Seen to fail: no notice at the permission; a notice at each repeat; a notice with a deadline.
  it('an action at level notify, once, with title, tier and id and nothing else', async () => {
    await scene.ask('noted', { tool: 'note' });
    await scene.ask('noted', { tool: 'note' });
    await scene.send();
    await scene.send();
    expect(scene.mail.mails).toHaveLength(1);
    const mail = lastMail();
    expect(headerOf(mail, 'Subject')).toBe('An action runs without a decision: noted:1');
    expect(mail.text).toMatch(
      /^An action runs without a decision\.\n\nTier: 2\nId: noted:1\n\nOpen the task: https:\/\/gate\.example\.com\/tasks\/noted\n/,
    );
    for (const part of [...mail.head, mail.text, mail.html])
      expect(part).not.toMatch(/4200|42\.00|bob|iban|amira|rita/);
  });

  // Seen to fail: a notice for mail whatever channels there are.
  it('nothing without a channel, and the action runs all the same', async () => {
    const task = await scene.ask('untold', { tool: 'note', channels: [] });
    expect(await scene.standing('notice')).toEqual([]);
    expect(await scene.gate.execute(task, [])).toMatchObject({ kind: 'executed' });
  });

  // Seen to fail: a notice at level auto.
  it('nothing of one at level auto', async () => {
    const task = await scene.gate.submit('looked', { tool: 'look', args: {} });
    await scene.ask(task);
    expect(await scene.standing('notice')).toEqual([]);
  });
});
