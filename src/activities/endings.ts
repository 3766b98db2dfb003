import type { TaskId, TenantId } from '../domain/ids.js';
import { appendJournal } from '../store/journal.js';
import { lockCalls, settleAbandoned } from '../store/ledger.js';
import { close } from './conclude.js';
import { GRACE_MS } from '../contract/repeat.js';
import { unknownEvent } from './ledger-standing.js';
import type { ActivityDeps } from './ports.js';

type Deps = Pick<ActivityDeps, 'database' | 'policies' | 'channels'>;

/** Closes a task whose run ended without doing so itself; `as` is Temporal's word for how. */
export async function closeEnded(
  deps: Deps,
  task: { tenant: TenantId; task: TaskId },
  as: string,
): Promise<void> {
  await deps.database.transaction(async (tx) => {
    const now = await tx.now();
    lockCalls(tx, task);
    const events = await close(tx, deps, { ...task, state: 'FAILED', reason: 'terminated', detail: as, now });
    await appendJournal(tx, { ...task, now, events });
  });
}

/** Calls of closed tasks that nobody will finish become unknown; returns how many. */
export async function closeAbandoned(deps: Deps): Promise<number> {
  return deps.database.transaction(async (tx) => {
    const now = await tx.now();
    const calls = await settleAbandoned(tx, now - GRACE_MS, now);
    for (const call of calls)
      await appendJournal(tx, { tenant: call.tenant, task: call.task, now, events: [unknownEvent(call)] });
    return calls.length;
  });
}
