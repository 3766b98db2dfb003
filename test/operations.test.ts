import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/cli/commands.js';
import { SETTINGS } from '../src/config.js';

const page = readFileSync('docs/operations.md', 'utf8');
const [commands = '', settings = ''] = ['Commands', 'Settings'].map(
  (title) => page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0],
);
/** What stands in backquotes in the first column of a section's table. */
const rowsOf = (section: string) =>
  section
    .split('\n')
    .flatMap((line) =>
      [...(/^\|([^|]+)\|/.exec(line)?.[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, word = '']) => word),
    );

describe('docs/operations.md', () => {
  // Seen to fail: COUNTERSIGN_BUILD_ID not on the page; a setting on the page that nothing reads.
  it('names every setting, and none that nothing reads', () => {
    expect(rowsOf(settings).toSorted()).toEqual([...new Set(Object.values(SETTINGS).flat())].toSorted());
  });

  // Seen to fail: `token list` not on the page.
  it('names every command', () => {
    const told = [...commands.matchAll(/`([a-z][a-z -]*)`/g)].map(([, name]) => name);
    expect(told).toEqual(expect.arrayContaining(COMMANDS.map((command) => command.meta.name)));
  });

  it('tells who reads a setting as the configuration does', () => {
    for (const line of settings.split('\n').filter((row) => row.startsWith('| `'))) {
      const [, names = '', readers = ''] = line.split('|');
      for (const [, name = ''] of names.matchAll(/`([^`]+)`/g))
        for (const process of ['worker', 'gateway'] as const) {
          const reads = (SETTINGS[process] as readonly string[]).includes(name);
          expect(readers.includes(process) || readers.includes('all'), `${name} of ${process}`).toBe(reads);
        }
    }
  });
});
