import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { columns } from '../../src/cli/render/layout.js';
import { policyHash } from '../../src/policy/load.js';
import { activatePolicy } from '../../src/store/policies.js';
import type { QuestionRow } from '../../src/store/questions.js';
import { POLICY, TENANT } from '../gateway/fixture.js';
import { anOpenQuestion, aVerdict, stored } from '../gateway/questions.js';
import { serveGate, type Served } from './served.js';
import type { Ran, Typing } from './terminal.js';

/** Beside the roles of the fixture one that the store keeps. */
const KEPT = POLICY.replace('roles:\n', 'roles:\n  night: { kept: store, owner: director }\n');

let served: Served;
beforeAll(async () => {
  served = await serveGate(['amira', 'joon', 'ruth', 'tomas', 'sven', 'zoe']);
  await activatePolicy(served.gate.database, {
    tenant: TENANT,
    hash: policyHash(KEPT),
    version: '2',
    source: KEPT,
    author: 'ruth',
  });
});
beforeEach(async () => {
  served.gate.reset();
  await served.gate.database.query(`update questions set status = 'closed'`, []);
});
afterAll(() => served.close());

const esc = ({ task }: QuestionRow) => `${task}:1`;

/** Runs a line, and looks that nothing it prints is wider than the terminal. */
async function as(subject: string, line: readonly string[], rest: Typing = {}): Promise<Ran> {
  const ran = await served.as(subject, line, { errorWidth: 80, ...rest });
  if (!line.includes('--json'))
    expect(Math.max(...`${ran.out}\n${ran.err}`.split('\n').map(columns))).toBeLessThanOrEqual(80);
  return ran;
}

const json = async (subject: string, line: readonly string[]) => {
  const { exit, out } = await as(subject, [...line, '--json']);
  return { exit, json: JSON.parse(out) };
};

describe('claim and release', () => {
  it('show the others who looks into a question, until they no longer do', async () => {
    const question = await anOpenQuestion(served.gate);
    const claimed = await as('amira', ['claim', esc(question)]);
    expect([claimed.exit, claimed.out]).toEqual([
      0,
      expect.stringMatching(/^You look into it until [^.]+\.\n$/),
    ]);
    expect((await as('joon', ['show', esc(question)])).out).toContain('amira');
    const second = await as('joon', ['claim', esc(question)]);
    expect([second.exit, second.out, second.err]).toEqual([6, '', expect.stringContaining('amira')]);
    expect((await as('joon', ['release', esc(question)])).exit).toBe(6);
    const released = await as('amira', ['release', esc(question)]);
    expect([released.exit, released.out]).toEqual([0, 'Nobody looks into it now.\n']);
    expect((await as('joon', ['claim', esc(question)])).exit).toBe(0);
  });

  it('print JSON', async () => {
    const question = await anOpenQuestion(served.gate);
    expect(await json('amira', ['claim', esc(question)])).toMatchObject({
      exit: 0,
      json: { escalation: esc(question), claimedBy: 'amira', claimedUntil: expect.any(Number) },
    });
    expect(await json('joon', ['claim', esc(question)])).toMatchObject({
      exit: 6,
      json: { code: 'conflict', claimedBy: 'amira' },
    });
    expect((await json('amira', ['release', esc(question)])).json).toMatchObject({ claimedBy: null });
  });

  it.each(['claim', 'release'])('%s ends with the code of what is wrong', async (verb) => {
    const question = await anOpenQuestion(served.gate);
    const exits = [
      await as('sven', [verb, esc(question)]),
      await as('zoe', [verb, esc(question)]),
      await as('amira', [verb, 'nowhere:1']),
      await as('amira', [verb]),
      await as('amira', [verb, 'no escalation']),
    ].map(({ exit }) => exit);
    expect(exits).toEqual([4, 3, 3, 2, 2]);
  });
});

describe('delegate and undelegate', () => {
  const WHY = ['--why', 'on leave'];
  const idIn = (out: string) => /countersign undelegate (\S+)\n$/.exec(out)?.[1] ?? '';

  it('pass a question on, and take it back, by a command that is printed whole', async () => {
    const question = await anOpenQuestion(served.gate);
    const { exit, out } = await as('amira', [
      'delegate',
      esc(question),
      '--to',
      'sven',
      '--until',
      '2d',
      ...WHY,
    ]);
    expect([exit, out]).toEqual([0, expect.stringContaining('sven may decide in your stead until')]);
    expect((await as('sven', ['reject', esc(question), '--why', 'no'])).exit).toBe(0);
    expect(await stored(served.gate, question)).toMatchObject([{ subject: 'sven', onBehalfOf: 'amira' }]);
    expect((await as('joon', ['undelegate', idIn(out)])).exit).toBe(3);
    const back = await as('amira', ['undelegate', idIn(out)]);
    expect([back.exit, back.out]).toEqual([0, 'sven no longer decides in the stead of amira.\n']);
  });

  it('pass a role on for a time, which the roster shows', async () => {
    const line = ['delegate', '--role', 'supervisor', '--to', 'tomas', '--until', '3d', ...WHY];
    const { exit, json: made } = await json('joon', line);
    expect([exit, made]).toMatchObject([0, { by: 'joon', to: 'tomas', role: 'supervisor', revokedAt: null }]);
    expect((await as('ruth', ['roster', 'show'])).out).toContain('tomas for joon, supervisor:');
    const back = await json('tomas', ['undelegate', made.delegation]);
    expect(back).toMatchObject({ exit: 0, json: { revokedAt: expect.any(Number) } });
    expect((await as('ruth', ['roster', 'show'])).out).not.toContain('tomas for joon');
  });

  it.each([
    [
      'neither a question nor a role',
      ['--to', 'sven', '--until', '1d', ...WHY],
      2,
      'give either ESC or --role',
    ],
    ['no person', ['--role', 'supervisor', '--until', '1d', ...WHY], 2, '--to'],
    ['no end', ['--role', 'supervisor', '--to', 'sven', ...WHY], 2, '--until'],
    ['no reason', ['--role', 'supervisor', '--to', 'sven', '--until', '1d'], 2, '--why'],
    [
      'an end that is no time',
      ['--role', 'supervisor', '--to', 'sven', '--until', 'soon', ...WHY],
      2,
      'neither a time',
    ],
    ['an end too far away', ['--role', 'supervisor', '--to', 'sven', '--until', '31d', ...WHY], 2, '30 days'],
    ['a role of others', ['--role', 'director', '--to', 'sven', '--until', '1d', ...WHY], 4, 'director'],
    ['a person without a role', ['--role', 'supervisor', '--to', 'zoe', '--until', '1d', ...WHY], 2, 'zoe'],
  ])('refuse %s', async (_what, line, exit, words) => {
    const ran = await as('amira', ['delegate', ...line]);
    expect([ran.exit, ran.out, ran.err]).toEqual([exit, '', expect.stringContaining(words)]);
  });

  it('refuse a question that is passed on later, and an id that is none', async () => {
    const question = await anOpenQuestion(served.gate);
    const line = ['delegate', esc(question), '--to', 'sven', '--from', '1h', '--until', '1d', ...WHY];
    expect((await as('amira', line)).err).toContain('--from belongs to --role');
    expect((await as('amira', ['undelegate', 'nothing'])).exit).toBe(3);
  });
});

describe('roster', () => {
  it('show tells who is in which role', async () => {
    const { exit, out } = await as('amira', ['roster', 'show']);
    expect(exit).toBe(0);
    for (const line of [
      '  supervisor: amira, joon',
      '  security: sven, ruth',
      '  night: nobody (kept by director)',
    ])
      expect(out.split('\n')).toContain(line);
    expect((await json('amira', ['roster', 'show'])).json.roles).toContainEqual({
      role: 'supervisor',
      members: ['amira', 'joon'],
      from: [],
      backup: 'director',
      keptBy: null,
      maySet: false,
      mayPassOn: true,
    });
  });

  it('set says who is in a role that the store keeps, by whoever keeps it', async () => {
    const set = (who: string, ...line: string[]) => as(who, ['roster', 'set', ...line]);
    expect((await set('ruth', 'night', '--members', 'sven, zoe')).out).toMatch(/night: sven, zoe \(kept by/);
    const emptied = await json('ruth', ['roster', 'set', 'night', '--members', '']);
    expect(emptied.json.roles).toContainEqual(
      expect.objectContaining({ role: 'night', members: [], keptBy: 'director', maySet: true }),
    );
    expect((await set('ruth', 'night')).exit).toBe(2);
    expect((await set('ruth', 'night', '--members', 'a b')).exit).toBe(2);
    expect((await set('amira', 'night', '--members', 'amira')).exit).toBe(4);
    expect((await set('ruth', 'supervisor', '--members', 'ruth')).exit).not.toBe(0);
    expect((await set('ruth', 'nobody-knows', '--members', 'ruth')).exit).toBe(3);
  });

  it('absent says when somebody is away, and ends it', async () => {
    const absent = (...line: string[]) => as('amira', ['roster', 'absent', 'amira', ...line]);
    expect((await absent('--until', '3d')).out).toContain('away\n  amira: ');
    const ended = await absent('--until', '2020-01-01T00:00:00Z');
    expect([ended.exit, ended.out]).toEqual([0, expect.not.stringContaining('away')]);
    expect((await absent()).exit).toBe(2);
    expect((await absent('--until', 'soon')).exit).toBe(2);
    expect((await as('joon', ['roster', 'absent', 'amira', '--until', '1d'])).exit).toBe(4);
  });
});

describe('under a quorum', () => {
  const several = () => anOpenQuestion(served.gate, { verdict: { ...aVerdict(), quorum: 2 } });
  const approve = (who: string, question: QuestionRow) =>
    as(who, ['approve', esc(question), '--why', 'right', '--confirm', 'issue_refund']);

  // Seen to fail: the others’ decisions shown to whoever has not answered.
  it('attack 60: show and inbox tell nothing of the others before one’s own answer', async () => {
    const question = await several();
    const looks = async (who: string) => {
      const now = await served.gate.database.now();
      const lines = [
        ['show', esc(question)],
        ['inbox'],
        ['show', esc(question), '--json'],
        ['inbox', '--json'],
      ];
      return Promise.all(
        lines.map(async (line) => (await as(who, line, { now })).out.replaceAll(/in \d+ s\w*/g, '')),
      );
    };
    const before = (await looks('joon')).join('');
    expect(before).toContain("2 people must approve, each without seeing the others' answers");
    expect(before).toContain('[2 people]');
    const done = await approve('amira', question);
    expect([done.exit, done.out]).toEqual([0, expect.stringContaining('your approval counts')]);
    const after = (await looks('joon')).join('');
    expect(after).not.toContain('amira approve');
    expect(JSON.parse((await as('joon', ['show', esc(question), '--json'])).out)).toMatchObject({
      decisions: [],
    });
    expect(after.includes('amira')).toBe(before.includes('amira'));
    await approve('joon', question);
    const { decisions } = JSON.parse((await as('joon', ['show', esc(question), '--json'])).out);
    expect(decisions).toMatchObject([{ by: 'amira' }, { by: 'joon' }]);
  });

  it('counts one person once', async () => {
    const question = await several();
    await approve('amira', question);
    const again = await approve('amira', question);
    expect([again.exit, again.err.replaceAll('\n', ' ')]).toEqual([
      6,
      expect.stringContaining('somebody else must, too'),
    ]);
    expect((await as('amira', ['withdraw', esc(question), '--why', 'unsure'])).exit).toBe(0);
    expect((await approve('amira', question)).exit).toBe(0);
  });
});
