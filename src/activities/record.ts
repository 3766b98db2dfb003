import { CountersignError } from '../domain/errors.js';
import { haltId, newSalt } from '../contract/digest.js';
import { setHalt } from '../store/halts.js';
import { findTask } from '../store/tasks.js';
import type { RecordInput, RecordResult } from './api.js';
import { journal } from './carry.js';
import type { ActivityDeps } from './ports.js';

/** The name under which the policy itself halts an agent. */
export const POLICY_AUTHOR = 'policy';

type Deps = Pick<ActivityDeps, 'database'>;

/** Journals what is carried; sets the halt that a ladder ends in. */
export async function record(deps: Deps, input: RecordInput): Promise<RecordResult> {
  if (input.haltAgent) await haltAgent(deps, input, input.haltAgent.operation);
  return deps.database.transaction(async (tx) => ({
    head: await tx.last(journal(tx, input, await tx.now())),
  }));
}

async function haltAgent(deps: Deps, input: RecordInput, operation: number): Promise<void> {
  const task = await findTask(deps.database, input.tenant, input.task);
  if (!task) throw new CountersignError('not-found', `task ${input.task} is not in the store`);
  await setHalt(deps.database, {
    id: haltId({ tenant: input.tenant, task: input.task, operation }), // business ids, so that a repeat sets the same halt
    scope: 'agent',
    tenant: input.tenant,
    target: task.agent,
    why: `nobody answered the question about operation ${operation} of task ${input.task}`,
    whySalt: newSalt(),
    by: POLICY_AUTHOR,
    role: '~policy', // no role of a policy can have this name, so any that may lift halts can
    // Workers hold no signing key. A stop needs none to be obeyed; lifting it takes a person's signature.
    sign: () => '',
  });
}
