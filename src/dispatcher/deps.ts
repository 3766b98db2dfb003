import type { Notifier } from '../activities/ports.js';
import type { TaskClient } from '../client/task-client.js';
import type { TenantId } from '../domain/ids.js';
import type { Database } from '../store/database.js';

/** What the dispatcher works with. */
export interface DispatcherDeps {
  readonly database: Database;
  readonly tasks: TaskClient;
  readonly notifiers: readonly Notifier[];
  /** Where a role's notifications go. */
  readonly addressesOf: (tenant: TenantId, role: string) => Promise<readonly string[]>;
  /** Closes a task whose run ended without doing so itself. */
  readonly closeEnded: (
    task: { tenant: TenantId; task: Parameters<TaskClient['start']>[0]['task'] },
    as: string,
  ) => Promise<void>;
  /** Marks calls as unknown that nobody will finish any more. */
  readonly settleAbandoned: () => Promise<number>;
  readonly log: (
    level: 'info' | 'warn' | 'error',
    event: string,
    values: Readonly<Record<string, string | number | boolean | null>>,
  ) => void;
}
