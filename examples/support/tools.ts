/**
 * The tools of the support agent: plain functions over the shop, each declared once. Approval is nowhere in here; the gate stands between
 * the agent and `run`.
 */
import { defineTool, ToolFailure } from 'countersign';
import { z } from 'zod';
import { openDevShop } from './dev-shop.js';
import { openShop, type Order, type Query, type Shop } from './shop.js';

const orderId = z.string().regex(/^\d{4}$/, 'must be an order number of four digits');
const cents = z.int().min(1).max(10_000_000);
const text = z.string().min(1).max(2_000);
const onOrder = { orderId, amountCents: cents, currency: z.literal('USD') };

let opened: Shop | undefined;

/** The shop named by SHOP_DATABASE_URL, else one beside the stack of `countersign dev`; opened at the first call of a tool. */
function shop(): Shop {
  // oxlint-disable-next-line node/no-process-env -- the setting of this example, not of the product
  const url = process.env['SHOP_DATABASE_URL'];
  return (opened ??= url ? openShop(url) : openDevShop());
}

async function orderOf(id: string): Promise<Order> {
  const order = await shop().order(id);
  if (!order) throw new ToolFailure('no-such-order', `there is no order ${id}`);
  return order;
}

const usd = (amount: number) => `USD ${(amount / 100).toFixed(2)}`;
const seen = ({ id, item, totalCents, status, updatedAt }: Order) => ({
  what: `order ${id}: ${item}, ${usd(totalCents)}, ${status}`,
  source: 'shop.orders',
  at: updatedAt,
});
/** What an approval about an order relies on. */
const stateOf = (order: Order) =>
  `${order.id}@${order.revision} ${order.status} refunded ${order.refundedCents}`;

/** Reads an order. */
export const getOrder = defineTool({
  name: 'get_order',
  version: '1',
  tier: 1,
  input: z.strictObject({ orderId }),
  describe: (args) => `Look up order ${args.orderId}`,
  run: (args) => orderOf(args.orderId),
});

/** Puts a reply in the drafts folder; nobody receives it. */
export const draftReply = defineTool({
  name: 'draft_reply',
  version: '1',
  tier: 2,
  input: z.strictObject({ orderId, body: text }),
  describe: (args) => `Draft a reply about order ${args.orderId}`,
  idempotency: { keyLifetime: '24h' },
  undo: async (_args, result) => {
    const { draft } = z.object({ draft: z.string() }).parse(result);
    await shop().query(`update shop.replies set state = 'discarded' where key = $1`, [draft]);
  },
  async run(args, call) {
    const order = await orderOf(args.orderId);
    await shop().act(call, { tool: 'draft_reply', once: true }, async (query) => {
      const row = [call.idempotencyKey, order.id, order.email, args.body, 'draft'];
      await query('insert into shop.replies values ($1, $2, $3, $4, $5)', row);
    });
    return { draft: call.idempotencyKey };
  },
});

/** How long a queued reply stays in the house, in minutes: well longer than the window in which somebody confirms it. */
const HELD_MINUTES = 120;

/** Queues a reply to the order's customer; it leaves after two hours, and can be recalled until then. */
export const queueReply = defineTool({
  name: 'queue_reply',
  version: '1',
  tier: 2,
  input: z.strictObject({ orderId, body: text }),
  output: z.strictObject({ queued: z.string(), leavesAt: z.string() }),
  describe: (args) => `Queue a reply about order ${args.orderId}, which leaves in ${HELD_MINUTES / 60} hours`,
  idempotency: { keyLifetime: '24h' },
  async preview(args) {
    const order = await orderOf(args.orderId);
    return {
      diff: [{ field: `reply to ${order.email}`, before: 'nothing queued', after: args.body }],
      evidence: [seen(order)],
      alternatives: ['a draft, which nobody receives'],
    };
  },
  undo: async (_args, result) => {
    const { queued } = z.object({ queued: z.string() }).parse(result);
    const recalled = await shop().query(
      `update shop.replies set state = 'recalled' where key = $1
       and (state = 'recalled' or (state = 'queued' and leaves_at > now())) returning key`,
      [queued],
    );
    if (recalled.length === 0) throw new ToolFailure('too-late', `the reply ${queued} has left the house`);
  },
  async run(args, call) {
    const order = await orderOf(args.orderId);
    await shop().act(call, { tool: 'queue_reply', once: true }, async (query) => {
      const row = [call.idempotencyKey, order.id, order.email, args.body, 'queued', HELD_MINUTES];
      await query(
        `insert into shop.replies values ($1, $2, $3, $4, $5, now() + make_interval(mins => $6))`,
        row,
      );
    });
    const [row] = await shop().query(
      `select to_json(leaves_at)#>>'{}' as at from shop.replies where key = $1`,
      [call.idempotencyKey],
    );
    return { queued: call.idempotencyKey, leavesAt: String(row?.['at']) };
  },
});

/** Sends a mail to a customer. */
export const sendReply = defineTool({
  name: 'send_reply',
  version: '1',
  tier: 3,
  categories: ['external-communication'],
  input: z.strictObject({ orderId, to: z.email(), body: text }),
  describe: (args) => `Send a mail about order ${args.orderId} to ${args.to}`,
  impact: (args) => ({ recipients: [args.to] }),
  idempotency: { keyLifetime: '24h' },
  async preview(args) {
    const order = await orderOf(args.orderId);
    const unknowns =
      order.email === args.to
        ? []
        : [`${args.to} is not the address of this order's customer (${order.email})`];
    return {
      diff: [{ field: 'mail', before: 'nothing sent', after: args.body }],
      evidence: [seen(order)],
      unknowns,
    };
  },
  async run(args, call) {
    await shop().act(call, { tool: 'send_reply', once: true }, async (query) => {
      const row = [call.idempotencyKey, args.orderId, args.to, args.body, 'sent'];
      await query('insert into shop.replies values ($1, $2, $3, $4, $5)', row);
    });
    return { sent: args.to };
  },
});

/** Gives a customer a voucher, which can be revoked until it is spent. */
export const giveVoucher = defineTool({
  name: 'give_voucher',
  version: '1',
  tier: 2,
  categories: ['money'],
  input: z.strictObject(onOrder),
  describe: (args) => `Give a voucher of ${usd(args.amountCents)} for order ${args.orderId}`,
  impact: (args) => ({ money: { minor: args.amountCents, currency: args.currency } }),
  preview: async (args) => ({ evidence: [seen(await orderOf(args.orderId))] }),
  idempotency: { keyLifetime: '24h' },
  undo: async (_args, result) => {
    const { voucher } = z.object({ voucher: z.string() }).parse(result);
    await shop().query('update shop.vouchers set revoked = true where key = $1', [voucher]);
  },
  async run(args, call) {
    const order = await orderOf(args.orderId);
    await shop().act(call, { tool: 'give_voucher', once: true }, async (query) => {
      const row = [call.idempotencyKey, order.customer, args.amountCents];
      await query('insert into shop.vouchers values ($1, $2, $3)', row);
    });
    return { voucher: call.idempotencyKey, amountCents: args.amountCents };
  },
});

/** Pays money back. The bank honours keys for a day: a call that may have happened can be made again. */
export const issueRefund = defineTool({
  name: 'issue_refund',
  version: '1',
  tier: 4,
  categories: ['money'],
  input: z.strictObject(onOrder),
  describe: (args) => `Refund ${usd(args.amountCents)} on order ${args.orderId}`,
  impact: (args) => ({ money: { minor: args.amountCents, currency: args.currency } }),
  async preview(args) {
    const order = await orderOf(args.orderId);
    const after = order.refundedCents + args.amountCents;
    const diff = [
      { field: `refunded on order ${order.id}`, before: usd(order.refundedCents), after: usd(after) },
    ];
    const unknowns =
      after > order.totalCents
        ? [`more than the order's ${usd(order.totalCents)}: the bank will refuse`]
        : [];
    return { diff, evidence: [seen(order)], alternatives: ['a voucher, which can be revoked'], unknowns };
  },
  fingerprint: async (args) => stateOf(await orderOf(args.orderId)),
  idempotency: { keyLifetime: '24h' },
  timeout: '6s',
  async run(args, call) {
    const { answerMs } = await orderOf(args.orderId);
    await shop().act(call, { tool: 'issue_refund', once: true, answerMs }, (query) =>
      pay(query, args, call.idempotencyKey),
    );
    return { refundedCents: args.amountCents, orderId: args.orderId };
  },
});

async function pay(query: Query, args: { orderId: string; amountCents: number }, key: string): Promise<void> {
  const [paid] = await query(
    `update shop.orders set refunded_cents = refunded_cents + $2, revision = revision + 1, updated_at = now()
     where id = $1 and refunded_cents + $2 <= total_cents and status <> 'cancelled' returning id`,
    [args.orderId, args.amountCents],
  );
  if (!paid)
    throw new ToolFailure('refund-refused', `order ${args.orderId} has less than that left to refund`);
  await query('insert into shop.refunds values ($1, $2, $3)', [key, args.orderId, args.amountCents]);
}

/** Stops an order in the warehouse, whose system takes no keys: a call that may have happened is never repeated. */
export const cancelOrder = defineTool({
  name: 'cancel_order',
  version: '1',
  tier: 4,
  input: z.strictObject({ orderId }),
  describe: (args) => `Cancel order ${args.orderId}`,
  impact: () => ({ rows: 1 }),
  async preview(args) {
    const order = await orderOf(args.orderId);
    return {
      diff: [{ field: `order ${order.id}`, before: order.status, after: 'cancelled' }],
      evidence: [seen(order)],
    };
  },
  fingerprint: async (args) => stateOf(await orderOf(args.orderId)),
  timeout: '4s',
  async run(args, call) {
    const { answerMs } = await orderOf(args.orderId);
    await shop().act(call, { tool: 'cancel_order', once: false, answerMs }, async (query) => {
      const [done] = await query(
        `update shop.orders set status = 'cancelled', revision = revision + 1, updated_at = now()
         where id = $1 and status = 'packed' returning id`,
        [args.orderId],
      );
      if (!done) throw new ToolFailure('too-late', `order ${args.orderId} cannot be cancelled any more`);
    });
    return { cancelled: args.orderId };
  },
});

/** Changes where a customer's parcels go. */
export const updateAddress = defineTool({
  name: 'update_address',
  version: '1',
  tier: 3,
  input: z.strictObject({ customer: z.string().regex(/^c-[a-z]+$/), address: z.string().min(5).max(200) }),
  describe: (args) => `Change the address of customer ${args.customer} to "${args.address}"`,
  impact: () => ({ rows: 1 }),
  async preview(args) {
    return { diff: [{ field: 'address', before: await addressOf(args.customer), after: args.address }] };
  },
  fingerprint: (args) => addressOf(args.customer),
  idempotency: { keyLifetime: '24h' },
  async run(args, call) {
    await shop().act(call, { tool: 'update_address', once: true }, async (query) => {
      await query('update shop.customers set address = $2 where id = $1', [args.customer, args.address]);
    });
    return { address: args.address };
  },
});

async function addressOf(customer: string): Promise<string> {
  const [row] = await shop().query('select address from shop.customers where id = $1', [customer]);
  if (!row) throw new ToolFailure('no-such-customer', `there is no customer ${customer}`);
  return String(row['address']);
}
