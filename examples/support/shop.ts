import { setTimeout as sleep } from 'node:timers/promises';
import { ToolFailure } from 'countersign';
import pg from 'pg';
import { SHOP_TABLES } from './shop-tables.js';

/** An order as the shop has it, with its customer. Money in cents of USD. */
export interface Order {
  readonly id: string;
  readonly customer: string;
  readonly name: string;
  readonly email: string;
  readonly item: string;
  readonly totalCents: number;
  readonly refundedCents: number;
  readonly status: string;
  /** Grows with every change of the order. */
  readonly revision: number;
  /** Epoch milliseconds. */
  readonly updatedAt: number;
  /** How long the bank and the warehouse take to answer about this order, in milliseconds. */
  readonly answerMs: number;
}

/** What one call of the shop carries besides its subject. */
export interface Call {
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
}

type Row = Record<string, string | number | boolean | null>;
/** One statement inside the shop's transaction. */
export type Query = (sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

/** A small shop with tables of its own; it knows nothing of who approved what. */
export interface Shop {
  order(id: string): Promise<Order | undefined>;
  query: Query;
  /**
   * Does something once for a key: counts the call, does the work unless the key was seen, and answers as slowly as told. A shop that
   * does not honour keys (`once: false`) does it every time.
   */
  act(
    call: Call,
    what: { readonly tool: string; readonly once: boolean; readonly answerMs?: number },
    work: (query: Query) => Promise<void>,
  ): Promise<{ readonly first: boolean }>;
  close(): Promise<void>;
}

const ORDER = `select o.id, o.customer, c.name, c.email, o.item, o.total_cents as "totalCents", o.refunded_cents as "refundedCents",
  o.status, o.revision, (extract(epoch from o.updated_at) * 1000)::float8 as "updatedAt", o.answer_ms as "answerMs"
  from shop.orders o join shop.customers c on c.id = o.customer where o.id = $1`;

/** Opens the shop at a Postgres URL; its tables and first orders are made on first use, after whatever `prepare` does. */
export function openShop(url: string, prepare = async (): Promise<void> => undefined): Shop {
  const pool = new pg.Pool({
    connectionString: url,
    max: 4,
    allowExitOnIdle: true,
    application_name: 'shop',
  });
  pool.on('error', () => undefined); // the pool replaces a broken connection at the next query
  let ready: Promise<unknown> | undefined;
  const opened = () => (ready ??= prepare().then(() => makeTables(pool)));
  const query: Query = async (sql, values = []) => {
    await opened();
    return (await pool.query<Row>(sql, [...values])).rows;
  };
  return {
    query,
    order: async (id) => {
      const [row] = await query(ORDER, [id]);
      return row && ({ ...row, updatedAt: Math.round(Number(row['updatedAt'])) } as unknown as Order); // the columns of ORDER
    },
    async act(call, { tool, once, answerMs = 0 }, work) {
      await query(
        `insert into shop.effects (key, tool, calls) values ($1, $2, 1) on conflict (key) do update set calls = shop.effects.calls + 1`,
        [call.idempotencyKey, tool],
      );
      const first = await transact(pool, async (within) => {
        const mark = `update shop.effects set effects = effects + 1 where key = $1 and (effects = 0 or $2) returning key`;
        const marked = await within(mark, [call.idempotencyKey, !once]);
        if (marked.length > 0) await work(within);
        return marked.length > 0;
      });
      if (first && answerMs > 0) await sleep(answerMs, undefined, { signal: call.signal });
      return { first };
    },
    close: () => pool.end(),
  };
}

/** Under a lock of its own: several processes may use the shop for the first time at once. */
async function makeTables(pool: pg.Pool): Promise<void> {
  await transact(pool, async (query) => {
    await query('select pg_advisory_xact_lock(7302114)');
    await query(SHOP_TABLES);
  });
}

async function transact<T>(pool: pg.Pool, work: (query: Query) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const result = await work(
      async (sql, values) => (await client.query<Row>(sql, values ? [...values] : undefined)).rows,
    );
    await client.query('commit');
    client.release();
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    client.release(error instanceof ToolFailure ? undefined : true);
    throw error;
  }
}
