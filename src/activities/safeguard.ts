import type { Json } from '../domain/action.js';
import { CountersignError } from '../domain/errors.js';
import { callsOf, findSafeCall, insertCalls, lockCalls } from '../store/ledger.js';
import { findQuestion } from '../store/questions.js';
import type { SafeguardInput, SafeguardResult } from './api.js';
import { journal } from './carry.js';
import type { ActivityDeps } from './ports.js';

/**
 * Puts the safe action of a question that nobody answered into the ledger, as it was fixed when the question was judged. What was measured
 * of the call holds for what is done in its place, so that a rule which stops on a reading finds it.
 */
export async function safeguard(deps: ActivityDeps, input: SafeguardInput): Promise<SafeguardResult> {
  const { tenant, task, operation, as } = input;
  return deps.database.transaction(async (tx) => {
    // Several questions of a task may fall silent together: each sees the numbers that the others took.
    lockCalls(tx, { tenant, task });
    const [question, calls, earlier, now] = await Promise.all([
      findQuestion(tx, input),
      callsOf(tx, tenant, task),
      findSafeCall(tx, input),
      tx.now(),
    ]);
    const safe = question?.verdict.ladder.safe;
    const call = calls.find((row) => row.operation === operation && row.generation === input.generation);
    if (!question || !call || !safe)
      throw new CountersignError('internal', `operation ${operation} of task ${task} has no safe action`);
    // After a reset the store may be further than the run: what stands under a number stays.
    const next = Math.max(as, 1 + Math.max(...calls.map((row) => row.operation)));
    const made = earlier ?? { operation: next, tool: safe.tool };
    const { readings } = call;
    const args = asRead(deps, safe);
    const inPlace = {
      ...safe,
      args,
      operation: made.operation,
      readings,
      agentText: null,
      safeFor: operation,
    };
    if (!earlier) insertCalls(tx, { tenant, task, agent: question.agent, now, calls: [inPlace] });
    const event = {
      id: `safe-action/${operation}`,
      type: 'safe-action-proposed',
      body: { operation: made.operation, tool: made.tool, inPlaceOf: operation },
    };
    return { ...made, head: await tx.last(journal(tx, input, now, [event])) };
  });
}

/** With the defaults of the tool, as any other call; what does not fit it stays as the policy wrote it. */
function asRead(
  { tools }: ActivityDeps,
  { tool, args }: { readonly tool: string; readonly args: Json },
): Json {
  const read = tools.get(tool)?.normaliseArgs(args);
  return read && 'args' in read ? read.args : args;
}
