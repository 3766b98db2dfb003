import { describe, expect, it } from 'vitest';
import { showTime } from './show-time.js';

const at = Date.UTC(2026, 10, 21, 23, 30);

describe('showTime', () => {
  it.each([
    [
      at - 12_000_000,
      'Europe/Berlin',
      '2026-11-21 23:30 UTC = 2026-11-22 00:30 Europe/Berlin, in 3 h 20 min',
    ],
    [
      at - 7 * 86_400_000,
      'America/New_York',
      '2026-11-21 23:30 UTC = 2026-11-21 18:30 America/New_York, in 7 d',
    ],
    [at + 90_000, 'Asia/Kathmandu', '2026-11-21 23:30 UTC = 2026-11-22 05:15 Asia/Kathmandu, 1 min 30 s ago'],
    [at - 59_999, 'UTC', '2026-11-21 23:30 UTC, in 59 s'],
    [at, 'Nowhere/Land', '2026-11-21 23:30 UTC = unknown zone Nowhere/Land, in 0 s'],
    [at - 599_000, 'UTC', '2026-11-21 23:30 UTC, in 9 min 59 s'],
    [at - 659_000, 'UTC', '2026-11-21 23:30 UTC, in 10 min'],
    [at - 90_000_000, 'UTC', '2026-11-21 23:30 UTC, in 1 d 1 h'],
  ])('case 22: shows UTC, the zone of the reader and the distance (%d, %s)', (now, zone, text) => {
    expect(showTime(at, now, zone)).toBe(text);
  });

  it('case 22: keeps winter and summer time of the zone', () => {
    expect(showTime(Date.UTC(2026, 6, 1, 10), at, 'Europe/Berlin')).toContain(
      '2026-07-01 12:00 Europe/Berlin',
    );
  });
});
