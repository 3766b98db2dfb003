import type { Shop } from '../../examples/support/shop.js';
import type { Scene } from './scene.js';

/** What people let happen, and nothing else: the shop's rows must be exactly these. */
const ALLOWED: Readonly<Record<string, { readonly sql: string; readonly rows: readonly string[] }>> = {
  refunds: {
    sql: `select order_id || ' ' || amount_cents as row from shop.refunds`,
    rows: ['1182 24000', '1190 15000', '1211 9000', '1215 620000', '1242 36000', '1250 4500'],
  },
  vouchers: {
    sql: `select customer || ' ' || amount_cents as row from shop.vouchers where not revoked`,
    rows: ['c-ada 1500', 'c-dia 8000'],
  },
  replies: {
    sql: `select order_id || ' ' || state as row from shop.replies`,
    rows: ['1001 draft', '1182 sent'],
  },
  'cancelled orders': {
    sql: `select id as row from shop.orders where status = 'cancelled'`,
    rows: ['1243'],
  },
  addresses: {
    sql: `select id || ' ' || address as row from shop.customers`,
    rows: [
      'c-ada 4 Mill Lane, York',
      'c-ben 12 Quay Street, Cork',
      'c-cho 88 Harbour Road, Malmö',
      'c-dia 3 Canal Row, Ghent',
    ],
  },
};

/** What the shop counted. */
export interface ShopCount {
  /** How often it did something. */
  readonly effects: number;
  /** Keys under which it did something more than once. */
  readonly doubled: number;
  /** What was allowed and is not there. */
  readonly lost: number;
}

/** Compares the shop's own tables with what people allowed, row by row, and tells it. */
export async function checkShop({ shop, expect, story }: Scene): Promise<ShopCount> {
  let lost = 0;
  let exact = true;
  for (const [list, { sql, rows: allowed }] of Object.entries(ALLOWED)) {
    const rows = (await shop.query(sql)).map((row) => String(row['row'])).toSorted();
    expect(`${list} in the shop`, rows, allowed);
    exact &&= rows.join() === allowed.join();
    lost += allowed.filter((row) => !rows.includes(row)).length;
  }
  const { effects, doubled } = await count(shop);
  story.line('shop', `${effects} effects, ${doubled} doubled, ${lost} lost`);
  story.line('', `its rows are ${exact ? 'exactly' : 'NOT'} what people allowed`);
  return { effects, doubled, lost };
}

async function count(shop: Shop): Promise<{ effects: number; doubled: number }> {
  const [row] = await shop.query(
    `select coalesce(sum(effects), 0)::int as effects, (count(*) filter (where effects > 1))::int as doubled from shop.effects`,
  );
  return { effects: Number(row?.['effects']), doubled: Number(row?.['doubled']) };
}
