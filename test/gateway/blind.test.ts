import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aVisitor, pageOf } from './browse.js';
import { openGate, type Answer, type Gate } from './fixture.js';
import { anOpenQuestion, aVerdict } from './questions.js';

let gate: Gate;
/** Each says how far every chain has grown. */
let checkpoints = 0;
let amira: string;
let joon: string;
let ruth: string;
beforeAll(async () => {
  gate = await openGate({ checkpoints: { list: async () => [{ n: (checkpoints += 1), jws: '' }] } });
  [amira, joon, ruth] = [await gate.token('amira'), await gate.token('joon'), await gate.token('ruth')];
});
afterAll(() => gate.close());

const several = () => anOpenQuestion(gate, { verdict: { ...aVerdict(), quorum: 2 } });

async function decide(
  question: Awaited<ReturnType<typeof several>>,
  token: string,
  body: object = {},
): Promise<Answer> {
  const { task, round: version, digest } = question;
  const whole = { decision: 'approve', why: 'it is right', version, digest, ...body };
  return gate.request('POST', `/v1/escalations/${task}:1/decisions`, token, whole);
}

/** All that a person can read about a task and its question. */
async function everything(task: string, token: string) {
  const read = (path: string) =>
    gate.request('GET', path, token).then(({ status, json }) => ({ status, json }));
  return {
    question: await read(`/v1/escalations/${task}:1`),
    inbox: await read('/v1/escalations?limit=200'),
    task: await read(`/v1/tasks/${task}`),
    result: await read(`/v1/tasks/${task}/result`),
    journal: await read(`/v1/journal?task=${task}`),
    all: await read('/v1/journal'),
    anchors: await read(`/v1/journal/anchors?task=${task}`),
    checkpoints: await read('/v1/checkpoints'),
  };
}

describe('before their own answer nobody hears of the answers of others (attack 60)', () => {
  it('every page reads as if nobody had voted', async () => {
    const question = await several();
    const visitors = [await aVisitor(gate, 'joon'), await aVisitor(gate, 'ruth')];
    const pages = () =>
      Promise.all(
        visitors.flatMap((who) =>
          [pageOf(question), `${pageOf(question)}/edit`, '/inbox', `/tasks/${question.task}`, '/history'].map(
            async (path) => (await who.get(path)).text.replaceAll(/[\w-]{36,}|\b\d+ (s|min|h|d)\b/g, ''),
          ),
        ),
      );
    const before = await pages();
    expect(await decide(question, amira)).toMatchObject({ status: 200 });
    const after = await pages();
    expect(after).toEqual(before);
    expect(after.join('')).not.toContain('it is right');
  });

  it('every surface reads as if nobody had voted, to another of the role and to the next role', async () => {
    const question = await several();
    gate.tasks.answer.view = async () => undefined;
    const before = [await everything(question.task, joon), await everything(question.task, ruth)];
    expect(await decide(question, amira)).toMatchObject({ status: 200 });
    const since = await gate.database.now();
    gate.tasks.answer.view = async () => ({
      state: 'HUMAN_RESPONDED',
      since,
      branches: [],
      path: [],
      head: { seq: 3, hash: 'h' },
    });
    expect([await everything(question.task, joon), await everything(question.task, ruth)]).toEqual(before);
    gate.reset();
  });

  it('nor does whoever stands in for several hear which of them has voted', async () => {
    const question = await several();
    const sven = await gate.token('sven');
    const until = (await gate.database.now()) + 3_600_000;
    for (const [by, ms] of [
      [amira, 1000],
      [joon, 0],
    ] as const) {
      const path = `/v1/escalations/${question.task}:1/delegate`;
      const made = await gate.request('POST', path, by, { to: 'sven', until: until + ms, why: 'on leave' });
      expect(made.status).toBe(201);
    }
    const before = await everything(question.task, sven);
    expect(before.question.json).toMatchObject({ standsInFor: 'amira' });
    expect(await decide(question, amira)).toMatchObject({ status: 200 });
    expect(await everything(question.task, sven)).toEqual(before);
    expect(await decide(question, sven)).toMatchObject({ status: 200 });
    const { json } = await gate.request('GET', `/v1/escalations/${question.task}:1`, sven);
    expect(json.decisions.at(-1)).toMatchObject({ by: 'sven', onBehalfOf: 'joon' });
  });

  it('whoever has voted sees it, and the refusal of the journal ends', async () => {
    const question = await several();
    await decide(question, amira);
    expect((await everything(question.task, amira)).question.json).toMatchObject({
      quorum: 2,
      mayDo: expect.not.arrayContaining(['approve']),
      decisions: [{ by: 'amira', verb: 'approve' }],
    });
    expect((await gate.request('GET', `/v1/journal?task=${question.task}`, joon)).status).toBe(409);
    await decide(question, joon);
    const { question: seen, journal } = await everything(question.task, joon);
    expect(seen.json.decisions).toHaveLength(2);
    expect(journal.status).toBe(200);
  });

  it('no refusal names who voted, and a vote taken back hides the others again', async () => {
    const question = await several();
    await decide(question, amira);
    gate.tasks.answer.decide = async () => ({ kind: 'refused', code: 'policy-refused', detail: 'no' });
    const refused = await decide(question, joon, { decision: 'escalate' });
    expect(refused.status).toBe(409);
    expect(JSON.stringify(refused.json)).not.toContain('amira');
    gate.reset();
    const { json: own } = await decide(question, joon);
    expect(own).not.toHaveProperty('winner');
    await decide(question, joon, { decision: 'withdraw' });
    const { json } = await gate.request('GET', `/v1/escalations/${question.task}:1`, joon);
    expect(JSON.stringify(json.decisions)).not.toContain('amira');
  });

  // Seen to fail: decisions matched by how their person had signed in.
  it('a vote is taken back by its person, by whatever they sign in with', async () => {
    const question = await several();
    await decide(question, amira);
    const elsewhere = await gate.token('amira', { issuer: 'https://id.example.com' });
    expect(await decide(question, elsewhere, { decision: 'withdraw' })).toMatchObject({ status: 200 });
    const { json } = await gate.request('GET', `/v1/escalations/${question.task}:1`, amira);
    expect(json.decisions).toMatchObject([{ verb: 'approve', outcome: 'withdrawn' }, { verb: 'withdraw' }]);
  });

  // Seen to fail: a vote was taken for one that holds for as long as its round.
  it('a vote that has lapsed is shown as lapsed, and whoever gave it may give it again', async () => {
    const now = await gate.database.now();
    const question = await anOpenQuestion(gate, {
      verdict: { ...aVerdict(), quorum: 2 },
      answerBy: now + 7_200_000,
    });
    const seen = async () => {
      const { json } = await gate.request('GET', `/v1/escalations/${question.task}:1`, amira);
      const page = (await (await aVisitor(gate, 'amira')).get(pageOf(question))).text;
      const offered = [json.mayDo.includes('approve'), page.includes('name="form" value="approve"')];
      return [...offered, json.decisions.map(({ outcome }: { outcome: string | null }) => outcome)];
    };
    await decide(question, amira);
    const age = (ms: number) =>
      gate.database.query('update decisions set at = at - $2 where task = $1', [question.task, ms]);
    await age(aVerdict().validityMs - 60_000);
    expect(await seen()).toEqual([false, false, [null]]);
    await age(60_001);
    expect(await seen()).toEqual([true, true, ['lapsed']]);
    expect(await decide(question, amira)).toMatchObject({ status: 200 });
    expect(await seen()).toEqual([false, false, ['lapsed', null]]);
  });

  it('one approval that is enough is shown as ever', async () => {
    const question = await anOpenQuestion(gate);
    await decide(question, amira);
    const { json } = await gate.request('GET', `/v1/escalations/${question.task}:1`, joon);
    expect(json.decisions).toMatchObject([{ by: 'amira' }]);
  });
});
