import type { HookSender, Notifier } from '../activities/ports.js';
import type { TaskClient } from '../client/task-client.js';
import type { TaskId, TenantId } from '../domain/ids.js';
import type { Database } from '../store/database.js';

/** What the dispatcher works with. */
export interface DispatcherDeps {
  readonly database: Database;
  readonly tasks: TaskClient;
  readonly notifiers: readonly Notifier[];
  /** Where a role's notifications go on a channel; none = it has no address there. */
  readonly addressesOf: (tenant: TenantId, role: string, channel: string) => Promise<readonly string[]>;
  /** Where people reach the gateway, an origin; undefined = notices name a command instead of a link. */
  readonly publicUrl: string | undefined;
  /** Absent = this worker tells nobody by web hook. */
  readonly hooks?: HookSender;
  /** Closes a task whose run ended without doing so itself. */
  readonly closeEnded: (
    task: { tenant: TenantId; task: Parameters<TaskClient['start']>[0]['task'] },
    as: string,
  ) => Promise<void>;
  /** Marks calls as unknown that nobody will finish any more. */
  readonly settleAbandoned: () => Promise<number>;
  /** Awaited at each named point; for tests. */
  readonly point?: (point: 'hook-sent', where: { task: TaskId; operation: number }) => Promise<void>;
  readonly log: (
    level: 'info' | 'warn' | 'error',
    event: string,
    values: Readonly<Record<string, string | number | boolean | null>>,
  ) => void;
}
