/** Why people reject, in short: the agent reads the code at the start of the reason, reports count it. */
export const REJECT_REASONS = {
  'not-needed': 'It is not needed',
  'wrong-target': 'The wrong target: person, order, place',
  'wrong-amount': 'The wrong amount',
  'not-shown': 'The evidence does not show it',
  'against-rules': 'It is against our rules',
  'another-way': 'It should be done another way',
  other: 'Another reason',
} as const satisfies Record<string, string>;

/** The reason of a refusal: its code, and the person's own words behind it where there are any. Undefined for a code that is none. */
export function rejectWhy(code: string, words: string): string | undefined {
  if (!Object.hasOwn(REJECT_REASONS, code)) return undefined;
  return words.trim() === '' ? code : `${code}: ${words}`;
}
