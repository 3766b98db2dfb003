import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLive, type Live } from '../attacks/live.js';
import { run } from '../cli/terminal.js';
import { TENANT } from '../support/gate.js';
import { testFolder } from '../support/folder.js';
import { createToken } from '../../src/store/tokens.js';

/** Runs `submit --script` on a file of this text, and answers what it said without the folder's name. */
async function submit(
  name: string,
  text: string,
  rest: readonly string[] = ['--agent', 'bot', '--task', 't'],
) {
  const folder = testFolder();
  const file = join(folder, name);
  writeFileSync(file, text);
  const ran = await run(['submit', '--script', file, ...rest]);
  return { ...ran, err: ran.err.replaceAll(`${folder}/`, '') };
}

const STEPS = `
steps:
  - calls: [{ tool: pay, args: { cents: 100, to: bob }, agentText: it is owed }]
  - when: rejected
    calls:
      - { tool: pay, args: { cents: 50, to: bob }, readings: { confidence: 0.9 } }
`;

/** Seen to fail, each: no plainJsonProblem; problems of the YAML not told. */
describe('a script that cannot be used', () => {
  it.each<[string, string, readonly RegExp[]]>([
    ['nothing', '', [/s\.yaml:1:1: the file is empty; write steps, each with the calls/]],
    ['a list', '- calls: []', [/s\.yaml:1:1: expected object, received array; write a map/]],
    ['no steps', 'step: []', [/s\.yaml:1:1: step: unknown key/, /s\.yaml:1:1: steps: missing; add it/]],
    [
      'several mistakes',
      'steps:\n  - calls:\n      - { tool: pay, args: 5 }\n      - { args: {}, level: auto }\n    when: sometimes\n',
      [
        /s\.yaml:3:\d+: steps\[0\]\.calls\[0\]\.args: .*must be an object/,
        /s\.yaml:4:\d+: steps\[0\]\.calls\[1\]\.tool: missing/,
        /s\.yaml:4:\d+: steps\[0\]\.calls\[1\]\.level: unknown key `level`/,
        /s\.yaml:5:\d+: steps\[0\]\.when: /,
      ],
    ],
    ['a key twice', 'steps: []\nsteps: []', [/s\.yaml:2:1: the same key stands twice/]],
    ['an alias', 'steps: [&a { calls: [] }, *a]', [/anchors and aliases are not read/]],
    ['half a JSON', '{"steps": [', [/s\.yaml:1:\d+: /]],
    [
      'a number that nobody keeps',
      'steps: [{ calls: [{ tool: pay, args: { cents: 9007199254740993 } }] }]',
      [/s\.yaml: \$\.steps\[0\]\.calls\[0\]\.args\.cents: .*write it as a string/],
    ],
  ])('%s: every problem by its line', async (_, text, words) => {
    const { exit, out, err } = await submit('s.yaml', text);
    expect([exit, out]).toEqual([2, '']);
    expect(err).toMatch(/^countersign: The script cannot be used:/);
    for (const word of words) expect(err).toMatch(word);
  });

  it.each<[string, readonly string[], RegExp]>([
    ['no task', ['--agent', 'bot'], /--task is missing/],
    ['no agent', ['--task', 't'], /--agent is missing/],
    [
      'a request beside it',
      ['--agent', 'bot', '--task', 't', 'request.json'],
      /--script takes the place of FILE/,
    ],
  ])('%s is told', async (_, rest, words) => {
    const { exit, err } = await submit('s.yaml', STEPS, rest);
    expect([exit, words.test(err)]).toEqual([2, true]);
  });

  it('and no file at all', async () => {
    expect(await run(['submit', '--script', '/nowhere.yaml', '--agent', 'a', '--task', 't'])).toMatchObject({
      exit: 2,
      err: expect.stringContaining('/nowhere.yaml cannot be read') as string,
    });
    expect((await run(['submit'])).err).toContain('FILE is missing');
  });
});

describe('a script', () => {
  let live: Live;
  let token: string;
  beforeAll(async () => {
    live = await openLive();
    const { database } = live.running;
    const now = await database.now();
    const service = {
      tenant: TENANT,
      kind: 'service',
      subject: 'shop',
      issuer: 'tests',
      scopes: [],
    } as const;
    token = (await createToken(database, { ...service, now, ttlMs: 3_600_000 })).token;
  });
  afterAll(() => live.stop());

  it.each([
    ['script-yaml', 's.yaml', STEPS],
    [
      'script-json',
      's.json',
      JSON.stringify({
        steps: [
          { calls: [{ tool: 'pay', args: { cents: 100, to: 'bob' }, agentText: 'it is owed' }] },
          { when: 'rejected', calls: [{ tool: 'pay', args: { cents: 50, to: 'bob' } }] },
        ],
      }),
    ],
  ])('%s is proposed step by step, beside what the options say', async (task, name, text) => {
    process.env['COUNTERSIGN_TOKEN'] = token;
    const options = ['--agent', 'bot', '--task', task, '--goal', 'Pay Bob', '--situation', 'owed'];
    const ran = await submit(name, text, [...options, '--url', live.running.url]);
    delete process.env['COUNTERSIGN_TOKEN'];
    expect(ran).toMatchObject({
      exit: 0,
      out: expect.stringContaining(`Task ${task} was started`) as string,
    });
    const { brief } = await live.asked(task);
    expect(brief).toMatchObject({ proposal: 'Pay 100 cents to bob', agentText: 'it is owed' });
    expect(JSON.stringify(brief)).toContain('Pay Bob');
    await live.decide(task, { decision: 'reject', why: 'half of it is owed' });
    await live.decide(task, {}, { operation: 2 });
    expect(await live.end(task)).toMatchObject({
      state: 'COMPLETED',
      results: [{ outcome: 'rejected' }, { outcome: 'executed' }],
    });
    expect(live.paidIn(task).map((paid) => paid.cents)).toEqual([50]);
  });
});
