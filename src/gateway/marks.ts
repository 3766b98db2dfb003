import type { DecisionId, TenantId } from '../domain/ids.js';
import type { Database } from '../store/database.js';
import { markDelivered } from '../store/decisions.js';
import type { Log } from './deps.js';

/** Notes which decisions their runs have taken: in batches and off the hot path, well before the dispatcher would send them again. */
export interface DeliveredMarks {
  add(decision: { readonly tenant: TenantId; readonly id: DecisionId }): void;
  /** Writes what is noted; for the end of the process and for tests. */
  flush(): Promise<void>;
}

/** One batch at a time; what cannot be written is dropped, since sending a decision twice is harmless. */
export function createDeliveredMarks(database: Database, log: Log, everyMs = 200): DeliveredMarks {
  let noted: { tenant: TenantId; id: DecisionId }[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    const batch = noted;
    noted = [];
    if (batch.length === 0) return;
    try {
      await markDelivered(database, batch, await database.now());
    } catch {
      log('warn', 'delivered-marks-lost', { decisions: batch.length });
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(write);
    return writing;
  }

  return {
    add(decision) {
      noted.push(decision);
      timer ??= setTimeout(() => void flush(), everyMs);
    },
    flush,
  };
}
