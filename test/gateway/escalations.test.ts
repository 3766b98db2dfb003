import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { journalPage } from '../../src/contract/http-evidence.js';
import { escalationView, inboxPage } from '../../src/contract/http.js';
import { verifyJournal } from '../../src/contract/journal-verify.js';
import { closeQuestion } from '../../src/store/questions.js';
import { openGate, type Gate } from './fixture.js';
import { about, anOpenQuestion, decide } from './questions.js';

let gate: Gate;
let amira: string;

beforeAll(async () => {
  gate = await openGate();
  amira = await gate.token('amira');
});
beforeEach(async () => {
  gate.reset();
  await gate.database.query('delete from questions');
});
afterAll(() => gate.close());

async function inbox(token: string, query = '') {
  return inboxPage.parse((await gate.request('GET', `/v1/escalations${query}`, token)).json);
}

describe('the inbox', () => {
  it("holds the questions of the reader's roles, the most pressing first", async () => {
    const now = await gate.database.now();
    const late = await anOpenQuestion(gate, { answerBy: now + 90_000 });
    const soon = await anOpenQuestion(gate, { answerBy: now + 10_000 });
    const held = await anOpenQuestion(gate, { answerBy: null });
    await anOpenQuestion(gate, { roles: ['director'], role: 'director' });
    expect((await inbox(amira)).escalations.map((item) => item.task)).toEqual([
      soon.task,
      late.task,
      held.task,
    ]);
    expect((await inbox(await gate.token('ruth'))).escalations).toHaveLength(1);
    expect((await inbox(amira, '?role=director')).escalations).toHaveLength(1);
  });

  it('leaves out what the reader asked for, when only theirs to decide is wanted', async () => {
    await anOpenQuestion(gate, { requester: 'amira' });
    const other = await anOpenQuestion(gate);
    expect((await inbox(amira, '?mine=true')).escalations.map((item) => item.task)).toEqual([other.task]);
    expect((await inbox(amira)).escalations).toHaveLength(2);
  });

  it('comes page by page, each question once', async () => {
    for (let at = 0; at < 5; at++) await anOpenQuestion(gate);
    const first = await inbox(amira, '?limit=2');
    const second = await inbox(amira, `?limit=2&cursor=${first.next ?? ''}`);
    const third = await inbox(amira, `?limit=2&cursor=${second.next ?? ''}`);
    const seen = [first, second, third].flatMap((page) => page.escalations.map((item) => item.task));
    expect(new Set(seen).size).toBe(5);
    expect(third.next).toBeNull();
  });

  it('has closed questions only when they are asked for', async () => {
    const question = await anOpenQuestion(gate);
    await gate.database.transaction((tx) => closeQuestion(tx, question, 'rejected', 1));
    expect((await inbox(amira)).escalations).toEqual([]);
    expect((await inbox(amira, '?state=closed')).escalations).toMatchObject([
      { task: question.task, state: 'rejected' },
    ]);
  });

  // Seen to fail: the earlier round of a question that waits stood among the closed ones, with a link to the open one.
  it('leaves out of the closed ones a round that another one followed', async () => {
    const question = await anOpenQuestion(gate);
    await gate.database.transaction((tx) => closeQuestion(tx, question, 'asked-anew', 1));
    expect((await inbox(amira, '?state=closed')).escalations).toEqual([]);
  });

  // Seen to fail: no word of the call, however it ended.
  it('tells of a closed question what became of its call', async () => {
    const question = await anOpenQuestion(gate);
    const outcome = async () =>
      (await gate.request('GET', `/v1/escalations/${question.task}:1`, amira)).json.outcome as unknown;
    expect(await outcome()).toBeNull();
    await gate.database.transaction((tx) => closeQuestion(tx, question, 'approve', 1));
    expect(await outcome()).toBe('approve');
    await gate.database.query(
      "update ledger set status = 'failed', error_code = 'card-declined' where task = $1",
      [question.task],
    );
    expect(await outcome()).toBe('failed: card-declined');
  });

  // Seen to fail: in the order of the open ones, by which the first page is the oldest one.
  it('has the one that was asked last first, of those that are closed, page by page', async () => {
    const tasks: string[] = [];
    for (const askedAt of [1_000, 3_000, 2_000]) {
      const question = await anOpenQuestion(gate, { askedAt, answerBy: askedAt });
      await gate.database.transaction((tx) => closeQuestion(tx, question, 'rejected', 4_000));
      tasks[askedAt / 1_000] = question.task;
    }
    for (const state of ['closed', 'all']) {
      const first = await inbox(amira, `?state=${state}&limit=2`);
      const second = await inbox(amira, `?state=${state}&limit=2&cursor=${first.next ?? ''}`);
      const seen = [first, second].map((page) => page.escalations.map((item) => item.task));
      expect(seen).toEqual([[tasks[3], tasks[2]], [tasks[1]]]);
    }
  });
});

describe('a question', () => {
  it('comes with its brief, its version and what this reader may do', async () => {
    const question = await anOpenQuestion(gate);
    const answer = await gate.request('GET', `/v1/escalations/${question.task}:1`, amira);
    const view = escalationView.parse(answer.json);
    expect(view).toMatchObject({
      digest: question.digest,
      version: 1,
      briefDigest: question.briefDigest,
      role: 'supervisor',
      mayNot: null,
    });
    expect(view.mayDo).toEqual([
      'approve',
      'reject',
      'edit',
      'respond',
      'take-over',
      'escalate',
      'hold',
      'extend',
    ]);
    expect(view.brief.proposal).toBe('Refund USD 240.00 on order 1182');
  });

  it('tells why somebody may only look', async () => {
    const own = await anOpenQuestion(gate, { requester: 'amira' });
    const mine = await gate.request('GET', `/v1/escalations/${own.task}:1`, amira);
    expect(mine.json.mayDo).toEqual(['reject', 'respond', 'escalate', 'hold', 'extend']);
    expect(mine.json.mayNot).toContain('asked for it');
    const service = await gate.request(
      'GET',
      `/v1/escalations/${own.task}:1`,
      await gate.token('shop', { kind: 'service' }),
    );
    expect(service.json.mayDo).toEqual([]);
  });

  it('case 38: is not changed by looking at it, with GET, HEAD or OPTIONS', async () => {
    const question = await anOpenQuestion(gate);
    const before = await gate.database.query('select * from questions');
    for (const method of ['GET', 'HEAD', 'OPTIONS'])
      await gate.request(method, `/v1/escalations/${question.task}:1`, amira);
    await gate.request('GET', `/v1/escalations/${question.task}:1/decisions?decision=approve`, amira);
    expect(await gate.database.query('select * from questions')).toEqual(before);
    expect(await gate.database.query('select * from decisions')).toEqual([]);
  });
});

describe('the journal', () => {
  it('is read page by page, by task and by time, and verifies', async () => {
    const question = await anOpenQuestion(gate);
    await decide(gate, question, amira, about(question, 'approve'));
    const byTask = journalPage.parse(
      (await gate.request('GET', `/v1/journal?task=${question.task}`, amira)).json,
    );
    expect(byTask.entries.map((entry) => entry.type)).toEqual(['task-submitted', 'decision-stored']);
    const all: unknown[] = [];
    for (let next: string | null = ''; next !== null;) {
      const page = journalPage.parse(
        (await gate.request('GET', `/v1/journal?limit=3${next === '' ? '' : `&cursor=${next}`}`, amira)).json,
      );
      all.push(...page.entries);
      next = page.next;
    }
    const [row] = await gate.database.query<{ n: number }>(
      "select count(*) as n from journal where tenant = 'acme'",
    );
    expect(all).toHaveLength(row?.n ?? -1);
    expect(
      verifyJournal({ entries: byTask.entries, checkpoints: [], verifier: gate.deps.verifier }),
    ).toMatchObject({ ok: true, entries: 2 });
  });

  it('gives the public keys, and never a private one', async () => {
    const keys = await gate.request('GET', '/v1/keys', amira);
    expect(keys.json.keys).toHaveLength(1);
    expect(JSON.stringify(keys.json)).not.toContain('"d"');
  });
});
