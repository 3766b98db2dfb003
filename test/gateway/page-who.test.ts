import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approval, aVisitor, fieldsOf, pageOf, plain, REASON, type Visitor } from './browse.js';
import { openGate, type Gate } from './fixture.js';
import { anOpenQuestion, stored } from './questions.js';

let gate: Gate;
let amira: Visitor;
let joon: Visitor;

beforeAll(async () => {
  gate = await openGate();
  amira = await aVisitor(gate, 'amira');
  joon = await aVisitor(gate, 'joon');
});
afterAll(() => gate.close());

describe('who looks into a question', () => {
  it('is claimed on its page, shown to others there and in the inbox, and released', async () => {
    const question = await anOpenQuestion(gate);
    const path = pageOf(question);
    expect((await amira.post(path, await amira.form(path, 'claim'))).headers.get('location')).toBe(path);
    expect(plain((await joon.get(path)).text)).toMatch(/amira looks\s+into it until/);
    expect(plain((await joon.get('/inbox')).text)).toContain('amira looks into it');
    const taken = await joon.post(path, await joon.form(path, 'claim'));
    expect([taken.status, plain(taken.text)]).toEqual([
      409,
      expect.stringContaining('amira looks into it until'),
    ]);
    expect((await joon.post(path, await approval(joon, question))).status).toBe(303);
    const other = await anOpenQuestion(gate);
    await amira.post(pageOf(other), await amira.form(pageOf(other), 'claim'));
    await amira.post(pageOf(other), await amira.form(pageOf(other), 'release'));
    expect(plain((await joon.get(pageOf(other))).text)).not.toMatch(/amira looks/);
  });

  it('is passed on to somebody who stands in, and what does not fit is told with what was typed', async () => {
    const question = await anOpenQuestion(gate);
    const path = pageOf(question);
    const until = new Date((await gate.database.now()) + 3_600_000).toISOString().slice(0, 16);
    const fields = { ...(await amira.form(path, 'delegate')), to: 'nobody', until, why: REASON };
    const wrong = await amira.post(path, fields);
    expect([wrong.status, plain(wrong.text)]).toEqual([
      422,
      expect.stringContaining('names no nobody in any role'),
    ]);
    expect(fieldsOf(wrong.text, 'delegate')).toMatchObject({ to: 'nobody', until, why: REASON });
    const tomas = await aVisitor(gate, 'tomas');
    expect((await tomas.get(path)).text).not.toContain('value="reject"');
    const sent = await amira.post(path, { ...fields, to: 'tomas' });
    const receipt = sent.headers.get('location') ?? '';
    expect([sent.status, receipt]).toEqual([303, expect.stringContaining('?delegated=')]);
    const told = plain((await amira.get(receipt)).text).replaceAll(/\s+/g, ' ');
    expect(told).toContain('tomas stands in for you');
    expect(told).toContain(`until ${until.slice(0, 10)}`);
    expect(told).toContain(`countersign undelegate ${receipt.split('=')[1]}`);
    expect(plain((await joon.get(receipt)).text)).not.toContain('stands in for you');
    expect(plain((await tomas.get(path)).text)).toContain('You stand in for amira');
    expect(plain((await joon.get(path)).text)).not.toContain('You stand in for');
    expect((await tomas.post(path, await approval(tomas, question))).status).toBe(303);
    expect((await stored(gate, question))[0]).toMatchObject({ subject: 'tomas', onBehalfOf: 'amira' });
  });
});
