import { smtpNotifier } from '../../src/activities/adapters/smtp.js';
import { slackNotifier } from '../../src/activities/adapters/slack.js';
import { ask } from '../../src/activities/ask.js';
import { inspect } from '../../src/activities/inspect.js';
import type { Notifier } from '../../src/activities/ports.js';
import type { DispatcherDeps } from '../../src/dispatcher/deps.js';
import { amendNotices } from '../../src/dispatcher/amends.js';
import { sendNotices } from '../../src/dispatcher/notices.js';
import type { TaskId } from '../../src/domain/ids.js';
import { bounced } from '../../src/store/undelivered.js';
import { openGate, TENANT, type Gate } from '../support/gate.js';
import { mailServer, type MailServer } from './mail-server.js';
import { headerOf, readMail } from './read-mail.js';
import { slackServer, type SlackServer } from './slack-server.js';

export const CHANNEL = 'C0123ABCD';

/** A gate whose role has a mail address and a Slack channel, and the servers of both. */
export interface Scene {
  readonly gate: Gate;
  readonly mail: MailServer;
  readonly slack: SlackServer;
  /** May be changed by a test. */
  deps: DispatcherDeps;
  readonly logged: Record<string, unknown>[];
  /** Sends on every channel, in turn, what is due now, or would be `later`. */
  send(later?: number): Promise<void>;
  amend(later?: number): Promise<void>;
  /** Asks about a call of `pay` with arguments that nobody may read. */
  ask(task: string, over?: { tool?: string; rung?: number; channels?: readonly string[] }): Promise<TaskId>;
  typesOf(task: TaskId): Promise<string[]>;
  undeliveredOf(task: TaskId): Promise<readonly unknown[]>;
  /** Lets the provider tell that a mail came back, the last one unless named. */
  bounce(messageId?: string): Promise<boolean>;
  /** The rung that is over, and how often that is on record. */
  overOf(task: TaskId): Promise<{ readonly rungs: readonly unknown[]; readonly told: number }>;
  /** How each notification of a kind stands, in the order of the channels. */
  standing(kind?: string): Promise<readonly { channel: string; as: string; attempts: number }[]>;
  close(): Promise<void>;
}

export async function openScene(options: { policy?: string } = {}): Promise<Scene> {
  const [mail, slack, gate] = await Promise.all([mailServer(), slackServer(), openGate(options)]);
  const { database, gateway } = gate;
  const logged: Scene['logged'] = [];
  const notifiers: readonly Notifier[] = [
    smtpNotifier({ smtpUrl: mail.url, from: 'gate@example.com' }),
    slackNotifier({ token: 'xoxb-test', url: slack.url }),
  ];
  const each = async (
    work: (deps: DispatcherDeps, notifier: Notifier, now: number) => Promise<unknown>,
    later: number,
  ) => {
    for (const notifier of scene.deps.notifiers)
      await work(scene.deps, notifier, (await database.now()) + later);
  };
  const scene: Scene = {
    gate,
    mail,
    slack,
    logged,
    deps: {
      database,
      tasks: gateway.tasks,
      notifiers,
      addressesOf: (_tenant, _role, channel) =>
        Promise.resolve(channel === 'slack' ? [CHANNEL] : ['desk@example.com']),
      publicUrl: 'https://gate.example.com',
      closeEnded: () => Promise.resolve(),
      settleAbandoned: () => Promise.resolve(0),
      log: (_level, event, values) => logged.push({ event, ...values }),
    },
    send: (later = 0) => each(sendNotices, later),
    amend: (later = 0) => each(amendNotices, later),
    async ask(name, { tool = 'pay', rung = 0, channels = ['mail'] } = {}) {
      const known = await database.query('select 1 from tasks where task = $1', [name]);
      const args = { cents: 4_200, to: 'bob secret-iban' };
      if (known.length === 0) await gate.submit(name, { tool, args });
      const task = name as TaskId; // a valid name
      const key = { operation: 1, generation: 1, round: 1, rung, reason: null };
      await ask({ ...gate.deps, channels }, { tenant: TENANT, task, runId: 'r', events: [], ...key });
      return task;
    },
    async typesOf(task) {
      const rows = await database.query<{ type: string }>(
        'select type from journal where task = $1 order by seq',
        [task],
      );
      return rows.map((row) => row.type);
    },
    bounce: (messageId = headerOf(readMail(mail.mails.at(-1) ?? ''), 'Message-ID')) =>
      bounced(database, { tenant: TENANT, messageId }),
    overOf: async (task) => ({
      rungs: await scene.undeliveredOf(task),
      told: (await scene.typesOf(task)).filter((type) => type === 'undelivered').length,
    }),
    undeliveredOf: async (task) =>
      (await inspect(gate.deps, { tenant: TENANT, task, runId: 'r', events: [] })).undelivered,
    standing: (kind = 'asked') =>
      database.query(
        `select channel, attempts, case when failed_at is not null then coalesce(error, '') when sent_at is not null then 'sent'
           when due_at is null then 'spared' else 'due' end as "as" from outbox where kind = $1 order by id`,
        [kind],
      ),
    async close() {
      for (const notifier of scene.deps.notifiers) notifier.close();
      await Promise.all([mail.close(), slack.close()]);
      await gate.close();
    },
  };
  return scene;
}
