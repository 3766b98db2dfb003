const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads `30s`, `5m`, `24h`, `7d`, `250ms` as milliseconds; undefined when the text is none of these or above ten years. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  if (match === null) return undefined;
  const unit = match[2] as keyof typeof UNITS; // one of the alternatives of the pattern
  const ms = Number(match[1]) * UNITS[unit];
  return ms <= 3650 * UNITS.d ? ms : undefined;
}

/** Milliseconds as a policy writes them, in the largest unit that divides them: `24h`, `7d`. */
export function durationText(ms: number): string {
  const units = Object.entries(UNITS).toReversed();
  const [unit, size] = units.find(([, each]) => ms % each === 0 && ms >= each) ?? ['ms', 1];
  if (ms === 0) return '0s';
  return ms === UNITS.d ? '24h' : `${ms / size}${unit}`;
}
