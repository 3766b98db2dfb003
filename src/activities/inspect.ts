import { CountersignError } from '../domain/errors.js';
import { haltsOver, outlivedRounds } from '../store/halts.js';
import { findTask } from '../store/tasks.js';
import { endUndelivered } from '../store/undelivered.js';
import type { InspectInput, InspectResult } from './api.js';
import { journal } from './carry.js';
import type { ActivityDeps } from './ports.js';

/** What the store says of halts, and of rungs that reached nobody: they end here. Asked after any nudge, so that a forged nudge changes nothing. */
export async function inspect(deps: ActivityDeps, input: InspectInput): Promise<InspectResult> {
  return deps.database.transaction(async (tx) => {
    const [task, { inForce }, outlived, undelivered, now] = await Promise.all([
      findTask(tx, input.tenant, input.task),
      haltsOver(tx, input),
      outlivedRounds(tx, input),
      endUndelivered(tx, input.tenant, input.task),
      tx.now(),
    ]);
    if (!task) throw new CountersignError('not-found', `task ${input.task} is not in the store`);
    const halts = inForce.map((halt) => ({
      halt: halt.id,
      scope: halt.scope === 'task' ? ('task' as const) : ('wider' as const),
      detail: halt.id,
    }));
    return { halts, outlived, undelivered, head: await tx.last(journal(tx, input, now)) };
  });
}
