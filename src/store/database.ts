import pg from 'pg';
import { statementsOver, type Answer, type RunStatement } from './batch.js';

// bigint columns hold epoch milliseconds and counts, all far under 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** One connection inside a transaction, or the pool outside of one. */
export interface Queries {
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
}

/**
 * One connection: statements run in the order in which they are given. Those that do not wait for each other make one round trip, and are done
 * or fail together.
 */
export interface Reads extends Queries {
  /** Epoch milliseconds by the database's clock, read anew at each call. */
  now(): Promise<number>;
}

/** A transaction: its statements, and the time that decides. */
export interface Transaction extends Reads {
  /** A statement nobody waits for; when it fails, the transaction does. */
  send(sql: string, values?: readonly unknown[]): void;
  /** Commits right behind this statement, which was sent already: the last one, whose failure is still the transaction's. */
  last<T>(statement: Promise<T>): Promise<T>;
}

/** The store's connection to Postgres. */
export interface Database extends Queries {
  /** Runs `work` in one READ COMMITTED transaction; anything thrown rolls it back. Deadlocks and serialization failures are retried. */
  transaction<T>(work: (tx: Transaction) => Promise<T> | T): Promise<T>;
  /** Lends one connection for several statements outside of a transaction: those of one round trip are done or fail together. */
  reads<T>(work: (queries: Reads) => Promise<T>): Promise<T>;
  now(): Promise<number>;
  close(): Promise<void>;
}

/** Where the time that decides comes from; tests with skipped time give the Temporal server's. */
export type Clock = (queries: Queries) => Promise<number>;

/** The database's own wall clock. */
export const databaseClock: Clock = async (queries) => {
  const [row] = await queries.query<{ now: number }>(
    'select (extract(epoch from clock_timestamp()) * 1000)::bigint as now',
  );
  if (!row) throw new Error('the database did not tell the time');
  return row.now;
};

/**
 * Kept longer than the pool's 10 s: a new connection signs in, and parses and plans every statement anew, which costs more than a whole task.
 * Work that comes in bursts would pay that with each.
 */
const IDLE_MS = 60_000;

/**
 * Plans are kept per connection and may be made while a table is still empty: an index must be taken all the same. A process that is frozen or cut
 * off inside a transaction gives its locks back, else nobody could halt anything; and a wait for a lock, and any statement, ends in the server
 * before `query_timeout` lets go of its answer, else it would go on there, before everybody else's and beside the pool's new connections.
 */
const SESSION = `set enable_seqscan = off; set jit = off; set idle_in_transaction_session_timeout = '10s'`;
const LIMITS = `set lock_timeout = '20s'; set statement_timeout = '25s'`;
const QUERY_TIMEOUT_MS = 30_000;

const RETRYABLE = new Set(['40001', '40P01']);
const IN_FAILED_TRANSACTION = '25P02';

/** Opens a pool. Nothing is connected before the first query. With `patient`, statements and locks may take as long as they do: for migrations. */
export function openDatabase(options: {
  url: string;
  clock?: Clock;
  maxConnections?: number;
  applicationName?: string;
  patient?: boolean;
}): Database {
  const clock = options.clock ?? databaseClock;
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.maxConnections ?? 10,
    application_name: options.applicationName ?? 'countersign',
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: IDLE_MS,
    keepAlive: true,
    ...(options.patient === true ? {} : { query_timeout: QUERY_TIMEOUT_MS }),
  });
  // A broken idle connection is replaced by the pool at the next query; without a listener it would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => {
    client.query(options.patient === true ? SESSION : `${SESSION}; ${LIMITS}`).catch(() => undefined); // the next statement fails the same way
  });
  // So would one that breaks inside a transaction; the statement under way, or the next, says so.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const queries: Queries = { query: (sql, values) => reads(pool, clock, (one) => one.query(sql, values)) };
  return {
    ...queries,
    now: () => clock(queries),
    transaction: (work) => transact(pool, clock, work),
    reads: (work) => reads(pool, clock, work),
    close: () => pool.end(),
  };
}

/** A connection on loan: what is left of failed work asks nothing once it was given back, where it would be part of somebody else's. */
function lend(run: RunStatement): Queries & { end(): void } {
  let ended = false;
  return {
    async query<Row extends object>(sql: string, values?: readonly unknown[]) {
      if (ended) throw new Error('this work has failed already: nothing more is asked for it');
      const { rows } = await run(sql, values);
      return rows as Row[]; // what the statement selects is the caller's to know
    },
    end: () => void (ended = true),
  };
}

async function reads<T>(pool: pg.Pool, clock: Clock, work: (queries: Reads) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  const { query, end } = lend(statementsOver(client));
  try {
    return await work({ query, now: () => clock({ query }) });
  } finally {
    end();
    client.release();
  }
}

async function transact<T>(
  pool: pg.Pool,
  clock: Clock,
  work: (tx: Transaction) => Promise<T> | T,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const client = await pool.connect();
    const run = statementsOver(client);
    const { query, end } = lend(run);
    const sent: Promise<unknown>[] = [];
    const send = (sql: string, values?: readonly unknown[]) => {
      const statement = query(sql, values);
      statement.catch(() => undefined); // looked at below
      sent.push(statement);
    };
    let broken: Error | undefined;
    try {
      send('begin');
      let committing: Promise<Answer> | undefined;
      const commit = () => {
        committing ??= run('commit');
        committing.catch(() => undefined); // looked at below
        return committing;
      };
      const last = <S>(statement: Promise<S>) => (void commit(), statement);
      const result = await work({ query, send, last, now: () => clock({ query }) });
      const committed = commit();
      await Promise.all(sent);
      // Postgres answers the commit of a failed transaction with a rollback, not with an error.
      const { command } = await committed;
      if (command !== 'COMMIT') throw new Error('a statement of the transaction failed: nothing is stored');
      return result;
    } catch (thrown) {
      end();
      await run('rollback').catch((rollback: unknown) => {
        broken = rollback instanceof Error ? rollback : new Error(String(rollback));
      });
      const error = sqlState(thrown) === IN_FAILED_TRANSACTION ? await firstFailure(sent, thrown) : thrown;
      if (attempt < 5 && RETRYABLE.has(sqlState(error))) continue;
      throw error;
    } finally {
      end();
      client.release(broken);
    }
  }
}

async function firstFailure(sent: readonly Promise<unknown>[], otherwise: unknown): Promise<unknown> {
  const ends = await Promise.allSettled(sent);
  return ends.find((end) => end.status === 'rejected')?.reason ?? otherwise;
}

/** The SQLSTATE of a database error, or an empty text. */
export function sqlState(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
