import { CountersignError } from '../domain/errors.js';
import { findSafeCall, insertCalls } from '../store/ledger.js';
import { findQuestion } from '../store/questions.js';
import type { SafeguardInput, SafeguardResult } from './api.js';
import { journal } from './carry.js';
import type { ActivityDeps } from './ports.js';

/** Puts the safe action of a question that nobody answered into the ledger, as it was fixed when the question was judged. */
export async function safeguard(deps: ActivityDeps, input: SafeguardInput): Promise<SafeguardResult> {
  const { tenant, task, operation, as } = input;
  return deps.database.transaction(async (tx) => {
    const [question, earlier, now] = await Promise.all([
      findQuestion(tx, input),
      findSafeCall(tx, input),
      tx.now(),
    ]);
    const safe = question?.verdict.ladder.safe;
    if (!question || !safe)
      throw new CountersignError('internal', `operation ${operation} of task ${task} has no safe action`);
    const made = earlier ?? { operation: as, tool: safe.tool };
    const call = { ...safe, operation: as, readings: {}, agentText: null, safeFor: operation };
    if (!earlier) insertCalls(tx, { tenant, task, agent: question.agent, now, calls: [call] });
    const event = {
      id: `safe-action/${operation}`,
      type: 'safe-action-proposed',
      body: { operation: made.operation, tool: made.tool, inPlaceOf: operation },
    };
    return { ...made, head: await tx.last(journal(tx, input, now, [event])) };
  });
}
