import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SECRET_MASK } from '../../src/contract/secret.js';
import type { Json } from '../../src/domain/action.js';
import { publishTools } from '../../src/store/tools.js';
import { callsOf } from '../../src/store/ledger.js';
import { readJournal, TENANT_CHAIN } from '../../src/store/journal.js';
import { closeQuestion, type QuestionRow } from '../../src/store/questions.js';
import { aKey, asked, aVisitor, fieldsOf, pageOf, plain, REASON, rejection, type Visitor } from './browse.js';
import { openGate, TENANT, type Gate } from './fixture.js';
import { anOpenQuestion, stored } from './questions.js';

let gate: Gate;
let amira: Visitor;

beforeAll(async () => {
  gate = await openGate();
  amira = await aVisitor(gate, 'amira');
});
afterEach(() => gate.reset());
afterAll(() => gate.close());

const form = (question: QuestionRow) => amira.form(`${pageOf(question)}/edit`, 'edit');

/** The arguments of each generation of a question's call. */
async function generations(question: QuestionRow): Promise<unknown[]> {
  return (await callsOf(gate.database, TENANT, question.task)).map(({ args }) => args);
}

/** A question about a tool with a default in a list, which a form edits as JSON. */
function anOrder(args: Json): Promise<QuestionRow> {
  const express = { type: 'boolean', default: true };
  const line = { type: 'object', properties: { sku: { type: 'string' }, express }, required: ['sku'] };
  const lines = { type: 'array', items: line };
  return aCallOf('order', { type: 'object', properties: { lines }, required: ['lines'] }, args);
}

/** A question about a tool with this schema. */
async function aCallOf(tool: string, schema: Json, args: Json): Promise<QuestionRow> {
  const facts = { name: tool, version: '1', tier: 3, categories: [], hasUndo: false } as const;
  await publishTools(gate.database, [{ facts, schema }], await gate.database.now());
  const brief = { tier: 3, tool: { name: tool, version: '1' }, fullArguments: args } as const;
  return asked(gate, { tool, tier: 3, args }, brief);
}

/** Somebody else is faster. */
async function settled(question: QuestionRow): Promise<void> {
  const joon = await aVisitor(gate, 'joon');
  await joon.post(pageOf(question), await rejection(joon, question));
  await gate.database.transaction(async (tx) => closeQuestion(tx, question, 'reject', 1));
}

describe('an edit on a page', () => {
  it('shows what it changes before it is sent, and keeps the types of values', async () => {
    const question = await anOpenQuestion(gate);
    const look = await amira.post(pageOf(question), {
      ...(await form(question)),
      'arg:/amountCents': '20000',
    });
    expect(look.status).toBe(200);
    expect(plain(look.text)).toContain('You change amountCents from 24000 to 20000');
    expect(await stored(gate, question)).toEqual([]);
    const ready = fieldsOf(look.text, 'edit');
    const sent = await amira.post(pageOf(question), { ...ready, why: REASON, confirm: 'issue_refund' });
    expect([sent.status, plain(sent.text)]).toEqual([303, '']);
    expect(await generations(question)).toEqual([
      { orderId: '1182', amountCents: 24_000 },
      { orderId: '1182', amountCents: 20_000 },
    ]);
  });

  it('takes the typed name at tier 4, and keeps the change and the reason without it', async () => {
    const question = await anOpenQuestion(gate);
    const look = await amira.post(pageOf(question), {
      ...(await form(question)),
      'arg:/amountCents': '20000',
    });
    const sent = await amira.post(pageOf(question), {
      ...fieldsOf(look.text, 'edit'),
      why: REASON,
      confirm: '',
    });
    expect(sent.status).toBe(422);
    expect(plain(sent.text)).toContain('You change amountCents from 24000 to 20000');
    expect(fieldsOf(sent.text, 'edit')).toMatchObject({ why: REASON, step: 'send' });
    expect(await stored(gate, question)).toEqual([]);
  });

  it.each([
    ['twenty', 'This must be a whole number.'],
    ['200.5', 'This must be a whole number.'],
    ['9007199254740993', 'This must be a whole number.'],
    ['', 'A value is needed.'],
  ])('says beside the input that %j does not fit, and keeps it there', async (typed, problem) => {
    const question = await anOpenQuestion(gate);
    const look = await amira.post(pageOf(question), { ...(await form(question)), 'arg:/amountCents': typed });
    expect([look.status, plain(look.text)]).toEqual([422, expect.stringContaining(problem)]);
    expect(fieldsOf(look.text, 'edit')['arg:/amountCents']).toBe(typed);
  });

  it('says what the schema of the tool refuses before anybody confirms it, and keeps what was typed', async () => {
    const question = await anOpenQuestion(gate);
    const look = await amira.post(pageOf(question), { ...(await form(question)), 'arg:/amountCents': '-5' });
    expect([look.status, plain(look.text)]).toEqual([422, expect.stringContaining('$.amountCents: ')]);
    expect(fieldsOf(look.text, 'edit')['arg:/amountCents']).toBe('-5');
  });

  it('is refused at its last step too, and keeps what was typed', async () => {
    const question = await anOpenQuestion(gate);
    const changed = { ...(await form(question)), 'arg:/amountCents': '20000' };
    const ready = fieldsOf((await amira.post(pageOf(question), changed)).text, 'edit');
    const edits = '{"orderId":"1182","amountCents":-5}';
    const sent = await amira.post(pageOf(question), {
      ...ready,
      edits,
      why: REASON,
      confirm: 'issue_refund',
    });
    expect([sent.status, plain(sent.text)]).toEqual([422, expect.stringContaining('$.amountCents: ')]);
    expect(fieldsOf(sent.text, 'edit')).toMatchObject({ 'arg:/amountCents': '-5', why: REASON });
  });

  // Seen to fail: with the diff of what was typed the page said [{"sku":"a"}], and {"express":true,"sku":"a"} ran.
  it('shows what will run, with all that the schema of the tool fills in', async () => {
    const question = await anOrder({ lines: [{ sku: 'a', express: false }] });
    const look = await amira.post(pageOf(question), {
      ...(await form(question)),
      'arg:/lines': '[{"sku":"a"}]',
    });
    expect(plain(look.text)).toContain(
      'You change lines from [{"express":false,"sku":"a"}] to [{"express":true,"sku":"a"}]',
    );
    expect((await amira.post(pageOf(question), { ...fieldsOf(look.text, 'edit'), why: REASON })).status).toBe(
      303,
    );
    expect((await generations(question))[1]).toEqual({ lines: [{ sku: 'a', express: true }] });
  });

  // Seen to fail: the page offered to approve a change that the schema undoes.
  it('that the schema of the tool undoes is no edit', async () => {
    const question = await anOrder({ lines: [{ sku: 'a', express: true }] });
    const look = await amira.post(pageOf(question), {
      ...(await form(question)),
      'arg:/lines': '[{"sku":"a"}]',
    });
    expect([look.status, plain(look.text)]).toEqual([
      422,
      expect.stringContaining('The edit changes nothing'),
    ]);
  });

  it('that changes nothing is no edit', async () => {
    const question = await anOpenQuestion(gate);
    const look = await amira.post(pageOf(question), await form(question));
    expect([look.status, plain(look.text)]).toEqual([
      422,
      expect.stringContaining('The edit changes nothing'),
    ]);
  });

  it('attack 67: shows no secret, keeps it unless it is typed anew, and does not show the new one either', async () => {
    const question = await aKey(gate);
    const page = await amira.get(`${pageOf(question)}/edit`);
    expect(page.text).toMatch(/type="password"\s+value=""/);
    const kept = await amira.post(pageOf(question), { ...fieldsOf(page.text, 'edit'), 'arg:/to': 'joon' });
    expect(JSON.parse(fieldsOf(kept.text, 'edit')['edits'] ?? '')).toEqual({ to: 'joon', key: SECRET_MASK });
    const anew = await amira.post(pageOf(question), {
      ...fieldsOf(page.text, 'edit'),
      'arg:/key': 'a-brand-new-key',
    });
    expect(plain(anew.text)).toContain(`You change key from ${SECRET_MASK} to a new secret`);
    expect(plain(anew.text)).not.toContain('a-brand-new-key');
  });

  // Seen to fail: the right guess "changes nothing", so that a secret could be found out by trying.
  it('attack 67: tells nobody whether a secret that is typed is the one that is there', async () => {
    const question = await aKey(gate);
    const guess = async (key: string) => {
      const look = await amira.post(pageOf(question), { ...(await form(question)), 'arg:/key': key });
      return [
        look.status,
        plain(look.text)
          .replaceAll(/[\w-]{36,}/g, '')
          .replaceAll(key, ''),
      ];
    };
    expect(await guess('key-of-mia')).toEqual(await guess('key-of-joe'));
    expect(await guess('key-of-mia')).toEqual([200, expect.stringContaining('to a new secret')]);
  });

  // Seen to fail: they were shown the change, to be approved, and nothing was journalled.
  it('attack 67: of somebody who may not edit is refused and journalled at its first step', async () => {
    const question = await aKey(gate);
    const sven = await aVisitor(gate, 'sven');
    const { csrf = '' } = await sven.form('/roster', 'absence');
    const fields = { ...(await form(question)), csrf, 'arg:/key': 'key-of-mia' };
    const look = await sven.post(pageOf(question), fields);
    expect([look.status, plain(look.text)]).toEqual([403, expect.stringContaining('Not allowed')]);
    const chain = await readJournal(gate.database, { tenant: TENANT, task: TENANT_CHAIN, limit: 200 });
    expect(chain.at(-1)).toMatchObject({ type: 'request-refused' });
  });

  // Seen to fail: the mask carried to whoever stands at the same place.
  it('that would give a secret to another entry is refused in words, and keeps what was typed', async () => {
    const entry = {
      type: 'object',
      properties: { to: { type: 'string' }, key: { type: 'string', 'x-secret': true } },
      required: ['to', 'key'],
    };
    const facts = { name: 'send_keys', version: '1', tier: 3, categories: [], hasUndo: false } as const;
    const schema = { type: 'object', properties: { keys: { type: 'array', items: entry } } };
    await publishTools(gate.database, [{ facts, schema }], await gate.database.now());
    const shown = ['mia', 'joon'].map((to) => ({ to, key: SECRET_MASK }));
    const keys = shown.map(({ to }) => ({ to, key: { $secret: `r-${to}` } }));
    const question = await asked(
      gate,
      { tool: 'send_keys', tier: 3, args: { keys } },
      { tier: 3, tool: { name: 'send_keys', version: '1' }, fullArguments: { keys: shown } },
    );
    const typed = JSON.stringify(shown.slice(1));
    const look = await amira.post(pageOf(question), { ...(await form(question)), 'arg:/keys': typed });
    expect(look.status).toBe(422);
    expect(plain(look.text)).toContain('$.keys[0].key: give the secret itself');
    expect(plain(look.text)).toContain('An edit keeps a secret by its mask only where it was');
    expect(JSON.parse(fieldsOf(look.text, 'edit')['arg:/keys'] ?? '')).toEqual(shown.slice(1));
    expect(await stored(gate, question)).toEqual([]);
  });

  // Seen to fail: the page said "You change key from null to "a-brand-new-key"", and had a text box for it.
  it('attack 67: shows no secret that may be left out or null either', async () => {
    const key = { anyOf: [{ type: 'string', 'x-secret': true }, { type: 'null' }] };
    const schema = { type: 'object', properties: { key }, required: ['key'] };
    const question = await aCallOf('send_null', schema, { key: null });
    const page = await amira.get(`${pageOf(question)}/edit`);
    expect(page.text).toMatch(/name="arg:\/key"\s+type="password"/);
    const look = await amira.post(pageOf(question), {
      ...fieldsOf(page.text, 'edit'),
      'arg:/key': 'a-brand-new-key',
    });
    expect(plain(look.text)).toContain('You change key from null to a new secret');
    expect(plain(look.text)).not.toContain('a-brand-new-key');
  });

  // Seen to fail: the words that came too late were shown with the new secret in them.
  it('attack 67: that somebody else was faster than shows its words without the secret', async () => {
    const question = await aKey(gate);
    const changed = { ...(await form(question)), 'arg:/key': 'a-brand-new-key', 'arg:/to': 'joon' };
    const ready = fieldsOf((await amira.post(pageOf(question), changed)).text, 'edit');
    await settled(question);
    const late = await amira.post(pageOf(question), { ...ready, why: REASON });
    expect([late.status, plain(late.text)]).toEqual([409, expect.stringContaining('"to": "joon"')]);
    expect(plain(late.text)).toContain(`"key": "${SECRET_MASK}"`);
    expect(late.text).not.toContain('a-brand-new-key');
  });

  // Seen to fail: the change was shown, to be approved.
  it('of a question that is settled is not shown to be confirmed', async () => {
    const question = await anOpenQuestion(gate);
    const changed = { ...(await form(question)), 'arg:/amountCents': '20000' };
    await settled(question);
    const late = await amira.post(pageOf(question), changed);
    expect([late.status, plain(late.text)]).toEqual([
      409,
      expect.stringContaining('joon was first: reject.'),
    ]);
    expect(plain(late.text)).toContain('20000');
    expect(late.text).not.toContain('Approve it with this change');
  });

  // Seen to fail: the input was empty and said "unchanged", so that the old secret ran.
  it('asks for a secret again that a form of an earlier session brought', async () => {
    const question = await aKey(gate);
    const fields = { ...(await form(question)), 'arg:/key': 'a-brand-new-key' };
    const again = await amira.post(pageOf(question), { ...fields, csrf: 'of-another-session' });
    expect(plain(again.text)).toContain('Type this secret again: it is not kept.');
    expect(again.text).toMatch(
      /name="arg:\/key"\s+type="password"\s+value=""\s+autocomplete="off"\s+required/,
    );
    expect(again.text).not.toContain('a-brand-new-key');
  });

  it('attack 28: of a question that changed meanwhile is stale', async () => {
    const question = await anOpenQuestion(gate);
    const fields = {
      ...(await form(question)),
      'arg:/amountCents': '20000',
      digest: `sha256:${'0'.repeat(64)}`,
    };
    const look = await amira.post(pageOf(question), fields);
    expect(look.status).toBe(409);
    expect(fieldsOf(look.text, 'edit')['arg:/amountCents']).toBe('20000');
  });
});

describe('a result that a person records', () => {
  it('is asked for by the output schema of the tool', async () => {
    const output = {
      type: 'object',
      properties: { refundId: { type: 'string' }, cents: { type: 'integer' } },
      required: ['refundId', 'cents'],
    };
    await gate.database.query('update tools set output = $1 where name = $2', [
      JSON.stringify(output),
      'issue_refund',
    ]);
    const question = await anOpenQuestion(gate);
    const fields = await amira.form(`${pageOf(question)}/take-over`, 'take-over');
    const filled = { ...fields, 'arg:/refundId': 'r-9', 'arg:/cents': '24000', why: REASON };
    const wrong = await amira.post(pageOf(question), { ...filled, 'arg:/cents': 'all of it' });
    expect([wrong.status, plain(wrong.text)]).toEqual([
      422,
      expect.stringContaining('This must be a whole number.'),
    ]);
    expect((await amira.post(pageOf(question), filled)).status).toBe(303);
    expect((await stored(gate, question))[0]?.result).toEqual({ refundId: 'r-9', cents: 24_000 });
  });

  // Seen to fail: the reason was kept, and the result gone.
  it('is kept for copying when somebody else was faster', async () => {
    const output = { type: 'object', properties: { note: { type: 'string' } }, required: ['note'] };
    await gate.database.query('update tools set output = $1 where name = $2', [
      JSON.stringify(output),
      'issue_refund',
    ]);
    const question = await anOpenQuestion(gate);
    const fields = await amira.form(`${pageOf(question)}/take-over`, 'take-over');
    await settled(question);
    const late = await amira.post(pageOf(question), {
      ...fields,
      'arg:/note': 'ten minutes of work',
      why: REASON,
    });
    expect([late.status, plain(late.text)]).toEqual([409, expect.stringContaining('ten minutes of work')]);
  });
});
