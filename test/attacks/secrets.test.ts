import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fullArguments, showEscalation } from '../../src/cli/render/show-escalation.js';
import { secret, SECRET_MASK } from '../../src/contract/secret.js';
import { defineTool, ToolFailure } from '../../src/contract/tool.js';
import { POLICY } from '../support/gate.js';
import { waitFor } from '../support/wait.js';
import { heldByDatabase, heldByTemporal } from './held.js';
import { openLive, openMailBox, type Live, type MailBox } from './live.js';

/** Each is planted at one place, and may be found in the tool's hands and nowhere else. */
const PLANTED = {
  action: 'planted-in-the-action-4711',
  script: 'planted-in-the-script-4712',
  edit: 'planted-in-an-edit-4713',
  failing: 'planted-in-a-failing-call-4714',
  prompt: 'planted-in-a-prompt-4715',
  credential: 'planted-credential-of-the-tool-4716',
} as const;
/** Told by everybody to everybody: what the search must find. */
const OPEN = 'nothing-secret-4717';

const used: string[] = [];
const sendKey = defineTool({
  name: 'send_key',
  version: '1',
  tier: 4,
  input: z.strictObject({ to: z.string(), key: secret() }),
  describe: (a) => `Send ${a.key} to ${a.to}`,
  impact: (a) => ({ recipients: [a.to] }),
  preview: (a) => ({
    diff: [{ field: 'key', before: '', after: a.key }],
    unknowns: [`whether ${a.key} is right`],
  }),
  fingerprint: (a) => `seen with ${a.key}`,
  timeout: '4s',
  run: (a) => {
    used.push(a.key);
    if (a.to === 'nowhere') throw new Error(`login with ${PLANTED.credential} failed`);
    if (a.to === 'nobody') throw new ToolFailure('refused', `the host did not like ${a.key}`);
    return { sent: `sent ${a.key}`, all: [{ quoted: a.key }] };
  },
});

const logged: unknown[] = [];
let live: Live;
let mails: MailBox;
beforeAll(async () => {
  live = await openLive({
    worker: false,
    tools: [sendKey],
    policy: POLICY.replace('[pay, note, look]', '[send_key]').replace(
      'supervisor: {',
      'supervisor: { mail: [desk@example.com],',
    ),
    gateway: { log: (...line) => void logged.push(line) },
  });
  const log = (...line: unknown[]) => void logged.push(line);
  mails = await openMailBox(live, { tools: new Map([['send_key', sendKey]]), log });
});
afterAll(async () => {
  await mails.close();
  await live.stop();
});

/** Every answer of the HTTP API about a task, as a reviewer and as the service get it, and what `show` makes of it. */
async function answers(task: string): Promise<string> {
  const [person, service] = [await live.running.as('amira'), await live.running.service()];
  const told: unknown[] = [
    await service.tasks.get(task),
    await service.tasks.result(task),
    await service.tasks.list(),
    await person.escalations.list({ state: 'all' }),
    await person.journal.page({ task, limit: 200 }),
  ];
  const shown = await person.escalations.get(`${task}:1`);
  const screen = { width: 80, now: Date.now(), zone: 'UTC' };
  return JSON.stringify([...told, shown, showEscalation(shown, screen), fullArguments(shown, screen)]);
}

async function expectNowhere(task: string, planted: readonly string[]): Promise<void> {
  const places = {
    database: await heldByDatabase(live),
    temporal: await heldByTemporal(live, task),
    answers: await answers(task),
    logs: JSON.stringify(logged),
    mails: mails.text(),
  };
  for (const [place, text] of Object.entries(places))
    for (const value of planted) expect(text.includes(value), `${value} in ${place}`).toBe(false);
  expect(places.database).toContain(OPEN);
  expect(places.answers).toContain(OPEN);
  expect(places.temporal).toContain(task);
}

const ALL = Object.values(PLANTED);
const words = (value: string) => ({ goal: `${OPEN}: send ${value}`, readings: { note: `use ${value}` } });

/**
 * Seen to fail, each: a script stored as it was submitted, readings that go round the scrubber, results stored as the tool gave them,
 * failures stored as it said them.
 */
describe('a secret is in the hands of the tool and nowhere else (defect 2, case 67)', () => {
  it('in a ready-made action, quoted in every text beside it', async () => {
    const key = PLANTED.action;
    const action = { tool: 'send_key', args: { to: OPEN, key }, agentText: `send ${key} now` };
    const service = await live.running.service();
    await service.tasks.submit({ task: 'secrets-ready' as never, agent: 'bot', ...words(key), action }); // a valid name
    await live.asked('secrets-ready');
    await waitFor(() => (mails.text().includes('secrets-ready:1') ? true : undefined));
    await expectNowhere('secrets-ready', ALL);
    await live.decide('secrets-ready');
    const { results } = await live.end('secrets-ready');
    expect(results).toMatchObject([
      { outcome: 'executed', result: { sent: `sent ${SECRET_MASK}`, all: [{ quoted: SECRET_MASK }] } },
    ]);
    expect(used).toContain(key);
    await expectNowhere('secrets-ready', ALL);
    // Payloads were readable: this is in the input of an activity only.
    expect(await heldByTemporal(live, 'secrets-ready')).toMatch(/resolution\\*":null/);
  });

  it("in a planner's input", async () => {
    const calls = [
      { tool: 'send_key', args: { to: OPEN, key: PLANTED.script }, agentText: `so: ${PLANTED.script}` },
    ];
    const input = { steps: [{ calls }], prompt: `log in with ${PLANTED.prompt}` };
    const service = await live.running.service();
    const planner = { name: 'scripted', input };
    await service.tasks.submit({
      task: 'secrets-script' as never,
      agent: 'bot',
      ...words(PLANTED.script),
      planner,
    }); // a valid name
    await live.decide('secrets-script');
    expect(await live.end('secrets-script')).toMatchObject({ state: 'COMPLETED' });
    expect(used).toContain(PLANTED.script);
    await expectNowhere('secrets-script', ALL);
    const again = { task: 'secrets-script' as never, agent: 'bot', ...words(PLANTED.script), planner }; // a valid name
    expect(await service.tasks.submit(again)).toMatchObject({ created: false });
  });

  it('in an edit, and in what it replaces', async () => {
    await live.submit('secrets-edited', { tool: 'send_key', args: { to: OPEN, key: PLANTED.action } });
    await live.decide('secrets-edited', { decision: 'edit', edits: { to: OPEN, key: PLANTED.edit } });
    await live.decide('secrets-edited', {}, { subject: 'joon', round: 2 });
    await live.end('secrets-edited');
    expect(used).toContain(PLANTED.edit);
    await expectNowhere('secrets-edited', ALL);
  });

  it('in what a tool says when it fails', async () => {
    await live.submit('secrets-failing', { tool: 'send_key', args: { to: 'nobody', key: PLANTED.failing } });
    await live.decide('secrets-failing');
    expect(await live.end('secrets-failing')).toMatchObject({
      results: [{ outcome: 'failed: refused', result: { message: `the host did not like ${SECRET_MASK}` } }],
    });
    expect(used).toContain(PLANTED.failing);
    await expectNowhere('secrets-failing', ALL);
  });

  // Seen to fail: what the tool threw in the log of a call whose outcome is unknown.
  it('and so are the credentials of a tool, when what it threw quotes them', async () => {
    await live.submit('secrets-thrown', { tool: 'send_key', args: { to: 'nowhere', key: PLANTED.action } });
    await live.decide('secrets-thrown');
    await live.decide('secrets-thrown', { decision: 'resolve', resolution: 'leave' }, { round: 2 });
    expect(await live.end('secrets-thrown')).toMatchObject({ results: [{ outcome: 'unknown' }] });
    await expectNowhere('secrets-thrown', ALL);
  });

  it('that somebody names by its reference is refused, also in a script', async () => {
    const forged = { to: OPEN, key: { $secret: `hmac-sha256:${'0'.repeat(64)}` } };
    const input = { steps: [{ calls: [{ tool: 'send_key', args: forged }] }] };
    await expect(
      live.submit('secrets-named', { planner: { name: 'scripted', input } }),
    ).rejects.toMatchObject({
      code: 'invalid',
    });
  });
});
