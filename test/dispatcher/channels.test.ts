import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NotTaken, type Notifier } from '../../src/activities/ports.js';
import { LEASE_MS, sendNotices } from '../../src/dispatcher/notices.js';
import { PATIENCE_MS } from '../../src/store/outbox.js';
import { bounced } from '../../src/store/undelivered.js';
import { TENANT } from '../support/gate.js';
import { gate } from '../support/tasks.js';
import { waitFor } from '../support/wait.js';
import { openScene, type Scene } from './scene.js';

const BOTH = ['mail', 'slack'];
let scene: Scene;

beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.close());

const ONCE = { rungs: [{ operation: 1, round: 1, rung: 0 }], told: 1 };
const stands = (mail: string, slack: string) => [
  { channel: 'mail', as: mail, attempts: expect.any(Number) as number },
  { channel: 'slack', as: slack, attempts: expect.any(Number) as number },
];

describe('the channels of a role', () => {
  // Seen to fail: those behind the one that took it left due.
  it('are used one after the other: what the first has taken the others are spared', async () => {
    await scene.ask('taken', { channels: BOTH });
    await scene.send();
    await scene.send(PATIENCE_MS);
    expect(await scene.standing()).toEqual(stands('sent', 'spared'));
    expect([scene.mail.mails.length, scene.slack.calls.length]).toEqual([1, 0]);
  });

  it('come in the order in which the worker has them', async () => {
    await scene.ask('slack-first', { channels: ['slack', 'mail'] });
    await scene.send();
    expect((await scene.standing()).map(({ channel, as }) => [channel, as])).toEqual([
      ['slack', 'sent'],
      ['mail', 'spared'],
    ]);
  });

  // Seen to fail: the next channel not passed the notification of one without an address.
  it('are passed over where the role has no address, without a wait', async () => {
    const only = (wanted: string[]) => (_tenant: string, _role: string, channel: string) =>
      Promise.resolve(wanted.includes(channel) ? ['C0123ABCD'] : []);
    scene.deps = { ...scene.deps, addressesOf: only(['slack']) };
    await scene.ask('slack-only', { channels: BOTH });
    await scene.send();
    expect(await scene.standing()).toMatchObject([{ channel: 'slack', as: 'sent' }]);

    scene.deps = { ...scene.deps, addressesOf: only([]) };
    const task = await scene.ask('desk-only', { channels: BOTH });
    await scene.send();
    expect(await scene.undeliveredOf(task)).toEqual([]);
    expect(await scene.typesOf(task)).toEqual(['task-submitted', 'run-started', 'judged', 'asked']);
    await scene.gate.database.query('update outbox set due_at = 0');
    await scene.send();
    expect(await scene.gate.database.query('select 1 from outbox where task = $1', [task])).toEqual([]);
    expect(scene.mail.mails).toEqual([]);
  });

  // Seen to fail: a channel without an address that ends nothing.
  it('are all over when the one with an address failed and the other has none', async () => {
    scene.deps = {
      ...scene.deps,
      addressesOf: (_tenant, _role, channel) =>
        Promise.resolve(channel === 'mail' ? ['desk@example.com'] : []),
    };
    const task = await scene.ask('mail-only', { channels: BOTH });
    scene.mail.refuse = 550;
    await scene.send();
    expect(await scene.overOf(task)).toEqual(ONCE);
  });
});

describe('fault 10: a mail server that', () => {
  // Seen to fail: a permanent refusal that passes nothing on.
  it('refuses for good: the next channel at once', async () => {
    const task = await scene.ask('refused', { channels: BOTH });
    scene.mail.refuse = 550;
    await scene.send();
    expect(await scene.standing()).toEqual(stands('EENVELOPE-550', 'sent'));
    expect(await scene.undeliveredOf(task)).toEqual([]);
  });

  // Seen to fail: all channels due at once.
  it.each([421, 450, 451])('answers %i: the next channel after its time, and the mail late', async (code) => {
    await scene.ask(`passing-${code}`, { channels: BOTH });
    scene.mail.refuse = code;
    await scene.send();
    expect(await scene.standing()).toEqual(stands('due', 'due'));
    await scene.send(PATIENCE_MS);
    expect(await scene.standing()).toEqual(stands('due', 'sent'));
    scene.mail.refuse = null;
    await scene.send(10 * PATIENCE_MS);
    expect(await scene.standing()).toEqual(stands('sent', 'sent'));
  });

  // Seen to fail: no bound on the attempts.
  it('is dead: six attempts, the next channel meanwhile, and a rung that no channel reached is over', async () => {
    const task = await scene.ask('dead', { channels: BOTH });
    await scene.mail.close();
    scene.slack.answers.push(...Array.from({ length: 6 }, () => ({ status: 503 })));
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      expect(await scene.undeliveredOf(task)).toEqual([]);
      await scene.gate.database.query(
        "update outbox set due_at = 0 where kind = 'asked' and due_at is not null",
      );
      await scene.send();
    }
    expect(await scene.standing()).toEqual([
      { channel: 'mail', as: 'ESOCKET', attempts: 6 },
      { channel: 'slack', as: 'http-503', attempts: 6 },
    ]);
    expect(await scene.overOf(task)).toEqual(ONCE);
  });

  it('takes a mail too late: it is not sent about a question that is over', async () => {
    const task = await scene.ask('over');
    scene.mail.refuse = 451;
    await scene.send();
    scene.mail.refuse = null;
    await scene.gate.execute(task, [await scene.gate.decide(task, 'amira', { decision: 'approve' })]);
    await scene.send(PATIENCE_MS);
    expect(scene.mail.mails).toEqual([]);
  });
});

describe('fault 10: a mail that comes back after it was taken', () => {
  // Seen to fail: a bounce that wakes nobody.
  it('is told on the next channel', async () => {
    const task = await scene.ask('returned', { channels: BOTH });
    await scene.send();
    expect(await scene.bounce()).toBe(true);
    expect(await scene.standing()).toEqual(stands('bounced', 'due'));
    await scene.send();
    expect(await scene.standing()).toEqual(stands('bounced', 'sent'));
    expect(await scene.undeliveredOf(task)).toEqual([]);
  });

  it('ends the rung where there is none, once', async () => {
    const task = await scene.ask('lost');
    await scene.send();
    expect([await scene.bounce(), await scene.bounce()]).toEqual([true, true]);
    expect(await scene.overOf(task)).toEqual(ONCE);
  });

  // Seen to fail: a rung ended whatever is asked now.
  it('leaves a rung that is asked since, and a question that is decided, alone', async () => {
    const moved = await scene.ask('moved-on');
    await scene.send();
    await scene.ask('moved-on', { rung: 1, channels: [] });
    await scene.bounce();
    expect(await scene.undeliveredOf(moved)).toEqual([]);
    const decided = await scene.ask('decided');
    await scene.send();
    await scene.gate.execute(decided, [await scene.gate.decide(decided, 'amira', { decision: 'approve' })]);
    await scene.bounce();
    for (const task of [moved, decided]) expect(await scene.typesOf(task)).not.toContain('undelivered');
  });

  // Seen to fail: the tenant in the id not compared.
  it('is looked for among the mails of its own tenant', async () => {
    const task = await scene.ask('ours');
    await scene.send();
    const [{ id } = { id: 0 }] = await scene.gate.database.query<{ id: number }>(
      "select id from outbox where kind = 'asked'",
    );
    const { database } = scene.gate;
    for (const messageId of [
      `<${id}.other@countersign>`,
      `<${id}@countersign>`,
      '<x@example.com>',
      '',
      `${id}.acme`,
    ])
      expect(await scene.bounce(messageId)).toBe(false);
    expect(await bounced(database, { tenant: 'other', messageId: `<${id}.acme@countersign>` })).toBe(false);
    expect(await scene.undeliveredOf(task)).toEqual([]);
    expect(await scene.bounce(`${id}.acme@countersign`)).toBe(true);
  });
});

describe('a sender that was away for longer than its lease', () => {
  /** Leased by a worker that then stands still; what it returns lets it go on, with this end. */
  const stall = async (end: () => Promise<null>) => {
    const [begun, going] = [gate(), gate()];
    const stalled: Notifier = {
      channel: 'mail',
      send() {
        begun.open();
        return going.passed.then(end);
      },
      close: () => undefined,
    };
    const sending = sendNotices(scene.deps, stalled, await scene.gate.database.now());
    await begun.passed;
    return async () => {
      going.open();
      await sending;
    };
  };
  const failing = (more: { permanent?: boolean; unsent?: boolean }) => () =>
    Promise.reject(new NotTaken('late', more));

  // Seen to fail: an end that does not look whose attempt it is.
  it.each([
    ['for good', { permanent: true }],
    ['for now', {}],
    ['without having sent', { unsent: true }],
  ])('and fails %s leaves alone what another one has sent', async (_how, more) => {
    const task = await scene.ask('stalled', { channels: BOTH });
    const goOn = await stall(failing(more));
    await scene.send(LEASE_MS);
    const { database } = scene.gate;
    const before = await database.query('select * from outbox order by id');
    expect(await scene.standing()).toMatchObject([{ as: 'sent' }, { as: 'spared' }]);
    await goOn();
    expect(await database.query('select * from outbox order by id')).toEqual(before);
    expect(await scene.overOf(task)).toEqual({ rungs: [], told: 0 });
  });

  // Seen to fail: a fence that looks for the end of the row alone.
  it('and fails leaves alone what another one is sending', async () => {
    const task = await scene.ask('stalled');
    const goOn = await stall(failing({ permanent: true }));
    const release = scene.mail.hold();
    const sending = scene.send(LEASE_MS);
    await waitFor(() => (scene.mail.begun > 0 ? true : undefined));
    await goOn();
    expect(await scene.overOf(task)).toEqual({ rungs: [], told: 0 });
    release();
    await sending;
    expect(await scene.standing()).toMatchObject([{ as: 'sent', attempts: 2 }]);
  });

  // Seen to fail: a bounce undone by the note that the mail was taken.
  it('and whose mail came back meanwhile spares no other channel', async () => {
    const task = await scene.ask('returned', { channels: BOTH });
    const [{ id } = { id: 0 }] = await scene.gate.database.query<{ id: number }>(
      "select id from outbox where kind = 'asked' and channel = 'mail'",
    );
    const goOn = await stall(() => Promise.resolve(null));
    expect(await scene.bounce(`<${id}.${TENANT}@countersign>`)).toBe(true);
    await goOn();
    expect(await scene.standing()).toEqual(stands('bounced', 'due'));
    await scene.send();
    expect(await scene.standing()).toEqual(stands('bounced', 'sent'));
    expect(await scene.undeliveredOf(task)).toEqual([]);
  });
});

// Seen to fail: `leave` without the question's lock (each saw the other one still open).
it('channels that fail at the same time end the rung', async () => {
  let other: (() => void) | undefined;
  const [mail, slack] = BOTH.map((channel): Notifier => ({
    channel,
    async send() {
      await new Promise<void>((go) => {
        if (other === undefined) return void (other = go);
        other();
        go();
        other = undefined;
      });
      throw new NotTaken('gone', { permanent: true });
    },
    close: () => undefined,
  }));
  if (!mail || !slack) throw new Error('two channels');
  for (const name of ['once', 'twice', 'thrice', 'again', 'at-last']) {
    const task = await scene.ask(name, { channels: BOTH });
    await scene.gate.database.query("update outbox set due_at = 0 where kind = 'asked'");
    const now = await scene.gate.database.now();
    await Promise.all([mail, slack].map((notifier) => sendNotices(scene.deps, notifier, now)));
    expect(await scene.overOf(task)).toEqual(ONCE);
  }
});
