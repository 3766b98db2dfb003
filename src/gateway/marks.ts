import type { TaskRef } from '../client/connection.js';
import type { DecisionId, TenantId } from '../domain/ids.js';
import type { Database } from '../store/database.js';
import { markDelivered } from '../store/decisions.js';
import { markStarted } from '../store/tasks.js';
import type { Log } from './deps.js';

/** Notes what Temporal has taken: in batches and off the hot path, well before the dispatcher would bring it there again. */
export interface Marks {
  /** A run has this decision. */
  delivered(decision: { readonly tenant: TenantId; readonly id: DecisionId }): void;
  /** This task has a run, begun or waiting for a worker. */
  started(task: TaskRef): void;
  /** Writes what is noted; for the end of the process and for tests. */
  flush(): Promise<void>;
}

/** One batch at a time; what cannot be written is dropped, since starting or sending twice is harmless. */
export function createMarks(database: Database, log: Log, everyMs = 200): Marks {
  let decisions: { tenant: TenantId; id: DecisionId }[] = [];
  let tasks: TaskRef[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    const batch = { decisions, tasks };
    [decisions, tasks] = [[], []];
    if (batch.decisions.length + batch.tasks.length === 0) return;
    try {
      await database.reads(async (queries) => {
        const now = await queries.now();
        await Promise.all([
          markDelivered(queries, batch.decisions, now),
          markStarted(queries, batch.tasks, now),
        ]);
      });
    } catch {
      log('warn', 'marks-lost', { decisions: batch.decisions.length, tasks: batch.tasks.length });
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(write);
    return writing;
  }

  function soon(): void {
    timer ??= setTimeout(() => void flush(), everyMs);
  }

  return {
    delivered: (decision) => (decisions.push(decision), soon()),
    started: (task) => (tasks.push(task), soon()),
    flush,
  };
}
