import { describe, expect, it } from 'vitest';
import { resultCommand } from './commands/tasks.js';
import { parseLine } from './parse.js';

describe('an option whose number may be left out', () => {
  it.each([
    [['result', 't1', '--wait'], '999999'],
    [['result', '--wait', 't1'], '999999'],
    [['result', 't1', '--wait', '--json'], '999999'],
    [['result', 't1', '--wait', '5'], '5'],
    [['result', 't1', '--wait=7'], '7'],
  ])('%j', (line, wait) => {
    expect(parseLine(resultCommand, line)).toMatchObject({ args: ['t1'], options: { wait } });
  });
});
