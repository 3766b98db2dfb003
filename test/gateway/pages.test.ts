import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
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
  type Visitor,
} from './browse.js';
import { openGate, type Gate } from './fixture.js';
import { anOpenQuestion, stored } from './questions.js';

let gate: Gate;
let amira: Visitor;

beforeAll(async () => {
  gate = await openGate();
  amira = await aVisitor(gate, 'amira');
});
afterEach(() => gate.reset());
afterAll(() => gate.close());

describe('a decision on a page', () => {
  it('is stored as everywhere, told by its channel, and answered by the way to its receipt', async () => {
    const question = await anOpenQuestion(gate);
    const sent = await amira.post(pageOf(question), await approval(amira, question));
    expect(sent.status).toBe(303);
    const location = sent.headers.get('location') ?? '';
    expect(location).toMatch(new RegExp(`^${pageOf(question)}\\?done=`));
    const [row] = await stored(gate, question);
    expect(row).toMatchObject({ verb: 'approve', subject: 'amira', why: REASON });
    expect(await told(gate, question, 'decision-stored')).toMatchObject({ channel: 'page' });
    const receipt = await amira.get(location);
    expect(receipt.text).toContain('Recorded: approve');
  });

  it('rejects with a reason of the list, in whose words the agent reads it; own words are optional', async () => {
    const question = await anOpenQuestion(gate);
    const fields = await rejection(amira, question);
    const without = await amira.post(pageOf(question), { ...fields, reason: '' });
    expect([without.status, plain(without.text)]).toEqual([
      422,
      expect.stringContaining('Choose why you reject it'),
    ]);
    expect(fieldsOf(without.text, 'reject')['why']).toBe(REASON);
    expect((await amira.post(pageOf(question), { ...fields, why: '' })).status).toBe(303);
    expect((await stored(gate, question))[0]).toMatchObject({ verb: 'reject', why: 'not-shown' });
  });

  it.each([
    ['respond', { answer: 'The blue one.' }],
    ['escalate', {}],
    ['extend', {}],
    ['hold', { until: '' }],
  ] as const)('takes %s by the form of the page', async (verb, more) => {
    const question = await anOpenQuestion(gate);
    const until = new Date((question.answerBy ?? 0) + 30_000).toISOString().slice(0, 19);
    const fields = {
      ...(await amira.form(pageOf(question), verb)),
      why: REASON,
      ...(verb === 'extend' ? { until } : {}),
      ...more,
    };
    const sent = await amira.post(pageOf(question), fields);
    expect([sent.status, plain(sent.text)]).toEqual([303, '']);
    expect((await stored(gate, question))[0]?.verb).toBe(verb);
  });

  it('takes each way to resolve a call of unknown outcome', async () => {
    const options = (['It happened', 'It did not happen', 'Leave it unknown'] as const).map(
      (label) => ({ verb: 'resolve', label, consequence: 'x' }) as const,
    );
    const results: unknown[] = [];
    for (const [form, more] of [
      ['resolve', { result: '{"refundId":"r-1"}' }],
      ['resolve-2', {}],
      ['resolve-3', {}],
    ] as const) {
      const question = await asked(gate, { kind: 'resolution', reason: 'unknown' }, { options });
      const sent = await amira.post(pageOf(question), {
        ...(await amira.form(pageOf(question), form)),
        why: REASON,
        ...more,
      });
      expect(sent.status).toBe(303);
      const [row] = await stored(gate, question);
      results.push([row?.message.resolution, row?.result]);
    }
    expect(results).toEqual([
      ['happened', { refundId: 'r-1' }],
      ['not-happened', undefined],
      ['leave', undefined],
    ]);
  });

  it('takes back an approval', async () => {
    const question = await anOpenQuestion(gate);
    await amira.post(pageOf(question), await approval(amira, question));
    const sent = await amira.post(pageOf(question), {
      ...(await amira.form(pageOf(question), 'withdraw')),
      why: REASON,
    });
    expect(sent.status).toBe(303);
    expect((await stored(gate, question)).map(({ verb }) => verb)).toEqual(['approve', 'withdraw']);
  });

  it('records a result that ends the task, in the words of a tool that declares none', async () => {
    const question = await anOpenQuestion(gate);
    const fields = await amira.form(`${pageOf(question)}/take-over`, 'take-over');
    const sent = await amira.post(pageOf(question), { ...fields, why: REASON, outcome: 'I paid it by hand' });
    expect(sent.status).toBe(303);
    expect((await stored(gate, question))[0]).toMatchObject({
      verb: 'take-over',
      result: 'I paid it by hand',
    });
  });

  it('with a double click is one decision with one receipt', async () => {
    const question = await anOpenQuestion(gate);
    const fields = await approval(amira, question);
    const [first, second] = await Promise.all([
      amira.post(pageOf(question), fields),
      amira.post(pageOf(question), fields),
    ]);
    expect([first.status, second.status]).toEqual([303, 303]);
    expect(first.headers.get('location')).toBe(second.headers.get('location'));
    expect(await stored(gate, question)).toHaveLength(1);
  });

  it('after the back button is the decision that was sent already; something else under it is refused', async () => {
    const question = await anOpenQuestion(gate);
    const fields = await rejection(amira, question);
    const first = await amira.post(pageOf(question), fields);
    const again = await amira.post(pageOf(question), fields);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    const other = await amira.post(pageOf(question), { ...fields, why: 'another reason' });
    expect([other.status, plain(other.text)]).toEqual([
      409,
      expect.stringContaining('This form was sent before, with something else in it'),
    ]);
    expect(other.text).toContain('another reason');
    expect(await stored(gate, question)).toHaveLength(1);
  });

  it('whose answer was lost on the way is found again by sending the form again', async () => {
    const question = await anOpenQuestion(gate);
    const fields = await rejection(amira, question);
    gate.tasks.answer = { decide: () => Promise.reject(new Error('the connection is gone')) };
    const lost = await amira.post(pageOf(question), fields);
    expect(lost.status).toBe(500);
    gate.reset();
    const found = await amira.post(pageOf(question), fields);
    expect(found.status).toBe(303);
    expect(await stored(gate, question)).toHaveLength(1);
  });
});
