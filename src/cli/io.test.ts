import { describe, expect, it } from 'vitest';
import { inertJson, processIo, shown } from './io.js';

describe('what reaches a terminal', () => {
  it('has every hidden character made visible, whoever wrote it', () => {
    expect(shown(['a\u001b[2K', 'b\u202e\tc'])).toBe('a⟨U+001B⟩[2K\nb⟨U+202E⟩\tc\n');
  });

  it('is JSON that parses to the same value', () => {
    const value = { a: '\u001b\u009b\u202e\u200b\ufe0f\u{e0072}\u2028é🙂\n' };
    expect(JSON.parse(inertJson(value))).toEqual(value);
    expect(inertJson(value)).toContain('\\u202e');
    expect(inertJson(value)).toContain('é🙂');
  });
});

// Seen to fail: without SIGHUP among the signals, nothing settled at a terminal that closed; with it always, it ended under nohup too.
it('is stopped by the end of its terminal, and lives on where it has none', async () => {
  const { stdin } = process;
  const [isTTY, before] = [stdin.isTTY, process.listenerCount('SIGHUP')];
  try {
    stdin.isTTY = false;
    void processIo().untilStopped();
    expect(process.listenerCount('SIGHUP')).toBe(before);
    stdin.isTTY = true;
    const stopped = processIo().untilStopped();
    process.emit('SIGHUP');
    await stopped;
  } finally {
    stdin.isTTY = isTTY;
  }
});
