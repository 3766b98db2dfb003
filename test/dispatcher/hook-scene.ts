import { webhookSender, type WebhookOptions } from '../../src/activities/adapters/webhook.js';
import type { HookTarget } from '../../src/contract/hooks-file.js';
import { openHookDesk, type HookDesk } from '../../src/dispatcher/hooks.js';
import { publishHooks } from '../../src/store/hooks.js';
import { openGate, type Gate } from '../support/gate.js';
import { startTarget, type TargetServer } from '../support/hook-target.js';

/** A call of tier 4: it asks. */
export const PAY = { tool: 'pay', args: { cents: 4_711, to: 'bob' } };

/** One message that is not delivered yet. */
export interface DeliveryRow {
  readonly kind: string;
  readonly error: string | null;
  readonly attempts: number;
  readonly due_at: number;
  readonly dead_at: number | null;
}

/** A gate whose journal is told to a server of the test's own. */
export interface HookScene {
  readonly gate: Gate;
  readonly server: TargetServer;
  readonly logged: string[];
  /** Awaited between sending and noting. */
  sent: () => Promise<void>;
  publish(...targets: HookTarget[]): Promise<void>;
  /** A worker's desk for these targets. */
  desk(targets: readonly HookTarget[], options?: WebhookOptions): HookDesk;
  /** Sends everything that is due, once. */
  send(targets: readonly HookTarget[], options?: WebhookOptions): Promise<void>;
  rows(): Promise<readonly DeliveryRow[]>;
  /** Those of questions that were asked. */
  asked(): Promise<readonly DeliveryRow[]>;
  /** Submits a task that asks. */
  ask(task: string): Promise<void>;
  /** Makes every message look `ms` older. */
  age(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens one. */
export async function openHookScene(options: Parameters<typeof openGate>[0] = {}): Promise<HookScene> {
  const [gate, server] = [await openGate(options), await startTarget()];
  const { database } = gate;
  const logged: string[] = [];
  const rows = () => database.query<DeliveryRow>('select * from hook_deliveries order by id');
  const scene: HookScene = {
    gate,
    server,
    logged,
    sent: async () => undefined,
    publish: (...targets) => publishHooks(database, targets, 1),
    desk: (targets, options = {}) =>
      openHookDesk({
        database,
        log: (_level, event) => void logged.push(event),
        hooks: webhookSender(targets, options),
        point: () => scene.sent(),
      }),
    async send(targets, options) {
      const desk = scene.desk(targets, options);
      await desk.begin();
      await desk.finish();
    },
    rows,
    asked: async () => (await rows()).filter(({ kind }) => kind === 'asked'),
    async ask(task) {
      await gate.ask(await gate.submit(task, PAY));
    },
    async age(ms) {
      await database.query(
        'update hook_deliveries set due_at = due_at - $1::bigint, since = since - $1::bigint',
        [ms],
      );
    },
    async close() {
      await server.close();
      await gate.close();
    },
  };
  return scene;
}
