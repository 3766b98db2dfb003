import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadDevConfig } from '../../src/config.js';
import { choosePort } from '../../src/dev/free-port.js';
import { embeddedPostgres } from '../../src/dev/postgres.js';
import { migrate } from '../../src/store/migrate.js';
import { openDatabase, type Database } from '../../src/store/database.js';
import { createDesk, type Desk } from './desk-scene.js';
import { percentile } from './figures.js';

const ROUNDS = 9;
const REQUESTS = 40;

/** What one page costs over a full desk, beside the inbox over an empty one in the same run. */
export interface PageFigures {
  readonly page: string;
  /** Statements that reach Postgres for one request. */
  readonly queries: number;
  /** CPU of the gateway's process for one request, milliseconds: the median of nine interleaved rounds. */
  readonly cpuMs: number;
  readonly emptyMs: number;
}

/** The pages a reviewer lives in, with so many open questions and with none. The database is the bench's own, in a folder that goes away. */
export async function measureDesk(
  open: number,
  log: (line: string) => void,
): Promise<readonly PageFigures[]> {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  chmodSync(dir, 0o711); // root's Postgres runs as another user, who must pass through
  const search = { ...loadDevConfig().search, log };
  const postgres = await embeddedPostgres({
    dataDir: dir,
    port: await choosePort({ purpose: 'Postgres' }),
    search,
  });
  await postgres.start();
  const counting = countQueries(openDatabase({ url: postgres.url }));
  try {
    await migrate(postgres.url);
    log(`putting ${open} questions on a desk`);
    const desk = await createDesk(counting.database, open);
    const figures: PageFigures[] = [];
    for (const page of desk.pages) figures.push(await measure(desk, page, counting.count));
    return figures;
  } finally {
    await counting.database.close();
    await postgres.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function measure(
  desk: Desk,
  { name, path }: Desk['pages'][number],
  count: () => number,
): Promise<PageFigures> {
  const full = () => cpuOf(() => desk.get('full', path));
  const empty = () => cpuOf(() => desk.get('empty', desk.empty));
  await full();
  await empty();
  const before = count();
  await desk.get('full', path);
  const queries = count() - before;
  const rounds: { full: number; empty: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push({ full: await full(), empty: await empty() });
  const cpuMs = percentile(
    rounds.map((one) => one.full),
    50,
  );
  return {
    page: name,
    queries,
    cpuMs,
    emptyMs: percentile(
      rounds.map((one) => one.empty),
      50,
    ),
  };
}

async function cpuOf(request: () => Promise<void>): Promise<number> {
  const started = process.cpuUsage();
  for (let made = 0; made < REQUESTS; made += 1) await request();
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1_000 / REQUESTS;
}

/** Counts the statements of a database; what marks a transaction's begin and end is not counted, the pages have none. */
function countQueries(database: Database): { readonly database: Database; readonly count: () => number } {
  let made = 0;
  const counted: Database = {
    ...database,
    query(sql, values) {
      made += 1;
      return database.query(sql, values);
    },
    reads: (work) =>
      database.reads((queries) =>
        work({
          query(sql, values) {
            made += 1;
            return queries.query(sql, values);
          },
          now() {
            made += 1;
            return queries.now();
          },
        }),
      ),
    now() {
      made += 1;
      return database.now();
    },
  };
  return { database: counted, count: () => made };
}
