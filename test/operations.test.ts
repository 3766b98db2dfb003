import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** The events that a process logs for somebody to look at. */
function alarms(): readonly string[] {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
  );
  const logged = files.flatMap((name) =>
    [...readFileSync(join('src', name), 'utf8').matchAll(/\blog\(\s*'(?:alarm|error)',\s*'([\w-]+)'/g)].map(
      ([, event = '']) => event,
    ),
  );
  return [...new Set(logged)].toSorted();
}

describe('docs/operations.md', () => {
  // Seen to fail: `call-doubled` not on the page.
  it('tells what to do about every alarm and error that is logged', () => {
    expect(alarms()).toContain('call-doubled');
    expect(alarms().filter((event) => !page.includes(`\`${event}\``))).toEqual([]);
  });

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
