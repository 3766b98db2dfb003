import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ToolFailure } from 'countersign';
import pg from 'pg';
import { z } from 'zod';
import { openShop, type Shop } from './shop.js';

const stack = z.object({ database: z.object({ host: z.string(), port: z.int() }) });

/** The shop in a database of its own on the Postgres of `countersign dev`, made on first use. Throws ToolFailure without one. */
// oxlint-disable-next-line node/no-process-env -- what countersign dev tells its worker
export function openDevShop(dataDir = process.env['COUNTERSIGN_DATA']): Shop {
  const url = postgresOf(dataDir);
  const shop = new URL('/shop', url);
  return openShop(shop.href, () => createDatabase(url.href));
}

function postgresOf(dataDir: string | undefined): URL {
  try {
    const read = (name: string) => readFileSync(join(dataDir ?? '', name), 'utf8');
    const { host, port } = stack.parse(JSON.parse(read('stack.json'))).database;
    return new URL(`postgres://postgres:${read('postgres.password').trim()}@${host}:${port}/postgres`);
  } catch {
    throw new ToolFailure(
      'no-shop',
      'set SHOP_DATABASE_URL to the Postgres database of the shop, or run under countersign dev with its own Postgres',
    );
  }
}

const EXISTS = ['42P04', '23505']; // duplicate_database; unique_violation when two make it at once

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('create database shop');
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || !EXISTS.includes(error.code ?? '')) throw error;
  } finally {
    await client.end();
  }
}
