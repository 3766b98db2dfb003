import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { columns, wrap } from '../../src/cli/render/layout.js';
import { due, showInbox } from '../../src/cli/render/lists.js';
import type { InboxItem } from '../../src/contract/http.js';
import type { EscalationId, TaskId } from '../../src/domain/ids.js';
import { callsOf } from '../../src/store/ledger.js';
import { TENANT } from '../gateway/fixture.js';
import { anOpenQuestion, stored } from '../gateway/questions.js';
import { testFolder } from '../support/folder.js';
import { serveGate, type Served } from './served.js';

let served: Served;
beforeAll(async () => {
  served = await serveGate(['amira', 'joon']);
});
beforeEach(async () => {
  served.gate.reset();
  await served.gate.database.query(`update questions set status = 'closed'`, []);
});
afterAll(() => served.close());

const NOON = Date.UTC(2026, 10, 21, 12);

function anItem(escalation: string, rest: Partial<InboxItem> = {}): InboxItem {
  return {
    escalation: escalation as EscalationId, // test data
    task: 'orders' as TaskId, // test data
    agent: 'support',
    tool: 'issue_refund',
    tier: 4,
    role: 'finance_lead',
    kind: 'approval',
    proposal: 'Refund USD 6,200.00 on order 1215 to the card that it was paid with',
    flags: ['bidi'],
    version: 1,
    askedAt: NOON,
    answerBy: NOON + 5_400_000,
    state: 'PAUSED_PENDING_HUMAN',
    quorum: 1,
    claimedBy: null,
    claimedUntil: null,
    ...rest,
  };
}

describe('the inbox', () => {
  const items = [
    anItem('refund-of-the-office-chairs-2026-11-21:1'),
    anItem('t2:12', { tier: 2, kind: 'confirmation', flags: [], answerBy: NOON + 42_000 }),
  ];

  // Seen to fail: the table whatever the width, which cut what it is about away.
  it.each([40, 60, 80, 120])(
    'at %d columns tells id, tier, time, role, marks and what it is about',
    (width) => {
      const lines = showInbox(items, { width, now: NOON, zone: 'UTC' });
      expect(Math.max(...lines.map(columns))).toBeLessThanOrEqual(Math.max(width, 60));
      const page = lines.join('\n');
      for (const part of [
        items[0]?.escalation ?? '',
        't2:12',
        'T4',
        'T2',
        '90min',
        '42s',
        'finance_lead',
        '[!]',
        '[confirmation]',
        'Refund USD 6,200.00',
      ])
        expect(page).toContain(part);
    },
  );

  it('keeps the order of the gateway', () => {
    const page = showInbox(items.toReversed(), { width: 80, now: NOON, zone: 'UTC' }).join('\n');
    expect(page.indexOf('t2:12')).toBeLessThan(page.indexOf('refund-of'));
  });

  it.each([
    [-1, 'over'],
    [0, '0s'],
    [119_999, '119s'],
    [120_000, '2min'],
    [7_199_999, '119min'],
    [7_200_000, '2h'],
    [172_800_000, '2d'],
  ])('%d ms are left: %s', (leftMs, text) => expect(due(NOON + leftMs, NOON)).toBe(text));

  // Seen to fail: every look printing everything again.
  it.each([
    ['lines', []],
    ['JSON lines', ['--json']],
  ])('--watch prints what comes once, as %s, until it is stopped', async (_how, more) => {
    const first = await anOpenQuestion(served.gate);
    const looks: (() => Promise<unknown>)[] = [
      async () => undefined,
      () => anOpenQuestion(served.gate, { agent: 'second' }),
      async () => undefined,
    ];
    const { exit, out } = await served.as('amira', ['inbox', '--watch', ...more], { looks });
    expect(exit).toBe(0);
    expect(out.match(new RegExp(`\\b${first.task}:1\\b`, 'g'))).toHaveLength(1);
    const lines = out.trim().split('\n');
    if (more.length > 0)
      expect(lines.map((line) => (JSON.parse(line) as InboxItem).tool)).toEqual(
        Array(2).fill('issue_refund'),
      );
    else expect(lines.filter((line) => line.includes('T4'))).toHaveLength(2);
  });

  it('--watch is about what is open', async () => {
    expect((await served.as('amira', ['inbox', '--watch', '--closed'])).exit).toBe(2);
  });
});

describe('--args', () => {
  const edit = (task: string, args: string, input?: string) =>
    served.as(
      'amira',
      ['edit', `${task}:1`, '--args', args, '--confirm', 'issue_refund', '--why', 'x'],
      input === undefined ? {} : { input },
    );
  const LESS = '{"orderId":"1182","amountCents":100}';

  it.each(['as JSON', 'in a file', 'on standard input'])('takes the arguments %s', async (how) => {
    const question = await anOpenQuestion(served.gate);
    const file = join(testFolder(), 'args.json');
    writeFileSync(file, LESS);
    const given = { 'as JSON': LESS, 'in a file': `@${file}`, 'on standard input': '-' }[how] ?? '';
    expect((await edit(question.task, given, LESS)).exit).toBe(0);
    const calls = await callsOf(served.gate.database, TENANT, question.task);
    expect(calls.at(-1)?.args).toEqual(JSON.parse(LESS));
  });

  it.each([
    ['args.json', 'a file is named with @FILE'],
    ['@nowhere.json', 'nowhere.json cannot be read'],
  ])('refuses %s, and says what to write', async (given, words) => {
    const question = await anOpenQuestion(served.gate);
    const { exit, err } = await edit(question.task, given);
    expect([exit, err.includes(words)]).toEqual([2, true]);
    expect(await stored(served.gate, question)).toEqual([]);
  });
});

describe('what is printed', () => {
  // Seen to fail: errors on one line at a terminal.
  it('wraps errors where a person reads them, and leaves them whole for logs', async () => {
    const line = ['show', 'there-is-no-such-thing', '--url', 'http://127.0.0.1:1'];
    const whole = await served.as('amira', line);
    const wrapped = await served.as('amira', line, { errorWidth: 60 });
    expect(whole.err.trim().split('\n')).toHaveLength(1);
    expect(Math.max(...wrapped.err.split('\n').map(columns))).toBeLessThanOrEqual(60);
    expect(wrapped.err.replaceAll(/\s+/g, ' ')).toBe(whole.err.replaceAll(/\s+/g, ' '));
  });

  // Seen to fail: a command torn from its argument at the end of a line.
  it('never separates a command from its arguments', async () => {
    const question = await anOpenQuestion(served.gate);
    const { out } = await served.as('amira', ['reject', `${question.task}:1`, '--why', 'x'], { width: 40 });
    expect(out).toContain(`\n  countersign status ${question.task}\n`);
    const text =
      'It is over: see `countersign status a-task` for more of it, and `countersign result a-task` too.';
    for (let width = 30; width < 80; width += 1)
      for (const line of wrap(text, width)) expect(line.split('`').length % 2, line).toBe(1);
  });
});
