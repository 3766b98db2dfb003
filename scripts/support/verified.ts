import { z } from 'zod';
import type { House } from './house.js';

const fault = z.object({ task: z.string().nullish(), seq: z.int(), problem: z.string(), detail: z.string() });
const verdict = z.union([
  z.object({ ok: z.literal(true), tasks: z.int() }),
  z.object({ ok: z.literal(false), faults: z.tuple([fault], fault) }),
]);

/** What `countersign audit verify` finds: how many tasks' journals are whole, or the first bad entry. */
export async function verifyJournals(house: House): Promise<{ verified: number; fault: string | null }> {
  const { output } = await house.cli('audit', 'verify', '--all', '--json');
  const found = verdict.parse(JSON.parse(output));
  if (found.ok) return { verified: found.tasks - 1, fault: null }; // the tenant's own chain (policies, tokens) is no task
  const { task, seq, problem, detail } = found.faults[0];
  return {
    verified: 0,
    fault: `the journal of ${task ?? 'the checkpoints'} at ${seq}: ${problem}: ${detail}`,
  };
}
