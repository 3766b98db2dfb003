import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { TaskId } from '../../src/domain/ids.js';
import { defineTool } from '../../src/worker.js';
import { FRESH_AT_ONCE, FRESH_MS } from '../../src/workflow-slots.js';
import { WORLD_POLICY } from '../chaos/world.js';
import { startRunning } from '../support/running.js';
import { gate } from '../support/tasks.js';

const TASKS = 20;
/** So many begin at a time, and each keeps its place for so long: the last ones begin when all before them gave theirs up. */
const LEAST_MS = (Math.ceil(TASKS / FRESH_AT_ONCE) - 1) * FRESH_MS;

describe('many new tasks whose previews are slow', () => {
  // Seen to fail: a worker with the SDK's own slots, which begins all at once.
  it(
    'are begun a few at a time, so that decisions find a worker; and all are begun',
    { timeout: 60_000 },
    async () => {
      const begun = new Set<number>();
      const { passed: all, open } = gate();
      const input = z.strictObject({ n: z.int() });
      const pay = defineTool({
        name: 'pay',
        version: '1',
        tier: 4,
        input,
        describe: ({ n }) => `Pay number ${n}`,
        // No preview answers before the last one was asked for.
        preview: async ({ n }) => {
          if (begun.add(n).size === TASKS) open();
          await all;
          return { unknowns: ['how long this takes'] };
        },
        run: async () => ({ ok: true }),
      });
      const running = await startRunning({ tools: [pay], policy: WORLD_POLICY });
      try {
        const { tasks } = await running.service();
        const started = performance.now();
        const submit = (n: number) =>
          tasks.submit({
            task: `new-${n}` as TaskId,
            agent: 'bot',
            goal: 'test',
            action: { tool: 'pay', args: { n } },
          });
        await Promise.all(Array.from({ length: TASKS }, (_, n) => submit(n)));
        await all;
        expect(performance.now() - started).toBeGreaterThanOrEqual(LEAST_MS);
      } finally {
        open();
        await running.stop();
      }
    },
  );
});
