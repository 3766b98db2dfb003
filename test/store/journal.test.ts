import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signCheckpoint } from '../../src/contract/checkpoint.js';
import { verifyJournal, type JournalVerdict } from '../../src/contract/journal-verify.js';
import { createSigner, createVerifier, generateSigningKey } from '../../src/contract/sign.js';
import type { TaskId } from '../../src/domain/ids.js';
import type { Database } from '../../src/store/database.js';
import { openDatabase } from '../../src/store/database.js';
import { appendJournal, headsToCheckpoint, markCheckpointed, readJournal } from '../../src/store/journal.js';
import { TENANT } from '../support/gate.js';
import { testDatabase } from '../support/stack.js';

const TASK = 'chained' as TaskId; // a valid name
const key = generateSigningKey();
const signer = createSigner(key);
const verifier = createVerifier({ keys: [key.publicKey] });

let database: Database;
beforeEach(async () => {
  database = openDatabase({ url: (await testDatabase()).url, maxConnections: 1 });
  for (let n = 1; n <= 5; n++) await append(n, { task: TASK });
});
afterEach(() => database.close());

function append(n: number, { task, runId }: { task: TaskId; runId?: string }) {
  const event = {
    id: `event-${n}`,
    type: 'noted',
    body: { n, text: 'ünïcode ⟨U+202E⟩ "quoted"' },
    texts: { by: 'amira', why: 'NUL \u0000 and\nlines' },
  };
  return database.transaction(async (tx) =>
    appendJournal(tx, {
      tenant: TENANT,
      task,
      now: await tx.now(),
      events: [event],
      ...(runId === undefined ? {} : { runId }),
    }),
  );
}

// Seen to fail: `journal_append` reading a head that is not there into the time it was given.
it('dates the first entry of a chain', async () => {
  const [first] = await readJournal(database, { tenant: TENANT, task: TASK, limit: 1 });
  expect(first?.at).toBeGreaterThan((await database.now()) - 600_000);
});

/** Seen to fail: `journal_append` writing the time as given. */
it('never dates an entry before the one it follows', async () => {
  const at = (now: number, id: string) =>
    database.transaction((tx) =>
      appendJournal(tx, { tenant: TENANT, task: TASK, now, events: [{ id, type: 'noted', body: {} }] }),
    );
  const later = (await database.now()) + 1_000;
  await at(later, 'read the time second, came first');
  await at(later - 500, 'read the time first, came second');
  const rows = await readJournal(database, { tenant: TENANT, task: TASK, limit: 100 });
  expect(rows.slice(-2).map((row) => row.at)).toEqual([later, later]);
  expect(await verify()).toMatchObject({ ok: true });
});

/**
 * The plans of its function are made while the tables are small, and kept by the connection. Seen to fail: looking for an entry's id before
 * the insert, which took the index of times (hundreds of blocks).
 */
it('costs the same however much the tenant has in its journal', async () => {
  for (let n = 6; n <= 20; n++) await append(n, { task: TASK });
  await database.query(
    `insert into journal (tenant, task, seq, event_id, type, at, body, prev, hash)
     select $1, 'other-' || n, 1, 'e', 'noted', n, repeat('x', 200), '', '' from generate_series(1, 5000) n`,
    [TENANT],
  );
  const [row] = await database.query<{ 'QUERY PLAN': [{ Plan: { 'Shared Hit Blocks': number } }] }>(
    `explain (analyze, buffers, format json)
     select journal_append('${TENANT}', '${TASK}', 1, null, array['new'], array['noted'], array['{}'], array[null], array[null])`,
  );
  expect(row?.['QUERY PLAN'][0].Plan['Shared Hit Blocks']).toBeLessThan(60);
});

/** Seen to fail: `appendJournal` as an async function (the commit is on its way when it throws, and takes the change without its entry). */
it('an entry that cannot be written takes what it is about back', async () => {
  const half = { id: 'half', type: 'noted', body: { text: '\ud83d' } };
  const change = database.transaction((tx) => {
    tx.send("update journal_heads set hash = 'changed' where tenant = $1", [TENANT]);
    return tx.last(appendJournal(tx, { tenant: TENANT, task: TASK, now: 1, events: [half] }));
  });
  await expect(change).rejects.toThrow(/surrogate|character/);
  expect(await database.query("select 1 from journal_heads where hash = 'changed'")).toEqual([]);
});

async function verify(checkpoints: readonly string[] = []): Promise<JournalVerdict> {
  const rows = await readJournal(database, { tenant: TENANT, task: TASK, limit: 1_000 });
  return verifyJournal({ entries: rows, checkpoints, verifier });
}

async function checkpoint(): Promise<string> {
  const heads = await headsToCheckpoint(database, TENANT, 100);
  const named = heads.map(({ task, seq, hash }) => ({ task, seq, hash }));
  const signed = signCheckpoint(signer, {
    n: 1,
    at: await database.now(),
    tenant: TENANT,
    heads: named,
    prev: null,
  });
  await markCheckpointed(database, heads);
  return signed;
}

describe('the journal in the database', () => {
  it('chains as the verifier computes it', async () => {
    expect(await verify()).toMatchObject({ ok: true, entries: 5 });
  });

  it('passes over an event that is there, and answers with the head', async () => {
    const first = await append(5, { task: TASK });
    expect(first.seq).toBe(5);
    expect(await append(6, { task: TASK })).toMatchObject({ seq: 6 });
    expect(await verify()).toMatchObject({ ok: true, entries: 6 });
  });

  it('makes a run it has not seen an event of its own, once', async () => {
    await append(6, { task: TASK, runId: 'run-a' });
    await append(7, { task: TASK, runId: 'run-a' });
    await append(8, { task: TASK, runId: 'run-b' });
    await append(9, { task: TASK, runId: 'run-a' });
    const rows = await readJournal(database, { tenant: TENANT, task: TASK, limit: 100 });
    expect(rows.filter((row) => row.type === 'run-started').map((row) => row.eventId)).toEqual([
      'run/run-a',
      'run/run-b',
    ]);
  });

  it('keeps one order for many writers', async () => {
    await Promise.all(Array.from({ length: 40 }, (_, n) => append(100 + n, { task: TASK })));
    expect(await verify()).toMatchObject({ ok: true, entries: 45 });
  });

  it.each([
    [
      'edited',
      "update journal set body = replace(body, '3', '4') where seq = 3",
      { seq: 3, problem: 'edited' },
    ],
    ['deleted', 'delete from journal where seq = 3', { problem: 'deleted' }],
    [
      'text changed',
      `update journal set texts = '{"by":"joon","why":"other"}' where seq = 2`,
      { seq: 2, problem: 'text-changed' },
    ],
  ])('an entry that was %s is the first bad one', async (_name, sql, first) => {
    await database.query(sql);
    expect(await verify()).toMatchObject({ ok: false, faults: [first] });
  });

  it('a truncated tail shows against a checkpoint', async () => {
    const signed = await checkpoint();
    expect(await verify([signed])).toMatchObject({ ok: true, unanchored: 0 });
    await database.query('delete from journal where seq = 5');
    expect(await verify()).toMatchObject({ ok: true });
    expect(await verify([signed])).toMatchObject({ ok: false, faults: [{ problem: 'truncated' }] });
  });

  it('a chain rewritten as a whole shows against a checkpoint', async () => {
    const signed = await checkpoint();
    await database.query('delete from journal');
    await database.query("update journal_heads set seq = 0, hash = repeat('0', 64)");
    for (let n = 11; n <= 15; n++) await append(n, { task: TASK });
    expect(await verify()).toMatchObject({ ok: true, entries: 5 });
    expect(await verify([signed])).toMatchObject({ ok: false, faults: [{ problem: 'rewritten' }] });
  });
});
