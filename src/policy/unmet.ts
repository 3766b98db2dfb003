/** One expectation that is not met, both sides in words. */
export interface Unmet {
  readonly what: string;
  readonly expected: string;
  readonly got: string;
}

/** The difference, or none; what is not expected (undefined) is not compared. */
export function unequal(what: string, expected: unknown, got: unknown): readonly Unmet[] {
  if (expected === undefined || words(expected) === words(got)) return [];
  return [{ what, expected: words(expected), got: words(got) }];
}

/** A value as a report shows it. */
export function words(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
