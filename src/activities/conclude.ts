import type { DecisionId } from '../domain/ids.js';
import type { Transaction } from '../store/database.js';
import { findDecision, refusalEvent, refuseStored } from '../store/decisions.js';
import type { JournalEvent } from '../store/journal.js';
import { lockCalls, voidOpenCalls } from '../store/ledger.js';
import { closeQuestionsOf } from '../store/questions.js';
import { closeTask, findTask } from '../store/tasks.js';
import { standingUndos } from '../store/undos.js';
import type { ConcludeInput, ConcludeResult } from './api.js';
import { append, projectCarried } from './carry.js';
import { openHandOver, type Ending } from './hand-over.js';
import type { ActivityDeps } from './ports.js';

/** Closes a task in the store: nothing of it may start any more, and nothing ends silently. A repeat changes nothing. */
export async function conclude(deps: ActivityDeps, input: ConcludeInput): Promise<ConcludeResult> {
  await deps.point?.('conclude-before', { task: input.task, operation: 0 });
  return deps.database.transaction(async (tx) => {
    const now = await tx.now();
    lockCalls(tx, input);
    // Before the closing, so that a question is closed as what became of it and not as the task's end.
    projectCarried(tx, input, now);
    const events = await close(tx, deps, { ...input, now });
    return { head: await tx.last(append(tx, input, now, events)) };
  });
}

/** The closing itself: at the workflow's own end, with the call that completes a task, and for runs that the dispatcher finds ended. */
export async function close(
  tx: Transaction,
  deps: Pick<ActivityDeps, 'policies' | 'channels'>,
  ending: Ending,
): Promise<readonly JournalEvent[]> {
  const { tenant, task, state, reason, detail, now } = ending;
  // The task before its questions: whoever is putting one keeps it from being closed, and its question is closed here then.
  const closing = closeTask(tx, { ...ending, now });
  const [closed, asked, refused, voided, standing] = await Promise.all([
    closing,
    closeQuestionsOf(tx, tenant, task, `task ${state.toLowerCase()}`, now),
    refuseStored(tx, { tenant, task, code: 'not-open', now }),
    voidOpenCalls(tx, tenant, task, now),
    standingUndos(tx, tenant, task),
  ]);
  const refusals = refused.map(refusalEvent);
  if (!closed) return refusals;
  const events: JournalEvent[] = [
    ...refusals,
    {
      id: 'closed',
      type: state === 'COMPLETED' ? 'task-completed' : 'task-failed',
      body: { reason, detail, voided: voided.map((call) => `${call.operation}.${call.generation}`) },
    },
  ];
  const cutShort = asked && state === 'COMPLETED' && !(await isTakenOver(tx, ending));
  const silent = cutShort || standing.length > 0 || (state === 'FAILED' && (await isSilent(tx, ending)));
  if (!silent) return events;
  return [...events, await openHandOver(tx, deps, cutShort ? { ...ending, detail: CUT_SHORT } : ending)];
}

/** No run of ours completes so, but one does that somebody started with an input of their own. */
const CUT_SHORT = 'its run said that it was done, while people were still asked';

/** Whether somebody genuinely took the task over: then nobody else is asked any more. */
async function isTakenOver(tx: Transaction, { tenant, task, reason, detail }: Ending): Promise<boolean> {
  if (reason !== 'taken-over') return false;
  const decision = await findDecision(tx, tenant, detail as DecisionId); // only used to find a row
  return decision?.task === task && decision.verb === 'take-over' && decision.outcome === 'applied';
}

/** Whether nobody who is entitled to ended it: a run can be cancelled past the gateway. */
async function isSilent(tx: Transaction, { tenant, task, reason }: Ending): Promise<boolean> {
  if (reason === 'cancelled') return (await findTask(tx, tenant, task))?.cancelAt === null;
  return reason === 'error' || reason === 'fallback' || reason === 'terminated';
}
