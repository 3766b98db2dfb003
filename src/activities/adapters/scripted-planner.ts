import { z } from 'zod';
import { CountersignError } from '../../domain/errors.js';
import { jsonObject } from '../../contract/json-field.js';
import type { Planner, PlannerMemory, Proposal } from '../ports.js';

const proposal = z.strictObject({
  tool: z.string(),
  args: jsonObject,
  readings: z.exactOptional(z.record(z.string(), z.union([z.number(), z.string(), z.boolean()]))),
  agentText: z.exactOptional(z.string()),
  question: z.exactOptional(z.string()),
});

/** What a script says, one after the other. */
export const scriptSteps = z.array(
  z.strictObject({
    calls: z.array(proposal),
    /** Taken only if the step taken before had such an outcome among its calls. */
    when: z.exactOptional(
      z.enum(['executed', 'undone', 'failed', 'rejected', 'answered', 'denied', 'unknown']),
    ),
  }),
);

const script = z.looseObject({ steps: scriptSteps });

/**
 * A planner that proposes what the task's request says, step by step: `{ kind: 'scripted', steps: [{ calls: [{ tool, args }], when? }] }`. For
 * tests, demonstrations and replays of recorded runs.
 */
export const scriptedPlanner: Planner = {
  next({ request, memory }) {
    const parsed = script.safeParse(request.planner);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new CountersignError(
        'invalid',
        `the script does not fit at ${issue?.path.join('.') ?? 'its top'}: ${issue?.message ?? 'wrong'}`,
      );
    }
    const own = memory.filter((call) => call.inPlaceOf === undefined);
    return Promise.resolve(upcoming(parsed.data.steps, own));
  },
};

function upcoming(
  steps: readonly { calls: readonly Proposal[]; when?: PlannerMemory['outcome'] }[],
  memory: readonly PlannerMemory[],
) {
  let taken = 0;
  let last: readonly PlannerMemory[] = [];
  for (const step of steps) {
    if (step.when !== undefined && !last.some((call) => call.outcome === step.when)) continue;
    if (taken >= memory.length) return { calls: step.calls };
    last = memory.slice(taken, taken + step.calls.length);
    taken += step.calls.length;
  }
  return { done: true as const };
}
