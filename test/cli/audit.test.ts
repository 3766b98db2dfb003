import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { defineTool } from '../../src/contract/tool.js';
import type { TaskId } from '../../src/domain/ids.js';
import { EVERY_TENANT } from '../../src/store/halts.js';
import { TENANT_CHAIN } from '../../src/store/journal.js';
import { createToken } from '../../src/store/tokens.js';
import { TENANT } from '../support/gate.js';
import { startRunning, type Running } from '../support/running.js';
import { waitFor } from '../support/wait.js';
import { run, type Ran } from './terminal.js';

const TASK = 'audited' as TaskId; // a valid name
const look = defineTool({
  name: 'look',
  version: '1',
  tier: 1,
  input: z.strictObject({}),
  describe: () => 'Look',
  run: () => ({ seen: true }),
});

let running: Running;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  running = await startRunning({ tools: [look], gateway: { checkpointEveryMs: 100 } });
  for (const scopes of [[], ['halt', 'halt:all']])
    tokens[scopes.join(' ')] = (
      await createToken(running.database, {
        tenant: TENANT,
        kind: 'service',
        subject: 'auditor',
        issuer: 'tests',
        scopes,
        now: await running.database.now(),
        ttlMs: 3_600_000,
      })
    ).token;
  const service = await running.service();
  await service.tasks.submit({ task: TASK, agent: 'bot', action: { tool: 'look', args: {} } });
  await service.tasks.result(TASK, { waitSeconds: 20 });
});
afterAll(() => running.stop());

// Seen to fail: createToken without its look at the tenant.
it('nobody can act for the reserved tenant', async () => {
  const token = { kind: 'service', subject: 'x', issuer: 'tests', scopes: [], now: 0, ttlMs: 1 } as const;
  await expect(createToken(running.database, { ...token, tenant: EVERY_TENANT })).rejects.toMatchObject({
    code: 'invalid',
  });
});

async function audit(line: readonly string[], scopes = ''): Promise<Ran> {
  process.env['COUNTERSIGN_TOKEN'] = tokens[scopes] ?? '';
  try {
    return await run(['audit', ...line, '--url', running.url]);
  } finally {
    delete process.env['COUNTERSIGN_TOKEN'];
  }
}

/** Waits until the whole chain stands in a checkpoint; answers its last number. */
const anchored = (tenant: string, task: string) =>
  waitFor(async () => {
    const [head] = await running.database.query<{ seq: number }>(
      'select seq from journal_heads where tenant = $1 and task = $2 and seq = checkpointed_seq',
      [tenant, task],
    );
    return head?.seq;
  });
const checkpointsOf = (tenant: string) => join(running.gatewayConfig.checkpointsDir, tenant);

// Seen to fail: `head: null` in the task's view; no lostAnchor;
// fetchEverything answering null; a checkpointer that passes over the chain of halts over everything; no requireScope in the journal's routes.
describe('audit verify, of a real run', () => {
  it('compares the journal with what the run knows', async () => {
    const last = await anchored(TENANT, TASK);
    const { exit, out } = await audit(['verify', TASK]);
    expect([exit, out.replaceAll(/\s+/g, ' ')]).toEqual([
      0,
      expect.stringContaining(`Entry ${last} is the last that the run's history in Temporal knows.`),
    ]);
  });

  // Seen to fail: the text made outside of the try (`Invalid string length`, and the draft stayed).
  it('an export that is too large says what to do, and leaves nothing behind', async () => {
    const folder = running.gatewayConfig.dataDir;
    const before = readdirSync(folder);
    const { stringify } = JSON;
    const spy = vi.spyOn(JSON, 'stringify').mockImplementation((value: unknown, ...rest: unknown[]) => {
      if (typeof value === 'object' && value !== null && 'everything' in value)
        throw new RangeError('Invalid string length');
      return stringify(value, ...(rest as [])); // as it was called
    });
    const written = await audit(['export', '--all', '--out', join(folder, 'large.json')]);
    const printed = await audit(['export', '--all']);
    spy.mockRestore();
    for (const { exit, out, err } of [written, printed])
      expect([exit, out, err]).toEqual([2, '', expect.stringContaining('too large for one file')]);
    expect(readdirSync(folder)).toEqual(before);
  });

  it('covers the halts over every tenant for a bearer of `halt:all`, and for nobody else', async () => {
    const client = await running.service();
    await expect(client.journal.page({ of: 'all' })).rejects.toMatchObject({ code: 'forbidden' });
    await expect(client.evidence.checkpoints('all')).rejects.toMatchObject({ code: 'forbidden' });
    await expect(client.evidence.anchors({ of: 'all' })).rejects.toMatchObject({ code: 'forbidden' });
    process.env['COUNTERSIGN_TOKEN'] = tokens['halt halt:all'] ?? '';
    const halted = await run(['halt', 'all', '--why', 'a drill', '--url', running.url]);
    delete process.env['COUNTERSIGN_TOKEN'];
    expect(halted).toMatchObject({ exit: 0, err: '' });
    await anchored(EVERY_TENANT, TENANT_CHAIN);
    await anchored(TENANT, TENANT_CHAIN);
    expect(readdirSync(checkpointsOf(EVERY_TENANT))).toEqual(['00000001.jws']);
    const verdict = async (scopes: string) =>
      JSON.parse((await audit(['verify', '--all', '--json'], scopes)).out) as { tasks: number };
    const [tenantOnly, all] = [await verdict(''), await verdict('halt halt:all')];
    const every = 'the halts over every tenant (all-tenants)';
    expect([tenantOnly, all]).toMatchObject([
      { ok: true, leftOut: [every] },
      { ok: true, leftOut: [], unanchored: 0 },
    ]);
    expect(all.tasks).toBe(tenantOnly.tasks + 1);
    await running.database.query(
      `update journal set body = replace(body, '"halt-set"', '"x"') || ' ' where tenant = $1`,
      [EVERY_TENANT],
    );
    const tampered = await audit(['verify', '--all'], 'halt halt:all');
    expect([tampered.exit, tampered.out]).toEqual([
      6,
      expect.stringContaining(`${EVERY_TENANT}/~tenant number 1: edited`),
    ]);
    // Seen to fail: left out without a word.
    const told = expect.stringContaining(`Not looked at: ${every}`);
    expect(await audit(['verify', '--all'])).toMatchObject({ exit: 0, out: told });
    expect(tampered.out).not.toContain('Not looked at');
  });

  // Seen to fail: read as a copy without any checkpoint, which "may be older than the journal".
  it('wants the folder of one tenant, and says which', async () => {
    const above = running.gatewayConfig.checkpointsDir;
    await anchored(TENANT, TASK);
    const { exit, err } = await audit(['verify', TASK, '--checkpoints', above]);
    expect([exit, err]).toEqual([
      2,
      expect.stringContaining(
        `${above} holds no checkpoint (.jws). Name the folder of one tenant's checkpoints, such as ${join(above, TENANT)}.`,
      ),
    ]);
    const none = await audit(['verify', TASK, '--checkpoints', running.gatewayConfig.dataDir]);
    expect([none.exit, none.err]).toEqual([
      2,
      expect.stringMatching(/holds no checkpoint .*checkpoints\.$/m),
    ]);
  });

  it('names what stood in a checkpoint that was cut off', async () => {
    await anchored(TENANT, TASK);
    rmSync(checkpointsOf(TENANT), { recursive: true });
    const { exit, out } = await audit(['verify', TASK]);
    expect([exit, out]).toEqual([
      6,
      expect.stringContaining(`${TENANT}/${TASK} number 1: checkpoint-truncated`),
    ]);
    expect(out).not.toContain('older than the journal');
    const copy = checkpointsOf(EVERY_TENANT); // one without any of this chain
    const own = await audit(['verify', TASK, '--checkpoints', copy]);
    expect([own.exit, own.out]).toEqual([6, expect.stringContaining(`If ${copy} is a copy, it may be`)]);
  });

  it('names a tail that was cut off together with every checkpoint of it; the bundle does too', async () => {
    const last = await anchored(TENANT, TASK);
    await running.database.transaction(async (tx) => {
      await tx.query('delete from journal where tenant = $1 and task = $2 and seq = $3', [
        TENANT,
        TASK,
        last,
      ]);
      await tx.query(
        `update journal_heads h set seq = j.seq, hash = j.hash, checkpointed_seq = 0 from journal j
         where h.tenant = $1 and h.task = $2 and j.tenant = $1 and j.task = $2 and j.seq = $3`,
        [TENANT, TASK, last - 1],
      );
    });
    const words = `truncated: the run's history in Temporal attests entry ${last}, the journal ends at ${last - 1}`;
    const { exit, out } = await audit(['verify', TASK]);
    expect([exit, out]).toEqual([6, expect.stringContaining(words)]);
    const file = join(running.gatewayConfig.dataDir, 'bundle.json');
    expect((await audit(['export', TASK, '--out', file])).exit).toBe(0);
    expect(readFileSync(file, 'utf8')).toContain('"heads":[{');
    expect((await run(['audit', 'verify', TASK, '--bundle', file])).out).toContain(words);
  });
});
