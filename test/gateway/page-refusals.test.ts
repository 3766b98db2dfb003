import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { setHalt } from '../../src/store/halts.js';
import type { HaltId } from '../../src/domain/ids.js';
import type { Brief } from '../../src/domain/brief.js';
import { briefDigest } from '../../src/contract/brief.js';
import {
  closeEarlierRounds,
  closeQuestion,
  openQuestion,
  type QuestionRow,
} from '../../src/store/questions.js';
import {
  approval,
  asked,
  aVisitor,
  fieldsOf,
  pageOf,
  plain,
  REASON,
  rejection,
  told,
  visiting,
  type Visitor,
} from './browse.js';
import { openGate, TENANT, type Gate } from './fixture.js';
import { aBrief, anOpenQuestion, stored } from './questions.js';

let gate: Gate;
let amira: Visitor;

beforeAll(async () => {
  gate = await openGate();
  amira = await aVisitor(gate, 'amira');
});
afterEach(() => gate.reset());
afterAll(() => gate.close());

/** Puts the next round of a question, with another brief. */
async function askAnew(question: QuestionRow, changes: Partial<Brief> = {}): Promise<QuestionRow> {
  const brief = aBrief({
    ...question.brief,
    ...changes,
    round: 2,
    proposal: 'Refund USD 300.00 on order 1182',
    diff: [{ field: 'refunded', before: 'USD 0.00', after: 'USD 300.00' }],
  });
  const next: QuestionRow = {
    ...question,
    round: 2,
    reason: 'drift',
    brief,
    briefDigest: briefDigest(brief),
  };
  await gate.database.transaction(async (tx) => {
    await openQuestion(tx, next);
    closeEarlierRounds(tx, next, question.askedAt);
  });
  return next;
}

describe('a decision that is not taken', () => {
  // Seen to fail: the body read before the key was looked at, its failure nobody's: one form ended the gateway.
  it('for want of everything that a form brings ends no process', async () => {
    const { csrf = '' } = await amira.form(pageOf(await anOpenQuestion(gate)), 'reject');
    const { status, text } = await amira.post('/review/no-such-task:1', { csrf, decision: 'approve' });
    expect([status, plain(text)]).toEqual([400, expect.stringContaining('The form came without its key')]);
    // Seen to fail: each of so many fields shown again, megabytes of them.
    const many = Object.fromEntries(Array.from({ length: 201 }, (_, at) => [`f${at}`, '']));
    const crowded = await amira.post('/review/no-such-task:1', { csrf, ...many });
    expect([crowded.status, plain(crowded.text)]).toEqual([400, expect.stringContaining('so many fields')]);
  });

  it('of a second reviewer names the first, and keeps what was typed', async () => {
    const question = await anOpenQuestion(gate);
    const fields = await rejection(amira, question);
    const joon = await aVisitor(gate, 'joon');
    await joon.post(pageOf(question), await rejection(joon, question));
    await gate.database.transaction((tx) => closeQuestion(tx, question, 'reject', 1));
    const late = await amira.post(pageOf(question), { ...fields, why: 'my own careful reason' });
    const text = plain(late.text);
    expect(late.status).toBe(409);
    expect(text).toContain('Somebody was first');
    expect(text).toContain('joon was first: reject.');
    expect(text).toContain('my own careful reason');
  });

  it('attack 28: about an older version shows the new difference and keeps what was typed', async () => {
    const question = await anOpenQuestion(gate);
    const fields = await rejection(amira, question);
    await askAnew(question);
    const stale = await amira.post(pageOf(question), { ...fields, why: 'my own careful reason' });
    const text = plain(stale.text);
    expect(stale.status).toBe(409);
    expect(text).toContain('The question changed while you looked');
    expect(text).toContain('This is version 2 now');
    expect(text).toContain('USD 300.00');
    expect(fieldsOf(stale.text, 'reject')).toMatchObject({ why: 'my own careful reason', version: '2' });
    expect(await stored(gate, question)).toEqual([]);
  });

  // Seen to fail: an incident for each.
  it('for a NUL in it, or in its address, is no incident', async () => {
    const question = await anOpenQuestion(gate);
    expect((await amira.get(`${pageOf(question)}?delegated=%00`)).status).toBe(404);
    const { csrf = '' } = await amira.form(pageOf(question), 'reject');
    expect((await amira.post('/roster', { csrf, form: 'revoke', delegation: 'a\0b' })).status).toBe(400);
    expect(gate.logged).toEqual([]);
  });

  // Seen to fail: "Nothing was decided", although the first was.
  it('because the same form was sent before says that what was sent first stands', async () => {
    const question = await anOpenQuestion(gate);
    const fields = await rejection(amira, question);
    await amira.post(pageOf(question), fields);
    const again = await amira.post(pageOf(question), { ...fields, why: 'something else' });
    expect([again.status, plain(again.text)]).toEqual([
      409,
      expect.stringContaining('What was sent first is recorded'),
    ]);
    expect(plain(again.text)).not.toContain('Nothing was decided');
  });

  // Seen to fail: "what you typed is kept", and it was nowhere on the page.
  it('about an older version keeps what was typed where the new one has to be opened first', async () => {
    const question = await anOpenQuestion(gate);
    const fields = await approval(amira, question);
    await askAnew(question, { arguments: [{ name: 'orderId', value: 'x …', bytes: 600, folded: true }] });
    const stale = await amira.post(pageOf(question), { ...fields, why: 'my own careful reason' });
    expect([stale.status, plain(stale.text)]).toEqual([
      409,
      expect.stringContaining('my own careful reason'),
    ]);
    expect(plain(stale.text)).toContain('Open all arguments');
  });

  // Seen to fail: the session could not be read, so that the form was gone.
  it('while the database is away is kept on the page, to be sent again as the same decision', async () => {
    const question = await anOpenQuestion(gate);
    const fields = { ...(await rejection(amira, question)), why: 'my own careful reason' };
    const query = () => Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
    const away = gate.appOf({ ...gate.deps, database: { ...gate.database, query } });
    const lost = await visiting({ ...gate, fetch: away }, amira.cookie).post(pageOf(question), fields);
    expect([lost.status, plain(lost.text)]).toEqual([503, expect.stringContaining('my own careful reason')]);
    expect((await amira.post(pageOf(question), fieldsOf(lost.text, 'reject'))).status).toBe(303);
    expect((await stored(gate, question)).map(({ why }) => why)).toEqual([
      'not-shown: my own careful reason',
    ]);
  });

  it('after the deadline says who is asked now', async () => {
    const question = await anOpenQuestion(gate);
    const fields = await rejection(amira, question);
    await gate.database.query('update questions set answer_by = 1 where task = $1', [question.task]);
    const late = await amira.post(pageOf(question), fields);
    expect([late.status, plain(late.text)]).toEqual([
      409,
      expect.stringContaining('The time to answer is over; director is asked next.'),
    ]);
  });

  it('attack 63: under a halt says so', async () => {
    const question = await anOpenQuestion(gate);
    const fields = await approval(amira, question);
    const halt = {
      id: `halt-${question.task}` as HaltId,
      scope: 'task',
      tenant: TENANT,
      target: question.task,
      why: 'x',
      whySalt: 's',
      by: 'ruth',
      role: 'director',
      sign: () => 'jws',
    } as const; // test data
    await setHalt(gate.database, halt);
    const halted = await amira.post(pageOf(question), fields);
    expect([halted.status, plain(halted.text)]).toEqual([409, expect.stringContaining('A halt is in force')]);
  });

  it('attack 53: of whoever asked for it is refused in words', async () => {
    const question = await anOpenQuestion(gate, { requester: 'amira' });
    const joon = await aVisitor(gate, 'joon');
    const { csrf: _other, ...fields } = await approval(joon, question);
    const { csrf = '' } = await amira.form(pageOf(question), 'reject');
    const sent = await amira.post(pageOf(question), { ...fields, csrf });
    expect([sent.status, plain(sent.text)]).toEqual([
      403,
      expect.stringContaining('Whoever asked for it cannot approve it'),
    ]);
    expect(await told(gate, question, 'decision-refused')).toMatchObject({
      code: 'forbidden',
      channel: 'page',
    });
  });

  it('attack 54: after the role was taken away between looking and deciding', async () => {
    const question = await anOpenQuestion(gate);
    const ruth = await aVisitor(gate, 'ruth');
    expect(plain((await ruth.get(pageOf(question))).text)).toContain('Only supervisor may decide this');
    const { csrf = '' } = fieldsOf(
      (await ruth.get('/settings')).text.replace('name="zone"', 'name="form" value="x"'),
      'x',
    );
    const sent = await ruth.post(pageOf(question), { ...(await approval(amira, question)), csrf });
    expect([sent.status, await stored(gate, question)]).toEqual([403, []]);
  });

  it('without the typed name of what cannot be undone, and keeps the reason', async () => {
    const question = await anOpenQuestion(gate);
    const sent = await amira.post(pageOf(question), {
      ...(await approval(amira, question)),
      confirm: 'issue_refun',
    });
    expect(sent.status).toBe(422);
    expect(plain(sent.text)).toContain('type issue_refund to show that it is meant');
    expect(fieldsOf(sent.text, 'approve')['why']).toBe(REASON);
    expect(await stored(gate, question)).toEqual([]);
  });

  it('attack 15: with folded arguments that were not opened, at tier 4', async () => {
    const note = { name: 'note', value: '"long …"', bytes: 900, folded: true };
    const question = await asked(gate, {}, { arguments: [note] });
    const page = await amira.get(pageOf(question));
    expect(() => fieldsOf(page.text, 'approve')).toThrow('no form approve');
    expect(plain(page.text)).toContain('1 argument is folded');
    const fields = {
      ...(await rejection(amira, question)),
      decision: 'approve',
      why: REASON,
      confirm: 'issue_refund',
    };
    const refused = await amira.post(pageOf(question), fields);
    expect([refused.status, plain(refused.text)]).toEqual([422, expect.stringContaining('open all of them')]);
    const opened = await amira.form(`${pageOf(question)}?full=1`, 'approve');
    expect(
      (await amira.post(pageOf(question), { ...opened, why: REASON, confirm: 'issue_refund' })).status,
    ).toBe(303);
  });

  it('while the store is away is kept on the page, to be sent again as the same decision', async () => {
    const question = await anOpenQuestion(gate);
    const fields = await rejection(amira, question);
    await gate.database.query('alter table decisions rename to decisions_away', []);
    const away = await amira.post(pageOf(question), { ...fields, why: 'my own careful reason' });
    await gate.database.query('alter table decisions_away rename to decisions', []);
    expect([away.status, plain(away.text)]).toEqual([503, expect.stringContaining('my own careful reason')]);
    const kept = fieldsOf(away.text, 'reject');
    expect(kept).toMatchObject({ key: fields['key'], why: 'my own careful reason' });
    expect((await amira.post(pageOf(question), kept)).status).toBe(303);
  });
});

describe('a session that is over in the middle of a form', () => {
  it('keeps what was typed, asks to sign in, and shows it once more before it is sent', async () => {
    const question = await anOpenQuestion(gate);
    const fields: Record<string, string> = {
      ...(await rejection(amira, question)),
      why: 'my own careful reason',
    };
    const over = await visiting(gate, `countersign=${'x'.repeat(43)}`).post(pageOf(question), fields);
    expect(over.status).toBe(401);
    expect(plain(over.text)).toContain('Your session is over, so nothing was sent.');
    const kept = fieldsOf(over.text, 'reject');
    expect(kept).toMatchObject({ why: 'my own careful reason', key: fields['key'] });
    const later = await aVisitor(gate, 'amira');
    const looked = await later.post(pageOf(question), kept);
    expect([looked.status, plain(looked.text)]).toEqual([
      403,
      expect.stringContaining('You have signed in since'),
    ]);
    const again = fieldsOf(looked.text, 'reject');
    expect(again['why']).toBe('my own careful reason');
    expect(await stored(gate, question)).toEqual([]);
    expect((await later.post(pageOf(question), again)).status).toBe(303);
  });

  it('attack 41: from another site keeps nothing and shows nothing of it', async () => {
    const question = await anOpenQuestion(gate);
    const fields = await rejection(amira, question);
    for (const headers of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/json' },
    ]) {
      const sent = await amira.post(pageOf(question), { ...fields, why: 'planted' }, headers);
      expect([403, 415]).toContain(sent.status);
      expect(sent.text).not.toContain('planted');
    }
    const { csrf: _left, ...bare } = fields;
    expect((await amira.post(pageOf(question), bare)).status).toBe(403);
    expect(await stored(gate, question)).toEqual([]);
  });
});
