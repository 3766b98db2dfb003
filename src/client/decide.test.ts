import { ApplicationFailure } from '@temporalio/common';
import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import type { DecisionMessage } from '../domain/decision.js';
import type { DecisionId, Digest, EscalationId, TaskId, TenantId } from '../domain/ids.js';
import { decideTask } from './decide.js';

const REF = { tenant: 'acme' as TenantId, task: 't1' as TaskId };
const MESSAGE: DecisionMessage = {
  id: 'decision-1' as DecisionId,
  escalation: 't1:1' as EscalationId,
  operation: 1,
  generation: 1,
  round: 1,
  digest: 'sha256:a' as Digest,
  briefDigest: 'sha256:b' as Digest,
  verb: 'approve',
  at: 1,
};

/** A client whose update and signal do as told; it notes what it was asked, and with which deadline. */
function aTarget(update: () => Promise<unknown>, signal: () => Promise<void> = async () => undefined) {
  const asked: unknown[] = [];
  const deadlines: number[] = [];
  const client = {
    withDeadline: (deadline: number, call: () => Promise<unknown>) => {
      deadlines.push(deadline - Date.now());
      return call();
    },
    workflow: {
      getHandle: (id: string) => ({
        executeUpdate: (_definition: unknown, options: object) => {
          asked.push({ id, update: options });
          return update();
        },
        signal: (_definition: unknown, message: unknown) => {
          asked.push({ id, signal: message });
          return signal();
        },
      }),
    },
  };
  return { target: { client: client as unknown as Client, taskQueue: 'q' }, asked, deadlines };
}

const failed = (type: string) => () =>
  Promise.reject(
    new WorkflowUpdateFailedError('refused', ApplicationFailure.create({ type, message: 'because' })),
  );
const silent = () => Promise.reject(new WorkflowUpdateRPCTimeoutOrCancelledError('nobody answers'));
const gone = () => Promise.reject(new WorkflowNotFoundError('gone', 'acme/t1', undefined));

describe('delivering a decision', () => {
  it('is one update under the decision’s id, with a deadline', async () => {
    const { target, asked, deadlines } = aTarget(async () => ({
      applied: true,
      escalation: 't1:1',
      state: 'RESUMING',
    }));
    expect(await decideTask(target, REF, MESSAGE, 2_000)).toEqual({ kind: 'applied', state: 'RESUMING' });
    expect(asked).toEqual([{ id: 'acme/t1', update: { args: [MESSAGE], updateId: 'decision-1' } }]);
    expect(deadlines[0]).toBeGreaterThan(1_000);
    expect(deadlines[0]).toBeLessThanOrEqual(2_000);
  });

  it('that the run keeps for later is pending, and needs no signal', async () => {
    const { target, asked } = aTarget(async () => ({ applied: false, pending: true }));
    expect(await decideTask(target, REF, MESSAGE)).toEqual({ kind: 'pending', sent: true });
    expect(asked).toHaveLength(1);
  });

  it('that nobody answers follows as a signal with the same envelope', async () => {
    const { target, asked } = aTarget(silent);
    expect(await decideTask(target, REF, MESSAGE)).toEqual({ kind: 'pending', sent: true });
    expect(asked[1]).toEqual({ id: 'acme/t1', signal: MESSAGE });
  });

  it('that cannot even be signalled is left to the dispatcher', async () => {
    const { target } = aTarget(silent, () => Promise.reject(new Error('unavailable')));
    expect(await decideTask(target, REF, MESSAGE)).toEqual({ kind: 'pending', sent: false });
  });

  it('that the validator refuses has its code; a failure of another kind is no refusal', async () => {
    expect(await decideTask(aTarget(failed('already-decided')).target, REF, MESSAGE)).toEqual({
      kind: 'refused',
      code: 'already-decided',
      detail: 'because',
    });
    expect(await decideTask(aTarget(failed('SomethingElse')).target, REF, MESSAGE)).toEqual({
      kind: 'pending',
      sent: true,
    });
  });

  it('for a run that has ended is not open any more', async () => {
    expect(await decideTask(aTarget(gone).target, REF, MESSAGE)).toMatchObject({
      kind: 'refused',
      code: 'not-open',
    });
    expect(await decideTask(aTarget(silent, gone).target, REF, MESSAGE)).toMatchObject({
      kind: 'refused',
      code: 'not-open',
    });
  });
});
