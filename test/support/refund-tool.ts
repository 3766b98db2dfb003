import { z } from 'zod';
import { secret } from '../../src/contract/secret.js';
import { defineTool } from '../../src/contract/tool.js';
import type { ToolDefinition } from '../../src/contract/tool-definition.js';

/** What a refund takes. */
export const refundInput = z.strictObject({
  orderId: z.string(),
  amountCents: z.int().positive(),
  currency: z.literal('USD').default('USD'),
  pin: secret(z.string().min(4)).optional(),
});
/** What the author of a refund declares. */
export type RefundDefinition = ToolDefinition<typeof refundInput>;
/** A tool with everything that a careful author declares, and what a test changes in it. */
export const refund = (change: Partial<RefundDefinition> = {}) =>
  defineTool({
    name: 'issue_refund',
    version: '1',
    tier: 4,
    input: refundInput,
    describe: (args) => `Refund ${args.amountCents} on order ${args.orderId}`,
    impact: (args) => ({ money: { minor: args.amountCents, currency: args.currency } }),
    categories: ['money'],
    idempotency: { keyLifetime: '24h' },
    timeout: '30s',
    run: (args) => ({ refunded: args.amountCents }),
    ...change,
  });

/** Arguments that fit. */
export const refundArgs = { orderId: '1182', amountCents: 24000, currency: 'USD' };
