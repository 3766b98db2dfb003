import { z } from 'zod';
import { defineTool } from '../../src/index.js';

const plain = { version: '1', describe: () => 'do it', run: () => null };

/** Reads only. */
export const look = defineTool({ ...plain, name: 'look', tier: 1, input: z.strictObject({}) });

/** Pays an amount. */
export const pay = defineTool({
  ...plain,
  name: 'pay',
  tier: 2,
  categories: ['money'],
  input: z.strictObject({ cents: z.int() }),
  impact: ({ cents }) => ({ money: { minor: cents, currency: 'EUR' } }),
});
