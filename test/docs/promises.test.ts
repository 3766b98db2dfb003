import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** The tests that a page names in code spans. One without a folder stands in that of the one before it in its line. */
function testsNamedIn(page: string): readonly string[] {
  return readFileSync(page, 'utf8')
    .split('\n')
    .flatMap((line) => {
      let folder = '';
      return [...line.matchAll(/`([\w./-]+(?:\.test\.ts|\/))`/g)].map(([, path = '']) => {
        const whole = /^(src|test)\//.test(path) ? path : join(folder, path);
        folder = path.endsWith('/') ? path : dirname(whole);
        return whole;
      });
    })
    .filter((path) => path.startsWith('test/') || path.endsWith('.test.ts'));
}

describe.each(['README.md', 'docs/security.md'])('the promises of %s', (page) => {
  it('name tests that are there', () => {
    const named = testsNamedIn(page);
    const missing = named.filter((path) => statSync(path, { throwIfNoEntry: false }) === undefined);
    expect(missing).toEqual([]);
    expect(named.length).toBeGreaterThan(5);
  });
});
