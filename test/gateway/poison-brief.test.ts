import { afterAll, beforeAll, expect, it } from 'vitest';
import { aVisitor, pageOf, plain, type Visitor } from './browse.js';
import { openGate, type Gate } from './fixture.js';
import { anOpenQuestion, stored } from './questions.js';

let gate: Gate;
let amira: Visitor;
beforeAll(async () => {
  gate = await openGate();
  amira = await aVisitor(gate, 'amira');
});
afterAll(() => gate.close());

it.each([
  ['nothing in it', {}],
  ['other types', { proposal: { a: [1] }, flags: 'x', options: null }],
  ['a flag that is none', { proposal: 'Pay', flags: ['none'] }],
])(
  'fault 17: a brief with %s gets an error page with its incident, and the inbox goes on',
  async (_how, brief) => {
    const poison = await anOpenQuestion(gate);
    const next = await anOpenQuestion(gate);
    await gate.database.query('update questions set brief = $1 where task = $2', [
      JSON.stringify(brief),
      poison.task,
    ]);
    const page = await amira.get(pageOf(poison));
    const [, incident] = /incident id ([0-9a-f]{16})/.exec(plain(page.text)) ?? [];
    expect([page.status, gate.logged.at(-1)]).toMatchObject([500, { fields: { incident } }]);
    const inbox = await amira.get('/inbox');
    expect([inbox.status, inbox.text]).toEqual([200, expect.stringContaining(pageOf(next))]);
    expect(inbox.text).toContain(pageOf(poison));
    expect((await amira.get(pageOf(next))).status).toBe(200);
    expect(await stored(gate, poison)).toEqual([]);
  },
);
