import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`src/${path}`, import.meta.url));

const ALONE = 'test/chaos/burst.test.ts';

export default defineConfig({
  resolve: {
    alias: [
      { find: /^countersign$/, replacement: source('index.ts') },
      { find: /^countersign\/worker$/, replacement: source('worker.ts') },
      { find: /^countersign\/testing$/, replacement: source('testing.ts') },
      { find: /^countersign\/workflows$/, replacement: source('workflows/index.ts') },
    ],
  },
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'all', include: ['src/**/*.test.ts', 'test/**/*.test.ts'], exclude: [ALONE] },
      },
      // Measures how soon work goes on after a kill: no other test may run beside it.
      {
        extends: true,
        test: { name: 'alone', include: [ALONE], sequence: { groupOrder: 1 }, maxWorkers: 1 },
      },
    ],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    globalSetup: ['./test/support/global-setup.ts'],
    reporters: ['default', './test/support/summary-reporter.ts'],
  },
});
