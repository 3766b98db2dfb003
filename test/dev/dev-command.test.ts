import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRunning, type ProcessIdentity } from '../../src/dev/process-identity.js';
import { readEarlierStack } from '../../src/dev/stack-file.js';
import type { TaskId } from '../../src/domain/ids.js';
import { runBinary } from '../cli/binary.js';
import { enterableFolder } from '../support/folder.js';
import { waitFor } from '../support/wait.js';
import { devFolder, endAll, THROWS, type DevFolder, type RunningDev } from './running-dev.js';

let folder: DevFolder;
let dev: RunningDev;

beforeAll(async () => {
  folder = await devFolder(enterableFolder('countersign-dev-command-'));
});
afterAll(async () => {
  await endAll(folder);
  rmSync(folder.dir, { recursive: true, force: true });
});

const PARTS = ['dev', 'temporal', 'postgres', 'worker', 'gateway'] as const;
const lives = (identity: ProcessIdentity | undefined) => identity === undefined || isRunning(identity);

async function asked(task: string, n: number): Promise<void> {
  await folder.client('service').tasks.submit({
    task: task as TaskId, // test data
    agent: 'bot',
    situation: 'any',
    action: { tool: 'charge', args: { n } },
  });
  await question(task);
}

const question = (task: string) =>
  waitFor(async () => {
    const view = await folder
      .client('ada')
      .escalations.get(`${task}:1`)
      .catch(() => undefined);
    return view?.state === 'PAUSED_PENDING_HUMAN' ? view : undefined;
  });

async function approved(task: string): Promise<void> {
  const { digest, version } = await question(task);
  const request = { decision: 'approve', why: 'as agreed', digest, version } as const;
  await folder.client('ada').escalations.decide(`${task}:1`, request);
}

async function approvedAndDone(task: string): Promise<unknown> {
  await approved(task);
  const result = await waitFor(async () => {
    const seen = await folder.client('service').tasks.result(task, { waitSeconds: 5 });
    return seen.state === 'COMPLETED' ? seen : undefined;
  });
  return result.results[0]?.result;
}

/** The line of tests is the life of one folder. */
describe('countersign dev', () => {
  // Seen to fail: the port looked at before the folder's lock is taken (a second dev told of the port, not of the folder).
  it('starts everything; a second one on the folder is refused, names the first and does not disturb it', async () => {
    dev = await folder.start();
    await dev.up();
    expect(folder.livingParts()).toEqual(PARTS);
    expect(dev.printed.out).toContain(`Gateway      http://127.0.0.1:${folder.port}`);
    expect(dev.printed.out).toContain('countersign inbox --as ada');
    // Under npx, ending npx would leave it running.
    expect(dev.printed.out).toContain(`or end process ${dev.child.pid}.`);
    const second = await folder.start();
    expect(await second.ended()).toBe(2);
    expect(second.printed.out).toBe('');
    expect(second.printed.err).toMatch(
      new RegExp(`data folder .* is in use by process ${dev.child.pid}\\..*COUNTERSIGN_DATA`),
    );
    expect(folder.livingParts()).toEqual(PARTS);
    await asked('one', 1);
  });

  // Seen to fail: one token for agents' programs and for whoever runs it all.
  it('gives agents a token that makes no person and no policy (case 64)', async () => {
    const [service, operator] = [folder.client('service'), folder.client('operator')];
    const me = { kind: 'personal', subject: 'ada', scopes: [], ttlDays: 1 } as const;
    await expect(service.tokens.create(me)).rejects.toMatchObject({ code: 'forbidden' });
    await expect(service.policies.activate('version: "2"')).rejects.toMatchObject({ code: 'forbidden' });
    expect(await operator.tokens.create(me)).toMatchObject({ subject: 'ada' });
  });

  // Seen to fail: no new start after the end of a child; no word about it.
  it.each(['worker', 'gateway'] as const)('starts a %s that crashed again, and says so', async (part) => {
    const before = folder.living(part);
    process.kill(before?.pid ?? Number.NaN, 'SIGKILL');
    await waitFor(() => {
      const now = folder.living(part);
      return now !== undefined && now.pid !== before?.pid ? now : undefined;
    });
    expect(dev.printed.err).toContain(`The ${part} ended (SIGKILL) and is started again.`);
    await question('one');
    expect(folder.charges()).toBe('');
  });

  // Seen to fail: `stop` of a supervised child that does not wait for its end; stop of the stack left out.
  it('ends with everything it started at Ctrl-C, and is told nothing of a restart', async () => {
    const identities = PARTS.map(folder.living);
    process.kill(-(dev.child.pid ?? Number.NaN), 'SIGINT');
    expect(await dev.ended()).toBe(0);
    expect(folder.livingParts()).toEqual([]);
    expect(identities.filter(lives)).toEqual([]);
    expect(dev.printed.err.match(/started again/g)).toHaveLength(2); // the two of the tests before
  });

  // Seen to fail: tokens made anew at each start; keys made anew at each start; a promise that a tool leaves failing ending its worker.
  it('has everything it had when it is started again: question, tokens, keys, address', async () => {
    const kept = ['tokens.json', 'keys/signing.json', 'keys/verify.json', 'keys/secrets.json'];
    const before = kept.map(folder.text);
    dev = await folder.start();
    await dev.up();
    expect(kept.map(folder.text)).toEqual(before);
    expect(dev.printed.err).not.toContain('takes the place');
    expect(await approvedAndDone('one')).toEqual({ charged: 1 });
    expect(folder.charges()).toBe('1\n');
    const log = await waitFor(() => {
      const text = folder.text('logs/worker.log');
      return text.includes('"event":"stray-failure"') ? text : undefined;
    });
    expect(log).not.toContain('nobody waits for this');
    expect(dev.printed.err).not.toContain('started again');
  });

  // Seen to fail: the exception left to Node, which tells nothing of it but its words.
  it('ends a worker whose tool throws in a callback, tells where, without its words, and starts another', async () => {
    const before = folder.living('worker');
    await asked('throws', THROWS);
    await approved('throws');
    await waitFor(
      () => dev.printed.err.includes('The worker ended (exit 1) and is started again.') || undefined,
    );
    await waitFor(() => {
      const now = folder.living('worker');
      return now !== undefined && now.pid !== before?.pid ? now : undefined;
    });
    const log = folder.text('logs/worker.log');
    expect(log.match(/"event":"stray-failure".*tools\.mjs/g)).toHaveLength(2); // the one of the test before
    expect(log + dev.printed.err).not.toContain('hunter2');
    expect(folder.charges()).toBe('1\n');
  });

  // The gateway hangs, so it does not notice. Seen to fail: endOrphans without worker and gateway (the port stays taken); the warnings not told.
  it('leaves nothing that blocks the next start when it is killed with -9, and loses nothing', async () => {
    await asked('two', 2);
    const orphans = PARTS.map(folder.living);
    process.kill(folder.living('gateway')?.pid ?? Number.NaN, 'SIGSTOP');
    process.kill(dev.child.pid ?? Number.NaN, 'SIGKILL');
    await dev.ended();
    const policy = join(folder.dir, 'policy.yaml');
    const text = readFileSync(policy, 'utf8').replace('version: "1"', 'version: "1b"');
    writeFileSync(policy, text.replace('tools: [charge]', 'tools: [charge, chrage]'));
    dev = await folder.start();
    await dev.up();
    expect(dev.printed.err).toContain('version 1b, takes the place of the one that was in force, version 1.');
    expect(dev.printed.err).toMatch(
      /^warning: .*policy\.yaml:\d+:\d+: .*no tool `chrage` is registered.*; correct the name/m,
    );
    expect(orphans.filter(lives)).toEqual([]);
    expect(folder.livingParts()).toEqual(PARTS);
    expect(await approvedAndDone('two')).toEqual({ charged: 2 });
    expect(folder.charges()).toBe('1\n2\n');
    process.kill(dev.child.pid ?? Number.NaN, 'SIGTERM');
    expect(await dev.ended()).toBe(0);
    expect(folder.livingParts()).toEqual([]);
  });

  // Seen to fail: the signal listened to only once everything runs.
  it('ends with everything at Ctrl-C while it is still starting', async () => {
    dev = await folder.start();
    await waitFor(() => folder.living('temporal'));
    process.kill(-(dev.child.pid ?? Number.NaN), 'SIGINT');
    expect(await dev.ended()).toBe(0);
    expect(folder.livingParts()).toEqual([]);
    expect(dev.printed.out).toBe('');
  });

  // Seen to fail: the gateway's port not looked at before the servers start.
  it('says which port is taken before it starts anything, and gives the folder back', async () => {
    const other = createServer();
    await new Promise<void>((ready) => other.listen(folder.port, '127.0.0.1', ready));
    dev = await folder.start();
    expect(await dev.ended()).toBe(2);
    expect(dev.printed.err).toMatch(
      new RegExp(`^countersign: Port ${folder.port} .*COUNTERSIGN_PORT.*choose another`),
    );
    expect(folder.livingParts()).toEqual([]);
    await new Promise((closed) => other.close(closed));
  });

  // Seen to fail: with the first readiness alone published, the address stayed that of the dead gateway; without `restart` both servers stayed away.
  it('tells where its gateway is after each start of it, and starts a database and a Temporal that died again', async () => {
    dev = await folder.start({ COUNTERSIGN_PORT: '0' });
    await dev.up();
    const dataDir = join(folder.dir, '.countersign');
    const first = readEarlierStack({ dataDir })?.gatewayUrl;
    for (const part of ['gateway', 'temporal', 'postgres'] as const) {
      const before = folder.living(part)?.pid ?? Number.NaN;
      process.kill(before, 'SIGKILL');
      await waitFor(() => (folder.living(part)?.pid ?? before) !== before || undefined);
    }
    const answers = (url: string) =>
      fetch(`${url}/healthz`).then(
        ({ ok }) => ok || undefined,
        () => undefined,
      );
    const now = await waitFor(async () => {
      const url = readEarlierStack({ dataDir })?.gatewayUrl;
      return url !== undefined && url !== first && (await answers(url)) ? url : undefined;
    });
    expect(now).not.toBe(first);
    for (const name of ['The gateway', 'Temporal', 'Postgres'])
      expect(dev.printed.err).toContain(`${name} ended (SIGKILL) and is started again.`);
    process.kill(dev.child.pid ?? Number.NaN, 'SIGTERM');
    expect(await dev.ended()).toBe(0);
    expect(folder.livingParts()).toEqual([]);
  });

  // Seen to fail: the namespace of the removed one kept, which the worker and the gateway then insist on.
  it('starts on a folder whose Temporal was removed', async () => {
    rmSync(join(folder.dir, '.countersign', 'temporal'), { recursive: true });
    dev = await folder.start();
    await dev.up();
    process.kill(dev.child.pid ?? Number.NaN, 'SIGTERM');
    expect(await dev.ended()).toBe(0);
  });

  it('is what another shell is told to start when it does not run', async () => {
    const { exit, err } = await runBinary(['inbox', '--as', 'ada'], { cwd: folder.dir });
    expect([exit, err]).toEqual([5, expect.stringContaining(join(folder.dir, '.countersign'))]);
  });
});
