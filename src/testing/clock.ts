import { parseDuration } from '../contract/duration.js';

/** A clock that stands until somebody moves it. */
export interface FakeClock {
  /** Epoch milliseconds. */
  now(): number;
  /** As ISO 8601 in UTC. */
  iso(): string;
  /** Moves it on by `30s`, `15m`, `24h`, `7d`, or by milliseconds. Throws for anything else. */
  advance(by: string | number): void;
}

/** A clock at a moment in ISO 8601, such as `2026-11-21T09:00:00Z`. Throws for what is none. */
export function fakeClock(start = '2026-01-01T12:00:00Z'): FakeClock {
  let now = Date.parse(start);
  if (Number.isNaN(now)) throw new Error(`${start} is no moment: write one such as 2026-11-21T09:00:00Z`);
  return {
    now: () => now,
    iso: () => new Date(now).toISOString(),
    advance(by) {
      const ms = typeof by === 'number' ? by : parseDuration(by);
      if (ms === undefined) throw new Error(`${by} is no duration: write one such as 30s, 15m, 24h or 7d`);
      now += ms;
    },
  };
}
