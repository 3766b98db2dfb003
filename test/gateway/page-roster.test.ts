import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readJournal, TENANT_CHAIN } from '../../src/store/journal.js';
import { lockMembers } from '../../src/store/staff.js';
import { waitFor } from '../support/wait.js';
import { approval, aVisitor, fieldsOf, pageOf, plain, REASON, visiting, type Visitor } from './browse.js';
import { openGate, POLICY, TENANT, type Gate } from './fixture.js';
import { anOpenQuestion, stored } from './questions.js';

const DAY = 24 * 3_600_000;
const ISSUER = 'https://id.example.com';
/** Beside the roles of the fixture one that the store keeps for the directors, and one by what an identity provider says. */
const WITH_KEPT = POLICY.replace(
  'roles:\n',
  `roles:
  night: { kept: store, owner: director }
  leads: { members: [], from: [{ issuer: "${ISSUER}", claim: groups, value: leads }] }
`,
);

let gate: Gate;
let amira: Visitor;
let ruth: Visitor;
let sven: Visitor;

beforeAll(async () => {
  gate = await openGate({ policy: WITH_KEPT });
  amira = await aVisitor(gate, 'amira');
  ruth = await aVisitor(gate, 'ruth');
  sven = await aVisitor(gate, 'sven');
});
afterEach(async () => {
  for (const table of ['role_members', 'absences', 'delegations'])
    await gate.database.query(`delete from ${table}`);
});
afterAll(() => gate.close());

const read = async (who: Visitor) => plain((await who.get('/roster')).text).replaceAll(/\s+/g, ' ');
const inHours = async (hours: number) =>
  new Date((await gate.database.now()) + hours * 3_600_000).toISOString().slice(0, 16);
const journalTypes = async () =>
  (await readJournal(gate.database, { tenant: TENANT, task: TENANT_CHAIN, limit: 200 })).map(
    ({ type }) => type,
  );
const members = async (who: Visitor, names: string) => ({
  ...(await who.form('/roster', 'members')),
  members: names,
});
/** How many transactions wait for the lists of members. */
const waiting = async () => {
  const [row] = await gate.database.query<{ n: number }>(
    "select count(*)::int as n from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())",
    [],
  );
  return row?.n;
};
const leave = async (who: Visitor, rest: object = {}) => ({
  ...(await who.form('/roster', 'absence')),
  until: await inHours(24),
  ...rest,
});
const standIn = async (who: Visitor, rest: object = {}) => ({
  ...(await who.form('/roster', 'delegate')),
  role: 'supervisor',
  to: 'sven',
  until: await inHours(24),
  why: REASON,
  ...rest,
});

describe('the roster', () => {
  it('shows roles with their people, by name, by claim and kept, and who is asked next', async () => {
    const text = await read(amira);
    for (const said of [
      'amira, joon',
      'Asked next: director.',
      `By sign-in: whoever has leads in groups at ${ISSUER}.`,
      'nobody Kept here by director.',
      'Nobody is away.',
      'Nobody stands in for anybody.',
    ])
      expect(text).toContain(said);
    expect((await amira.get('/inbox')).text).toContain('href="/roster"');
  });

  it('attack 69: is not there for whoever is nobody, nor is what they post; whoever is not signed in goes to do so', async () => {
    const nobody = await aVisitor(gate, 'nobody');
    const csrf = fieldsOf(
      (await nobody.get('/settings')).text.replace('name="zone"', 'name="form" value="x"'),
      'x',
    )['csrf'];
    const posted = { csrf: csrf ?? '', form: 'absence', subject: 'nobody', until: await inHours(2) };
    expect((await nobody.get('/roster')).status).toBe(404);
    expect((await nobody.post('/roster', posted)).status).toBe(404);
    const token = await gate.token('nobody');
    const until = (await gate.database.now()) + DAY;
    const absence = { subject: 'nobody', until };
    expect((await gate.request('POST', '/v1/roster/absences', token, absence)).status).toBe(404);
    expect(await gate.database.query('select * from absences')).toEqual([]);
    expect((await visiting(gate, '').get('/roster')).headers.get('location')).toBe('/sign-in?then=%2Froster');
  });
});

describe('the members of a kept role', () => {
  it('are set by whoever is of its owner, who then may decide, journalled', async () => {
    const question = await anOpenQuestion(gate, { role: 'night', roles: ['night'] });
    const zoe = await aVisitor(gate, 'zoe');
    expect((await zoe.get(pageOf(question))).status).toBe(404);
    const answer = await ruth.post('/roster', await members(ruth, ' zoe\r\nyara, zoe \r\n'));
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/roster?saved']);
    expect(await read(ruth)).toContain('yara, zoe');
    expect((await zoe.post(pageOf(question), await approval(zoe, question))).status).toBe(303);
    expect(await journalTypes()).toContain('roster-set');
  });

  it('are set by nobody else, and no form offers it to them (attack 64)', async () => {
    expect((await amira.get('/roster')).text).not.toContain('value="members"');
    const fields = { ...(await leave(amira)), form: 'members', role: 'night', members: 'amira', was: '' };
    const refused = await amira.post('/roster', fields);
    expect([refused.status, plain(refused.text)]).toEqual([
      403,
      expect.stringContaining('Only director keeps the members of night.'),
    ]);
    // Seen to fail: refused on the page, and nowhere else.
    expect((await journalTypes()).filter((type) => type === 'request-refused')).toHaveLength(1);
    // Seen to fail: 409 for a role that there is, 404 for another, to somebody who is nobody here.
    const nobody = await gate.token('nobody');
    for (const role of ['supervisor', 'night', 'none'])
      expect(
        (await gate.request('POST', `/v1/roster/roles/${role}`, nobody, { members: ['zoe'] })).status,
      ).toBe(404);
    const inPolicy = { ...(await members(ruth, 'zoe')), role: 'supervisor' };
    expect(plain((await ruth.post('/roster', inPolicy)).text)).toContain('stand in the policy');
    expect(await gate.database.query('select * from role_members')).toEqual([]);
  });

  it('are not overwritten by a list that was read before another change; what was typed is kept', async () => {
    const old = await members(ruth, 'yara');
    await ruth.post('/roster', await members(ruth, 'zoe'));
    const late = await ruth.post('/roster', old);
    expect([late.status, plain(late.text)]).toEqual([409, expect.stringContaining('now they are: zoe')]);
    expect(fieldsOf(late.text, 'members')).toMatchObject({ members: 'yara', was: 'zoe' });
    expect((await ruth.post('/roster', fieldsOf(late.text, 'members'))).status).toBe(303);
  });

  // Seen to fail: with the list compared outside the transaction both were told "Saved", and one list was gone.
  it('are not overwritten by a list that is sent at the same moment', async () => {
    const tomas = await aVisitor(gate, 'tomas');
    const forms = [await members(ruth, 'zoe'), await members(tomas, 'yara')] as const;
    const bothHeld = gate.database.transaction(async (tx) => {
      await lockMembers(tx, TENANT);
      const sent = [ruth.post('/roster', forms[0]), tomas.post('/roster', forms[1])];
      await waitFor(async () => (await waiting()) === 2 || undefined);
      return { sent };
    });
    const answers = await Promise.all((await bothHeld).sent);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([303, 409]);
  });

  // Seen to fail: the second click was told that somebody had changed the list meanwhile.
  it('are set once by a form that is sent twice', async () => {
    const form = await members(ruth, 'zoe');
    const before = (await journalTypes()).length;
    expect((await ruth.post('/roster', form)).status).toBe(303);
    expect((await ruth.post('/roster', form)).status).toBe(303);
    expect((await journalTypes()).slice(before)).toEqual(['roster-set']);
  });

  it('are names: anything else is told with its place', async () => {
    const wrong = await ruth.post('/roster', await members(ruth, 'zoe <script>'));
    expect([wrong.status, plain(wrong.text)]).toEqual([422, expect.stringContaining('$.members.1')]);
    expect(wrong.text).not.toContain('<script>');
  });
});

describe('being away', () => {
  it('is said by everybody of themselves, and ended', async () => {
    expect((await amira.post('/roster', await leave(amira))).status).toBe(303);
    expect(await read(sven)).toMatch(/amira: until 20\d\d/);
    expect((await sven.get('/roster')).text).not.toContain('value="back"');
    expect((await amira.post('/roster', await amira.form('/roster', 'back'))).status).toBe(303);
    expect(await read(sven)).toContain('Nobody is away.');
  });

  // Seen to fail: the page said "Saved", and what was noted before was gone.
  it('is not said of a time that is over', async () => {
    await amira.post('/roster', await leave(amira));
    const over = await amira.post('/roster', await leave(amira, { until: await inHours(-1) }));
    expect([over.status, plain(over.text)]).toEqual([
      422,
      expect.stringContaining('That absence is over already'),
    ]);
    expect(await read(amira)).toContain('I am back');
  });

  it('is said of others by whoever keeps a role of theirs, and by nobody else', async () => {
    await ruth.post('/roster', await members(ruth, 'zoe'));
    expect((await ruth.post('/roster', await leave(ruth, { subject: 'zoe' }))).status).toBe(303);
    expect(await read(ruth)).toMatch(/zoe: until/);
    const other = await amira.post('/roster', await leave(amira, { subject: 'joon' }));
    expect([other.status, plain(other.text)]).toEqual([403, expect.stringContaining('Only joon')]);
    const unknown = await ruth.post('/roster', await leave(ruth, { subject: 'amira' }));
    expect(unknown.status).toBe(403);
  });
});

describe('standing in', () => {
  it('passes one of ones own roles on, both named on the decision, until either takes it back', async () => {
    const [one, two] = [await anOpenQuestion(gate), await anOpenQuestion(gate)];
    const fields = await standIn(amira);
    expect((await amira.post('/roster', fields)).status).toBe(303);
    expect((await amira.post('/roster', fields)).status).toBe(303); // a second click is the same
    expect(await gate.database.query('select id from delegations')).toHaveLength(1);
    expect(await read(ruth)).toContain('sven for amira: supervisor, until');
    expect((await ruth.get('/roster')).text).not.toContain('value="revoke"');
    expect((await sven.post(pageOf(one), await approval(sven, one))).status).toBe(303);
    expect((await stored(gate, one))[0]).toMatchObject({ subject: 'sven', onBehalfOf: 'amira' });
    const about = await approval(sven, two);
    const back = await sven.form('/roster', 'revoke');
    expect((await sven.post('/roster', back)).status).toBe(303);
    expect((await sven.post(pageOf(two), about)).status).toBe(403);
    const again = await sven.post('/roster', back);
    expect([again.status, plain(again.text)]).toEqual([409, expect.stringContaining('taken back before')]);
  });

  // Seen to fail: the question offered it to whoever stands in, who was then told that it is not theirs.
  it('is not offered to whoever stands in', async () => {
    await amira.post('/roster', await standIn(amira));
    const question = await anOpenQuestion(gate);
    const offered = 'Let somebody stand in for you';
    expect((await amira.get(pageOf(question))).text).toContain(offered);
    const seen = (await sven.get(pageOf(question))).text;
    expect([seen.includes('You stand in for'), seen.includes(offered)]).toEqual([true, false]);
  });

  it('attack 55: takes back nothing of others, passes on nothing that is not ones own', async () => {
    await amira.post('/roster', await standIn(amira));
    const [made] = await gate.database.query<{ id: string }>('select id from delegations');
    const fields = { ...(await leave(ruth)), form: 'revoke', delegation: made?.id ?? '' };
    expect((await ruth.post('/roster', fields)).status).toBe(404);
    const onward = await sven.post('/roster', await standIn(sven, { to: 'ruth' }));
    expect(onward.status).toBe(403);
  });

  it('tells what does not fit with what was typed', async () => {
    const wrong = await amira.post('/roster', await standIn(amira, { to: 'zoe' }));
    expect([wrong.status, plain(wrong.text)]).toEqual([422, expect.stringContaining('names no zoe')]);
    expect(fieldsOf(wrong.text, 'delegate')).toMatchObject({ to: 'zoe', why: REASON, role: 'supervisor' });
    const when = await amira.post('/roster', await standIn(amira, { until: 'soon' }));
    expect([when.status, plain(when.text)]).toEqual([422, expect.stringContaining('no date and time')]);
  });
});

describe('a form of the roster', () => {
  it('attack 41: is taken from no other site, and a form of another session is shown once more', async () => {
    const fields = await leave(amira);
    const foreign = await amira.post('/roster', fields, { origin: 'https://evil.example' });
    expect(foreign.status).toBe(403);
    const old = await (await aVisitor(gate, 'amira')).post('/roster', fields);
    expect([old.status, plain(old.text)]).toEqual([403, expect.stringContaining('You have signed in since')]);
    expect((await amira.post('/roster', { ...fields, form: 'none' })).status).toBe(400);
    expect(await gate.database.query('select * from absences')).toEqual([]);
  });

  it('is kept when the session is over', async () => {
    const fields = await standIn(amira);
    const kept = await visiting(gate, '').post('/roster', fields);
    expect([kept.status, plain(kept.text)]).toEqual([401, expect.stringContaining('Your session is over')]);
    expect(fieldsOf(kept.text, 'delegate')).toMatchObject({ to: 'sven', why: REASON });
  });
});
