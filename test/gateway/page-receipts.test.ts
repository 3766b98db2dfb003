import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approval, aVisitor, fieldsOf, pageOf, plain, rejection, type Visitor } from './browse.js';
import { openGate, type Gate } from './fixture.js';
import { closeQuestion } from '../../src/store/questions.js';
import { anOpenQuestion, aVerdict, stored } from './questions.js';

let gate: Gate;
let amira: Visitor;

beforeAll(async () => {
  gate = await openGate();
  amira = await aVisitor(gate, 'amira');
});
afterAll(() => gate.close());

const several = () => anOpenQuestion(gate, { verdict: { ...aVerdict(), quorum: 2 } });
/** The page right after a form was sent, in one line. */
async function after(sent: { readonly headers: Headers }): Promise<string> {
  return (await amira.get(sent.headers.get('location') ?? '')).text;
}
const oneLine = (page: string) => plain(page).replaceAll(/\s+/g, ' ');

describe('the page right after an own decision', () => {
  it('attack 60: says of the first of several approvals that it counts and waits, and of others nothing', async () => {
    const question = await several();
    const page = await after(await amira.post(pageOf(question), await approval(amira, question)));
    await gate.database.query("update decisions set outcome = 'applied' where task = $1", [question.task]);
    const applied = (await amira.get(pageOf(question))).text;
    for (const text of [oneLine(page), oneLine(applied)]) {
      expect(text).not.toContain('taken effect');
      expect(text).toContain('approve by amira, version 1: counts');
      expect(text).toContain('2 people must approve');
    }
    expect(oneLine(page)).toContain(
      'Your approval counts; 2 people must approve, and the call waits for the others.',
    );
  });

  it('shows no answers any more, only the way back, and all of them again once it is taken back', async () => {
    const question = await anOpenQuestion(gate);
    const page = await after(await amira.post(pageOf(question), await approval(amira, question)));
    for (const form of ['approve', 'reject', 'respond', 'hold', 'claim', 'delegate'])
      expect(() => fieldsOf(page, form)).toThrow(`no form ${form}`);
    expect(page).toContain(`<a href="${pageOf(question)}">Look again`);
    const joon = await aVisitor(gate, 'joon');
    expect(fieldsOf((await joon.get(pageOf(question))).text, 'reject')).toBeDefined();
    const back = { ...fieldsOf(page, 'withdraw'), why: 'too early' };
    expect((await amira.post(pageOf(question), back)).status).toBe(303);
    expect(await amira.form(pageOf(question), 'reject')).toBeDefined();
    const refused = await after(await amira.post(pageOf(question), await rejection(amira, question)));
    expect(() => fieldsOf(refused, 'approve')).toThrow('no form approve');
  });
});

describe('whoever comes second', () => {
  const WORDS = 'my own careful reason';
  const lost = (text: string) => {
    expect(text).toContain('joon was first: reject.');
    expect(text).not.toMatch(/send it again|\(already-decided\)|There is nothing left/);
  };

  it('hears the same from a closed question, from the run, and from the receipt', async () => {
    const joon = await aVisitor(gate, 'joon');
    const closed = await anOpenQuestion(gate);
    const late = await rejection(amira, closed);
    await joon.post(pageOf(closed), await rejection(joon, closed));
    await gate.database.transaction((tx) => closeQuestion(tx, closed, 'reject', 1));
    const first = await amira.post(pageOf(closed), { ...late, why: WORDS });

    const raced = await anOpenQuestion(gate);
    const fields = await rejection(amira, raced);
    await joon.post(pageOf(raced), await rejection(joon, raced));
    gate.tasks.answer.decide = async () => ({ kind: 'refused', code: 'already-decided', detail: 'no' });
    const second = await amira.post(pageOf(raced), { ...fields, why: WORDS });
    gate.reset();
    for (const { status, text } of [first, second]) {
      expect(status).toBe(409);
      lost(oneLine(text));
      expect(oneLine(text)).toContain('Your answer changed nothing.');
      expect(oneLine(text)).toContain(WORDS);
      expect(() => fieldsOf(text, 'reject')).toThrow('no form reject');
    }
    const { id = '' } = (await stored(gate, raced)).find(({ subject }) => subject === 'amira') ?? {};
    const receipt = oneLine((await amira.get(`${pageOf(raced)}?done=${id}`)).text);
    lost(receipt);
    expect(receipt).toContain('Your reject changed nothing.');
  });

  it('is told when it was they themselves, in another window', async () => {
    const question = await anOpenQuestion(gate);
    const [here, there] = [await rejection(amira, question), await rejection(amira, question)];
    await amira.post(pageOf(question), here);
    await gate.database.transaction((tx) => closeQuestion(tx, question, 'reject', 1));
    const { status, text } = await amira.post(pageOf(question), { ...there, why: WORDS });
    expect([status, oneLine(text)]).toEqual([
      409,
      expect.stringContaining('You have decided this yourself: reject.'),
    ]);
    expect(oneLine(text)).not.toContain('amira was first');
    expect(oneLine(text)).toContain(WORDS);
  });

  it('is told without a code of ours what else kept a stored decision from taking effect', async () => {
    const question = await anOpenQuestion(gate);
    const fields = await rejection(amira, question);
    gate.tasks.answer.decide = async () => ({ kind: 'refused', code: 'policy-refused', detail: 'no' });
    const { text } = await amira.post(pageOf(question), fields);
    gate.reset();
    expect(oneLine(text)).toContain('it did not take effect and changed nothing');
    expect(oneLine(text)).not.toContain('(policy-refused)');
  });
});
