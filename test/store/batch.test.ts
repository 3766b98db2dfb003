import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { statementsOver, type RunStatement } from '../../src/store/batch.js';
import { openDatabase } from '../../src/store/database.js';
import { isUnavailable } from '../../src/store/unavailable.js';
import { testDatabase } from '../support/stack.js';

let url: string;
let client: pg.Client;
let run: RunStatement;

beforeAll(async () => {
  ({ url } = await testDatabase());
});
beforeEach(async () => {
  client = new pg.Client({ connectionString: url, query_timeout: 5_000 });
  client.on('error', () => undefined); // some tests end it
  await client.connect();
  run = statementsOver(client);
  await run('create table if not exists things (n int primary key)');
  await run('truncate things');
});
afterEach(() => client.end().catch(() => undefined));
afterAll(() => vi.restoreAllMocks());

const insert = (n: number) => run('insert into things (n) values ($1)', [n]);
const stored = async () => (await run('select n from things order by n')).rows;

describe('statements over one connection', () => {
  it('given in one turn make one packet, and are answered in their order', async () => {
    const write = vi.spyOn(client.connection.stream, 'write');
    const answers = await Promise.all([insert(1), insert(2), run('select n from things order by n')]);
    expect(write).toHaveBeenCalledTimes(1);
    expect(answers.map(({ command }) => command)).toEqual(['INSERT', 'INSERT', 'SELECT']);
    expect(answers[2]?.rows).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('given while it is busy make the next packet together', async () => {
    const write = vi.spyOn(client.connection.stream, 'write');
    const first = run('select pg_sleep(0.05)');
    await new Promise(setImmediate);
    const later = [insert(1)];
    await new Promise(setImmediate);
    later.push(insert(2));
    await Promise.all([first, ...later]);
    expect(write).toHaveBeenCalledTimes(2);
    expect(await stored()).toEqual([{ n: 1 }, { n: 2 }]);
  });

  /** Seen to fail: each time anew. */
  it('are parsed once', async () => {
    const prepared = async () =>
      (await run("select name, prepare_time from pg_prepared_statements where statement like 'insert%'"))
        .rows;
    await Promise.all([insert(1), insert(2)]);
    const first = await prepared();
    await insert(3);
    expect(first).toHaveLength(1);
    expect(await prepared()).toEqual(first);
  });

  /** Seen to fail: the statements before the failing one resolved, though the server undid them. */
  it('fail together: none is done, each is told why, and the connection goes on', async () => {
    await insert(1);
    const ends = await Promise.allSettled([insert(2), insert(1), insert(3), stored()]);
    expect(ends.map((end) => (end.status === 'rejected' ? end.reason.code : end.status))).toEqual(
      Array(4).fill('23505'),
    );
    expect(await stored()).toEqual([{ n: 1 }]);
    await insert(2);
    expect(await stored()).toEqual([{ n: 1 }, { n: 2 }]);
  });

  /** Seen to fail: a statement that counts as parsed, or is parsed again without being closed. */
  it.each([
    { name: 'could not be parsed', sql: 'select n from later', code: '42P01' },
    { name: 'was parsed and failed', sql: 'select 1 / n as n from zero', code: '22012' },
  ])('a statement that $name can be repeated', async ({ sql, code }) => {
    await run('create temp table zero (n int)');
    await run('insert into zero values (0)');
    await expect(run(sql)).rejects.toMatchObject({ code });
    await expect(run(sql)).rejects.toMatchObject({ code });
    await run('create temp table later (n int)');
    await run('update zero set n = 1');
    await run(sql);
    expect(await run(sql)).toMatchObject({ command: 'SELECT' });
  });

  it('a value that cannot be sent fails its batch, and nothing is sent', async () => {
    const bad = { toString: () => 'no' };
    Object.assign(bad, { self: bad });
    const ends = await Promise.allSettled([insert(1), run('select $1::text', [bad])]);
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await stored()).toEqual([]);
    await insert(1);
    expect(await stored()).toEqual([{ n: 1 }]);
  });

  it('read and write what the driver does: nothing, lists, JSON, numbers', async () => {
    const values = [null, ['a "b"', '\\', null], [1, 2], { a: [1] }, 2 ** 40, true, ''];
    const { rows } = await run(
      'select $1::text as nothing, $2::text[] as texts, $3::bigint[] as counts, $4::json as json, $5::bigint as big, $6::bool as yes, $7::text as empty',
      values,
    );
    const [nothing, texts, , json, big, yes, empty] = values;
    expect(rows).toEqual([{ nothing, texts, counts: ['1', '2'], json, big, yes, empty }]);
    expect(await run('')).toMatchObject({ rows: [], command: '' });
  });

  it('are all rejected as unavailable when the server goes away, sent or not', async () => {
    const { rows } = await run('select pg_backend_pid() as pid');
    const ends = Promise.allSettled([run('select pg_sleep(60)'), insert(1)]);
    await new Promise(setImmediate);
    const waiting = Promise.allSettled([insert(2)]);
    const other = openDatabase({ url });
    await other.query('select pg_terminate_backend($1)', [(rows[0] as { pid: number }).pid]);
    for (const end of [...(await ends), ...(await waiting)])
      expect(end.status === 'rejected' && isUnavailable(end.reason)).toBe(true);
    expect(await other.query('select n from things')).toEqual([]);
    await other.close();
  });

  it('that take too long are rejected, and the connection is given up', async () => {
    const hasty = new pg.Client({ connectionString: url, query_timeout: 50 });
    hasty.on('error', () => undefined);
    await hasty.connect();
    const ended = new Promise((resolve) => hasty.once('end', () => resolve('ended')));
    const slow = statementsOver(hasty)('select pg_sleep(60)');
    await expect(slow).rejects.toThrow('Query read timeout');
    expect(await ended).toBe('ended');
  });
});

describe('a transaction', () => {
  it('whose unwatched statement fails is told so, and stores nothing', async () => {
    const database = openDatabase({ url });
    const failing = database.transaction(async (tx) => {
      tx.send('insert into things (n) values ($1)', [1]);
      tx.send('insert into things (n) values ($1)', [1]);
      await new Promise(setImmediate);
      await tx.query('select 1');
    });
    await expect(failing).rejects.toMatchObject({ code: '23505' });
    expect(await database.query('select n from things')).toEqual([]);
    await database.close();
  });
});
