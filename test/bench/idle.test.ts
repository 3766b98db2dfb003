import { describe, expect, it } from 'vitest';
import { compareIdle, lowestResident, TOGETHER, type IdleWindow } from '../../scripts/bench/idle.js';

function aWindow(cpu: Readonly<Record<string, number>>, worker = 100): IdleWindow {
  return { cpu, resident: { worker } };
}

describe('what a bench makes of idle windows', () => {
  const none = [aWindow({ worker: 1, server: 10 }), aWindow({ worker: 3, server: 8 })];
  const place = (cpu: Readonly<Record<string, number>>) => compareIdle(none, [aWindow(cpu)])['worker']?.place;

  // Seen to fail: the mean of none instead of its highest; `>=` instead of `>`, `<=` instead of `<`; the lowest not looked at.
  it('says where waiting tasks lie among the windows without, whose ends belong to them', () => {
    expect(place({ worker: 3.01 })).toBe('above');
    expect(place({ worker: 3 })).toBe('within');
    expect(place({ worker: 1 })).toBe('within');
    expect(place({ worker: 0.99 })).toBe('below');
  });

  // Seen to fail: the largest process instead of the sum of a window.
  it('adds up each window before it compares', () => {
    expect(compareIdle(none, none)[TOGETHER]?.none).toEqual({ mean: 11, lowest: 11, highest: 11 });
  });

  // Seen to fail: names taken from the windows without tasks alone.
  it('counts a process that is seen with waiting tasks only as none before', () => {
    const { gateway } = compareIdle(none, [aWindow({ worker: 2, server: 9, gateway: 1 })]);
    expect(gateway).toEqual({
      none: { mean: 0, lowest: 0, highest: 0 },
      waiting: { mean: 1, lowest: 1, highest: 1 },
      place: 'above',
    });
  });

  // Seen to fail: the first window's figure instead of the lowest.
  it('takes the window with the least memory', () => {
    expect(lowestResident([aWindow({}, 9), aWindow({}, 7), aWindow({}, 8)])).toEqual({ worker: 7 });
  });
});
