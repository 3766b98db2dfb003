/** The tools module of the worker under test: one tool with everything a careful author declares. */
import { z } from 'zod';
import { defineTool } from '../../src/contract/tool.js';
import { markWriter } from './marks.js';

const mark = markWriter(process.env['BENCH_MARKS'] ?? '/dev/null');

/** Pays nobody: reports when it was shown and when it ran. */
export const benchPay = defineTool({
  name: 'bench_pay',
  version: '1',
  tier: 4,
  categories: ['money'],
  input: z.strictObject({ task: z.string(), cents: z.int().positive(), to: z.string() }),
  describe: (args) => `Pay ${args.cents} cents to ${args.to}`,
  impact: (args) => ({ money: { minor: args.cents, currency: 'USD' }, payee: args.to }),
  preview: (args) => {
    mark('asking', args.task);
    return { diff: [{ field: 'balance', before: '10000', after: String(10_000 - args.cents) }] };
  },
  fingerprint: (args) => `account of ${args.to} at revision 1`,
  idempotency: { keyLifetime: '24h' },
  run: (args) => {
    mark('executed', args.task);
    return { paid: args.cents };
  },
});
