import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import { ERRORS, type Refusal } from '../domain/errors.js';
import { answer, hear, objection } from './deciding.js';
import { decideSignal, decideUpdate, haltSignal, haltUpdate, viewQuery } from './messages.js';
import type { TaskRun } from './task-run.js';

/**
 * Registers every handler; to be called before the first await. All are synchronous: accepted and done in one workflow task, nothing in
 * flight when the run hands over. A signal's handler takes whatever was sent and never throws, because a throw would wedge the run.
 */
export function listen(task: TaskRun): void {
  setHandler(
    decideUpdate,
    (sent: unknown) => {
      const receipt = answer(task, sent);
      if ('refused' in receipt) throw failure(receipt);
      return receipt;
    },
    {
      validator: (sent: unknown) => {
        const refusal = objection(task, sent);
        if (refusal !== null) throw failure(refusal);
      },
      description: 'A stored and signed decision about an open question. Answers whether it was applied.',
    },
  );
  setHandler(decideSignal, (sent: unknown) => hear(task, sent), {
    description: 'The same decision, for when no worker answers the update.',
  });
  setHandler(haltUpdate, () => nudge(task), {
    description: 'Says that halts or deliveries changed; the workflow then reads them in the store.',
  });
  setHandler(haltSignal, () => void nudge(task), {
    description: 'The same nudge, for when no worker answers the update.',
  });
  setHandler(viewQuery, () => task.view(), {
    description: 'State, branches, the path through the states, the head of the journal.',
  });
}

function nudge(task: TaskRun): { readonly noted: true } {
  task.nudged = true;
  return { noted: true };
}

function failure({ refused, detail, winner }: Refusal): ApplicationFailure {
  return ApplicationFailure.create({
    type: refused,
    message: detail,
    nonRetryable: !ERRORS[refused].retryable,
    details: winner === undefined ? [] : [winner],
  });
}
