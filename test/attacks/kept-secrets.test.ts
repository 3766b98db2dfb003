import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { secret, SECRET_MASK } from '../../src/contract/secret.js';
import { defineTool } from '../../src/contract/tool.js';
import type { Json } from '../../src/domain/action.js';
import { POLICY } from '../support/gate.js';
import { openLive, type Live } from './live.js';

const ran: unknown[] = [];
const account = z.strictObject({ name: z.string(), password: secret(z.string().min(8)) });
const push = defineTool({
  name: 'push',
  version: '1',
  tier: 3,
  input: z.strictObject({ accounts: z.array(account), key: secret(), rounds: z.int() }),
  describe: (a) => `Push ${a.rounds} times`,
  run: (a) => {
    ran.push(a);
    return null;
  },
});

let live: Live;
beforeAll(async () => {
  live = await openLive({
    tools: [push],
    policy: `${POLICY.replace('[pay, note, look]', '[push]')}tools: { push: { level: approve } }\n`,
  });
});
afterAll(() => live.stop());

const accounts = [
  { name: 'mia', password: 'password-of-mia' },
  { name: 'joon', password: 'password-of-joon' },
];
const [mia, joon] = accounts.map(({ name }) => ({ name, password: SECRET_MASK }));
const args = { accounts, key: 'the-key', rounds: 1 };
const shown = { accounts: [mia, joon], key: SECRET_MASK, rounds: 1 };
const edit = (task: string, edits: object) =>
  live.decide(task, { decision: 'edit', edits: edits as { [key: string]: Json } });
const refused = (...paths: string[]) => ({
  code: 'invalid',
  extra: { problems: paths.map((path) => ({ path, message: expect.stringContaining('secret') as string })) },
});

/** Seen to fail, each: masks carried by position alone, and taken for secrets where nothing is carried. */
describe('a mask gives nobody a secret', () => {
  it('of another entry in an edit, which is refused until it is typed, and runs as it is then', async () => {
    await live.submit('kept-list', { tool: 'push', args });
    const [first, second] = ['$.accounts[0].password', '$.accounts[1].password'];
    for (const [edited, places] of [
      [[joon], [first]],
      [
        [joon, mia],
        [first, second],
      ],
      [
        [mia, joon, mia],
        [first, second, '$.accounts[2].password'],
      ],
      [
        [mia, { ...joon, name: 'ruth' }],
        [first, second],
      ],
    ] as const)
      await expect(edit('kept-list', { ...shown, accounts: edited })).rejects.toMatchObject(
        refused(...places),
      );
    const typed = [{ name: 'joon', password: 'typed-for-joon' }];
    await edit('kept-list', { ...shown, accounts: typed });
    expect(await live.end('kept-list')).toMatchObject({ state: 'COMPLETED' });
    expect(ran.splice(0)).toEqual([{ ...args, accounts: typed }]);
  });

  it('in an edit of something else, which keeps each where it was', async () => {
    await live.submit('kept-rest', { tool: 'push', args });
    await edit('kept-rest', { ...shown, rounds: 2 });
    expect(await live.end('kept-rest')).toMatchObject({ state: 'COMPLETED' });
    expect(ran.splice(0)).toEqual([{ ...args, rounds: 2 }]);
  });

  it('in a submission, ready-made or as a script', async () => {
    await expect(live.submit('kept-ready', { tool: 'push', args: shown })).rejects.toMatchObject(
      refused('$.accounts[0].password', '$.accounts[1].password', '$.key'),
    );
    const input = { steps: [{ calls: [{ tool: 'push', args: { ...args, key: `Bearer ${SECRET_MASK}` } }] }] };
    await expect(live.submit('kept-script', { planner: { name: 'scripted', input } })).rejects.toMatchObject(
      refused('$.key'),
    );
    expect(ran).toEqual([]);
  });
});
