import {
  ApplicationFailure,
  condition,
  defineUpdate,
  proxyActivities,
  proxySinks,
  setHandler,
  type Sink,
  type Sinks,
} from '@temporalio/workflow';
import type { BareActivities } from './bare-worker.process.js';

/** How the workflow says that it waits for its decision; no event, no call. */
export interface BareSinks extends Sinks {
  bench: Sink & { waiting(id: string): void };
}

/** The decision on a bare approval. */
export interface BareDecision {
  readonly approved: boolean;
  readonly by: string;
  readonly why: string;
}

export const decideBare = defineUpdate<{ readonly applied: true }, [BareDecision]>('decide');

const { prepare, act } = proxyActivities<BareActivities>({ startToCloseTimeout: '1 minute' });
const { bench } = proxySinks<BareSinks>();

/** What people write by hand with Temporal alone: prepare, wait for an update or the time to live, act. Nothing is checked or recorded. */
export async function bareApproval(input: { readonly id: string }): Promise<{ readonly state: string }> {
  let decision: BareDecision | undefined;
  setHandler(
    decideBare,
    (sent) => {
      decision = sent;
      return { applied: true };
    },
    {
      validator: (_sent: BareDecision) => {
        if (decision) throw ApplicationFailure.nonRetryable('already decided', 'already-decided');
      },
    },
  );
  await prepare(input);
  bench.waiting(input.id);
  if (!(await condition(() => decision !== undefined, '7 days'))) return { state: 'TIMED_OUT' };
  await act(input);
  return { state: 'COMPLETED' };
}
