import { describe, expect, it } from 'vitest';
import { readOptions, UsageError } from '../../scripts/bench/options.js';

describe('the options of the bench', () => {
  it.each([['--help'], ['-h']])('%s asks for the usage, and is no mistake', (asked) => {
    expect(readOptions([asked])).toBe('help');
    expect(readOptions(['--runs', '8', asked])).toBe('help');
  });

  it('names the option that is wrong', () => {
    expect(() => readOptions(['--walks', '8'])).toThrow(UsageError);
    expect(() => readOptions(['--runs', 'many'])).toThrow('--runs: "many"');
  });
});
