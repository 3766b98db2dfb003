import { agentEntry, ladderEntry } from '../../src/contract/policy-file.js';
import { VERBS } from '../../src/domain/decision.js';
import { LEVELS, TRIGGERS } from '../../src/domain/verdict.js';

/** Every member of what a policy can say and a person can do: a new one has to be shown by the examples. */
export const VOCABULARY = {
  triggers: sorted(TRIGGERS),
  levels: sorted(LEVELS),
  verbs: sorted(VERBS),
  autonomies: sorted(agentEntry.shape.autonomy.unwrap().options),
  stages: sorted(agentEntry.shape.stage.unwrap().options),
  fallbacks: sorted(ladderEntry.shape.fallback.options),
} as const;

/** Each member once, in the order of the alphabet. */
export function sorted<Member extends string>(members: Iterable<Member>): readonly Member[] {
  return [...new Set(members)].toSorted();
}
