import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decisionsOf } from '../../src/store/decisions.js';
import { readJournal, TENANT_CHAIN } from '../../src/store/journal.js';
import { activatePolicy } from '../../src/store/policies.js';
import { policyHash } from '../../src/policy/load.js';
import { openGate, POLICY, TENANT, type Gate } from './fixture.js';
import { verifyDecision } from '../../src/contract/decision-record.js';
import { anOpenQuestion } from './questions.js';

const DAY = 24 * 3_600_000;
/** Beside the roles of the fixture one that the store keeps. */
const KEPT = POLICY.replace('roles:\n', 'roles:\n  night: { kept: store, owner: director }\n');

let gate: Gate;
const tokens = new Map<string, string>();
beforeAll(async () => {
  gate = await openGate();
  for (const name of ['amira', 'joon', 'ruth', 'tomas', 'sven', 'zoe'])
    tokens.set(name, await gate.token(name));
  await activatePolicy(gate.database, {
    tenant: TENANT,
    hash: policyHash(KEPT),
    version: '2',
    source: KEPT,
    author: 'ruth',
  });
});
afterAll(() => gate.close());

type Question = Awaited<ReturnType<typeof anOpenQuestion>>;

const post = (path: string, who: string, body: object = {}) =>
  gate.request('POST', `/v1/${path}`, tokens.get(who) ?? null, body);
const about = ({ task }: Question, what: string) => `escalations/${task}:1/${what}`;
const decide = (question: Question, who: string, rest: object = {}) => {
  const { round: version, digest } = question;
  return post(about(question, 'decisions'), who, {
    decision: 'approve',
    why: 'right',
    version,
    digest,
    ...rest,
  });
};
const until = (ms: number) => gate.database.now().then((now) => now + ms);
const delegate = async (question: Question, who: string, to: string, ms = DAY) =>
  post(about(question, 'delegate'), who, { to, until: await until(ms), why: 'on leave' });
const types = async (task: string) =>
  (await readJournal(gate.database, { tenant: TENANT, task: task as Question['task'], limit: 200 })).map(
    (entry) => entry.type,
  );

describe('a question that somebody looks into', () => {
  it('shows who and until when, to the role, and is not to be taken up by others meanwhile', async () => {
    const question = await anOpenQuestion(gate);
    const { json } = await post(about(question, 'claim'), 'amira');
    expect(json).toMatchObject({ claimedBy: 'amira' });
    const seen = await gate.request('GET', `/v1/escalations/${question.task}:1`, tokens.get('joon') ?? null);
    expect(seen.json).toMatchObject({ claimedBy: 'amira', claimedUntil: json.claimedUntil });
    const second = await post(about(question, 'claim'), 'joon');
    expect(second).toMatchObject({ status: 409, json: { code: 'conflict', claimedBy: 'amira' } });
    expect((await post(about(question, 'release'), 'joon')).status).toBe(409);
    expect((await post(about(question, 'claim'), 'amira')).status).toBe(200);
    expect((await post(about(question, 'release'), 'amira')).json).toMatchObject({ claimedBy: null });
    expect((await post(about(question, 'claim'), 'joon')).json).toMatchObject({ claimedBy: 'joon' });
    expect(await types(question.task)).toEqual(
      expect.arrayContaining(['question-claimed', 'question-released']),
    );
  });

  it('is free again after 15 minutes, and is decided by whoever may all along', async () => {
    const question = await anOpenQuestion(gate);
    await post(about(question, 'claim'), 'amira');
    expect((await decide(question, 'joon')).status).toBe(200);
    const other = await anOpenQuestion(gate);
    await post(about(other, 'claim'), 'amira');
    await gate.database.query('update taken_up set until = until - 900000 where task = $1', [other.task]);
    expect((await post(about(other, 'claim'), 'joon')).json).toMatchObject({ claimedBy: 'joon' });
  });

  it('is taken up by nobody who may not decide it, nor when it is closed', async () => {
    const question = await anOpenQuestion(gate);
    expect((await post(about(question, 'claim'), 'sven')).status).toBe(403);
    expect((await post(about(question, 'claim'), 'zoe')).status).toBe(404);
    await gate.database.query("update questions set status = 'closed' where task = $1", [question.task]);
    expect((await post(about(question, 'claim'), 'amira')).json).toMatchObject({ code: 'not-open' });
  });
});

describe('somebody in whose stead another decides', () => {
  it('is named in the signed decision, and in the view', async () => {
    const question = await anOpenQuestion(gate);
    expect((await decide(question, 'sven')).status).toBe(403);
    expect((await delegate(question, 'amira', 'sven')).status).toBe(201);
    expect((await decide(question, 'sven')).status).toBe(200);
    const [row] = await decisionsOf(gate.database, question);
    expect(verifyDecision(row?.jws, gate.deps.verifier)).toMatchObject({
      subject: 'sven',
      onBehalfOf: 'amira',
      roles: ['supervisor'],
    });
    expect(await types(question.task)).toContain('question-delegated');
  });

  it('attack 55: passes on what was passed on: refused, expired: refused, in a circle: refused', async () => {
    const question = await anOpenQuestion(gate);
    await delegate(question, 'amira', 'sven');
    expect((await delegate(question, 'sven', 'tomas')).status).toBe(403);
    expect((await delegate(question, 'sven', 'amira')).status).toBe(403);
    await gate.database.query('update delegations set ends_at = 1 where task = $1', [question.task]);
    expect((await decide(question, 'sven')).status).toBe(403);
    for (const ms of [-1000, 31 * DAY])
      expect((await delegate(question, 'amira', 'sven', ms)).status).toBe(422);
    expect((await delegate(question, 'amira', 'amira')).status).toBe(422);
    expect((await delegate(question, 'amira', 'zoe')).status).toBe(422);
  });

  it('attack 53: whoever asked for it does not get it approved through a delegate, nor as one', async () => {
    const own = await anOpenQuestion(gate, { requester: 'amira' });
    expect((await delegate(own, 'amira', 'sven')).status).toBe(403);
    expect((await delegate(own, 'joon', 'amira')).status).toBe(403);
    const role = { role: 'supervisor', why: 'leave', until: await until(DAY) };
    expect((await post('delegations', 'amira', { ...role, to: 'tomas' })).status).toBe(201);
    expect((await decide(own, 'tomas')).status).toBe(403);
    const theirs = await anOpenQuestion(gate, { requester: 'sven' });
    expect((await post('delegations', 'joon', { ...role, to: 'sven' })).status).toBe(201);
    expect((await decide(theirs, 'sven')).status).toBe(403);
    await gate.database.query('delete from delegations');
  });

  it('attack 54: loses it with the role, and when either takes it back', async () => {
    const [one, two] = [await anOpenQuestion(gate), await anOpenQuestion(gate)];
    const role = { role: 'supervisor', to: 'sven', why: 'leave', until: await until(DAY) };
    const { json } = await post('delegations', 'amira', role);
    expect(await types(TENANT_CHAIN)).toContain('role-delegated');
    expect((await decide(one, 'sven')).status).toBe(200);
    expect((await post(`delegations/${json.delegation}/revoke`, 'joon')).status).toBe(404);
    expect((await post(`delegations/${json.delegation}/revoke`, 'sven')).status).toBe(200);
    expect((await decide(two, 'sven')).status).toBe(403);
    await delegate(two, 'amira', 'sven');
    const without = KEPT.replace('[amira, joon]', '[joon]');
    await activatePolicy(gate.database, {
      tenant: TENANT,
      hash: policyHash(without),
      version: '3',
      source: without,
      author: 'ruth',
    });
    expect((await decide(two, 'sven')).status).toBe(403);
    await activatePolicy(gate.database, {
      tenant: TENANT,
      hash: policyHash(KEPT),
      version: '4',
      source: KEPT,
      author: 'ruth',
    });
    expect((await decide(two, 'sven')).status).toBe(200);
  });

  // Seen to fail: a hundred useless ones kept what somebody else had passed on from being seen.
  it('is given so much by one person and no more, so that what others pass on counts still', async () => {
    const [question, start] = [await anOpenQuestion(gate), await until(20 * DAY)];
    const hour = (n: number) => ({ from: start + n * 3_600_000, until: start + (n + 1) * 3_600_000 });
    const pass = (n: number) =>
      post('delegations', 'ruth', { role: 'director', to: 'sven', why: 'x', ...hour(n) });
    await delegate(question, 'amira', 'sven');
    const answers: number[] = [];
    for (let tries = 0; tries < 101; tries++) answers.push((await pass(tries)).status);
    expect(answers.indexOf(409)).toBe(50);
    expect((await pass(101)).json.detail).toContain('sven stands in for you in 50 matters already');
    expect((await decide(question, 'sven')).status).toBe(200);
    await gate.database.query("delete from delegations where by_subject = 'ruth'");
  });

  // Seen to fail: fifty about one question stood in the roster, under a key each.
  it('has one matter of somebody once for a time, whatever the key, until either takes it back', async () => {
    const question = await anOpenQuestion(gate);
    const [start, role] = [await until(DAY), { role: 'director', to: 'sven', why: 'leave' }];
    const cases = [
      () => delegate(question, 'amira', 'sven'),
      () => post('delegations', 'ruth', { ...role, from: start, until: start + DAY }),
    ];
    for (const pass of cases) {
      const { json } = await pass();
      expect(await pass()).toMatchObject({
        status: 409,
        json: { code: 'conflict', detail: expect.stringContaining(json.delegation) },
      });
      await post(`delegations/${json.delegation}/revoke`, 'sven');
      expect((await pass()).status).toBe(201);
    }
    await post('roster/roles/night', 'ruth', { members: ['ruth'] });
    const others = [
      await delegate(question, 'amira', 'tomas'),
      await delegate(question, 'joon', 'sven'),
      await delegate(await anOpenQuestion(gate), 'amira', 'sven'),
      await post('delegations', 'ruth', { ...role, role: 'night', until: start + DAY }),
      await post('delegations', 'ruth', { ...role, until: start }),
      await post('delegations', 'ruth', { ...role, from: start + DAY, until: start + 2 * DAY }),
    ];
    expect(others.map(({ status }) => status)).toEqual(others.map(() => 201));
    await post('roster/roles/night', 'ruth', { members: [] });
    await gate.database.query('delete from delegations');
  });

  // Seen to fail: of more than 500 the roster left out those that hold longest.
  it('stands in the roster, however many there are, roles first', async () => {
    await gate.database.query(
      `insert into delegations (tenant, id, by_subject, to_subject, task, operation, starts_at, ends_at, why, why_salt, made_at)
       select $1, 'many-' || n, 'amira', 'tomas', 'refund-' || n, 1, $2, $3, '', '', $2 from generate_series(1, 501) n`,
      [TENANT, await until(0), await until(DAY)],
    );
    const role = { role: 'director', to: 'sven', why: 'leave', until: await until(20 * DAY) };
    const { json } = await post('delegations', 'ruth', role);
    const shown = await gate.request('GET', '/v1/roster', tokens.get('joon') ?? null);
    expect(shown.json.delegations).toHaveLength(502);
    expect(shown.json.delegations[0].delegation).toBe(json.delegation);
    await gate.database.query('delete from delegations');
  });

  it('sees what they may decide in their inbox', async () => {
    const question = await anOpenQuestion(gate);
    const listed = async () => {
      const { json } = await gate.request('GET', '/v1/escalations?limit=200', tokens.get('tomas') ?? null);
      return json.escalations.map((item: { escalation: string }) => item.escalation);
    };
    expect(await listed()).not.toContain(`${question.task}:1`);
    await delegate(question, 'amira', 'tomas');
    expect(await listed()).toContain(`${question.task}:1`);
  });
});

describe('a role whose members the store keeps', () => {
  it('is kept by the people of its owner alone, journalled, and read when somebody decides (attack 54)', async () => {
    const question = await anOpenQuestion(gate, { role: 'night', roles: ['night'] });
    expect((await decide(question, 'zoe')).status).toBe(404);
    expect((await post('roster/roles/night', 'amira', { members: ['amira'] })).status).toBe(403);
    expect((await post('roster/roles/supervisor', 'ruth', { members: ['zoe'] })).json).toMatchObject({
      code: 'policy-refused',
    });
    expect((await post('roster/roles/night', 'ruth', { members: ['zoe'] })).status).toBe(200);
    expect(await types(TENANT_CHAIN)).toContain('roster-set');
    expect((await decide(question, 'zoe')).status).toBe(200);
    const next = await anOpenQuestion(gate, { role: 'night', roles: ['night'] });
    expect((await post('roster/roles/night', 'ruth', { members: [] })).status).toBe(200);
    expect((await decide(next, 'zoe')).status).toBe(404);
  });

  // Seen to fail: taken like any other, while a policy that says so is refused.
  it('takes no name of people whom the policy does not name', async () => {
    const roles = async () =>
      (await gate.request('GET', '/v1/roster', tokens.get('ruth') ?? null)).json.roles;
    const before = await roles();
    const answer = await post('roster/roles/night', 'ruth', { members: ['oidc~00u1x7', 'zoe'] });
    expect([answer.status, answer.json.code]).toEqual([422, 'invalid']);
    expect(answer.json.detail).toContain('leave oidc~00u1x7 out');
    expect(await roles()).toEqual(before);
  });

  it('tells who is away by their own word, or by whoever keeps a role of theirs', async () => {
    const absence = { subject: 'amira', until: await until(DAY) };
    expect((await post('roster/absences', 'joon', absence)).status).toBe(403);
    const { json } = await post('roster/absences', 'amira', absence);
    expect(json.absences).toMatchObject([{ subject: 'amira', until: absence.until }]);
    expect(await types(TENANT_CHAIN)).toContain('absence-set');
    await post('roster/absences', 'amira', { subject: 'amira', from: 0, until: 1 });
    const shown = await gate.request('GET', '/v1/roster', tokens.get('joon') ?? null);
    expect(shown.json.absences).toEqual([]);
  });
});
