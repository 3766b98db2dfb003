/** Why people reject, in short: reports count the code, and the agent reads it at the start of the reason. */
export const REJECT_REASONS = {
  'not-needed': 'It is not needed',
  'wrong-target': 'The wrong target: person, order, place',
  'wrong-amount': 'The wrong amount',
  'not-shown': 'The evidence does not show it',
  'against-rules': 'It is against our rules',
  'another-way': 'It should be done another way',
  other: 'Another reason',
} as const satisfies Record<string, string>;

/** The code of a reason. */
export type RejectReason = keyof typeof REJECT_REASONS;

/** All of them, in the order in which people are shown them. */
export const REJECT_CODES = Object.keys(REJECT_REASONS) as [RejectReason, ...RejectReason[]]; // its keys are known and not none

/** The reason of a decision as it is stored, signed and told: the code first, where one was given, and the person's own words behind it. */
export function saidWhy({ why, reason }: { readonly why: string; readonly reason?: RejectReason }): string {
  if (reason === undefined) return why;
  return why.trim() === '' ? reason : `${reason}: ${why}`;
}
