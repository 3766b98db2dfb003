import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { serve } from '@hono/node-server';
import { afterEach, describe, expect, it } from 'vitest';
import { webhookSender } from '../../src/activities/adapters/webhook.js';
import { hookEvent, HOOK_KINDS, typeOf, type HookEntry } from '../../src/contract/hook-event.js';
import { parseWebhookSecret } from '../../src/contract/standard-webhook.js';
import { readHooks } from '../../src/hooks-file.js';
import { openGate } from '../gateway/fixture.js';
import { anIntegration } from '../gateway/hook-sender.js';
import { anOpenQuestion, stored } from '../gateway/questions.js';
import { testFolder } from '../support/folder.js';
import { aSecret, aTarget } from '../support/hook-target.js';
import { blocksOf } from '../support/page.js';

const page = readFileSync('docs/webhooks.md', 'utf8');
const textOf = (use: string) => blocksOf(page).find((block) => block.use === use)?.text ?? '';

const running: { kill(): unknown }[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill();
});

/** Runs a snippet as it stands; gives its lines of output one by one. */
function run(use: string, env: Readonly<Record<string, string>>) {
  const file = join(testFolder(), use.replace('runnable ', ''));
  writeFileSync(file, textOf(use));
  const child = spawn(process.execPath, [file], { env: { PATH: process.env['PATH'] ?? '', ...env } });
  running.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, line: async () => String((await lines.next()).value) };
}

const ENTRY: HookEntry = {
  tenant: 'default',
  task: 'refund-7',
  seq: 2,
  hash: 'f'.repeat(64),
  kind: 'asked',
  type: 'asked',
  at: Date.parse('2026-11-21T10:15:00Z'),
  body: JSON.stringify({
    operation: 1,
    generation: 1,
    round: 1,
    rung: 0,
    answerBy: Date.parse('2026-11-21T14:15:00Z'),
  }),
  tier: 4,
};

describe('docs/webhooks.md', () => {
  it('shows a file that is read', () => {
    const folder = testFolder();
    const path = join(folder, 'hooks.yaml');
    writeFileSync(path, textOf('hooks'));
    for (const [n, name] of ['crm', 'shop', 'chat', 'chat-old'].entries()) {
      mkdirSync(join(folder, 'secrets'), { recursive: true });
      writeFileSync(join(folder, 'secrets', name), aSecret(n));
    }
    const { out, in: from } = readHooks(path);
    expect(dirname(path)).toBe(folder);
    expect(out.map(({ id }) => id)).toEqual(['crm', 'shop']);
    expect(out[0]?.events).toEqual(HOOK_KINDS);
    expect(from[0]?.secrets).toHaveLength(2);
  });

  it('names every kind with its type', () => {
    const rows = page
      .split('\n')
      .filter((line) => /^\| `[a-z-]+`(,| \|)/.test(line))
      .join('\n');
    for (const kind of HOOK_KINDS) expect(rows, kind).toContain(`\`${kind}\``);
    for (const kind of [
      'asked',
      'reminded',
      'decided',
      'timed-out',
      'executed',
      'halted',
      'lifted',
      'closed',
    ] as const)
      expect(rows).toContain(`\`${typeOf(kind).replace('com.countersign.', '')}\``);
  });

  it('shows an event as it is sent', () => {
    const { id: _shown, ...event } = JSON.parse(textOf('event')) as Record<string, unknown>;
    const { id: _made, ...made } = JSON.parse(hookEvent(ENTRY).body) as Record<string, unknown>;
    expect(event).toEqual(made);
  });

  it('shows a receiver that takes what is genuine, once, and nothing else', async () => {
    const { line } = run('runnable receiver.mjs', { HOOK_SECRET: aSecret(), PORT: '0' });
    const port = (await line()).replace('listening ', '');
    const url = `http://127.0.0.1:${port}/`;
    const send = (secret: string, at = Date.now()) =>
      webhookSender([
        aTarget(url, { tenant: ENTRY.tenant as never, secrets: [parseWebhookSecret(secret)] }),
      ]).send('crm', ENTRY, at, new AbortController().signal);
    expect(await send(aSecret(2))).toMatchObject({ code: 'status-401' });
    expect(await send(aSecret(), Date.now() - 301_000)).toMatchObject({ code: 'status-401' });
    expect(await send(aSecret())).toEqual({ kind: 'delivered' });
    expect(await line()).toBe('com.countersign.escalation.asked refund-7:1');
    expect(await send(aSecret())).toEqual({ kind: 'delivered' });
  });

  it('shows a sender whose decision is taken', async () => {
    const reviewers = new Map([['U024BE7LH', 'amira']]);
    const gate = await openGate({ hooks: [anIntegration({ id: 'chat', reviewers })] });
    const question = await anOpenQuestion(gate);
    const server = serve({ fetch: gate.fetch, port: 0, hostname: '127.0.0.1' }) as Server;
    await once(server, 'listening');
    const { child, line } = run('runnable decide.mjs', {
      COUNTERSIGN_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      COUNTERSIGN_TOKEN: await gate.token('chat', { kind: 'service' }),
      HOOK_SECRET: aSecret(3),
      ESCALATION: `${question.task}:1`,
    });
    const ended = once(child, 'exit');
    expect(await line()).toMatch(/^200 .*"verb":"approve"/);
    expect(await stored(gate, question)).toMatchObject([{ subject: 'amira', issuer: 'hook:chat' }]);
    expect((await ended)[0]).toBe(0);
    server.close();
    await gate.close();
  });
});
