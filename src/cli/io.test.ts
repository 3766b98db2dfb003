import { describe, expect, it } from 'vitest';
import { inertJson, shown } from './io.js';

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
