import type { Fired } from '../domain/verdict.js';
import type { Case } from './case.js';
import { EQUAL_PROPOSALS, STEPS_WITHOUT_EFFECT } from './defaults.js';
import { plainReason, type Reason } from './reason.js';

/** Built-in reasons over what the gate detected: an agent that makes no progress, and one that asks to be checked. */
export function detectedReasons({ detected }: Pick<Case, 'detected'>): readonly Reason[] {
  const { repeated_proposal, steps_without_effect, check_requested } = detected;
  return [
    ...(repeated_proposal + 1 >= EQUAL_PROPOSALS
      ? [softly('repeated-proposal', 'stall', { 'readings.repeated_proposal': repeated_proposal })]
      : []),
    ...(steps_without_effect >= STEPS_WITHOUT_EFFECT
      ? [softly('no-progress', 'stall', { 'readings.steps_without_effect': steps_without_effect })]
      : []),
    ...(check_requested ? [softly('agent-asks', 'request', {})] : []),
  ];
}

/** Soft: what an agent does and says must not choose who is asked. */
function softly(rule: string, trigger: Fired['trigger'], values: Fired['values']): Reason {
  return { ...plainReason({ rule, trigger, level: 'approve', values }), soft: true };
}
