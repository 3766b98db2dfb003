import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyClosing } from '../../src/contract/closing-record.js';
import { anomalyPage, anomalyView } from '../../src/contract/http-anomalies.js';
import { TENANT_CHAIN } from '../../src/store/journal.js';
import { ahead, ODD, openAnomalyGate, type AnomalyGate } from '../support/anomalies.js';

const DAY = 86_400_000;
let at: AnomalyGate;
beforeAll(async () => {
  at = await openAnomalyGate();
});
afterAll(() => at.stop());

/** A class that was seen once, of a situation of its own. */
async function seen(situation: string) {
  expect(await at.meet(`${situation}-1`, { situation })).toBe('asked');
  return at.classOf(situation);
}
const later = (ms: number) => ({ ...at.deps, database: ahead(at.gate.database, ms) });

describe('an anomaly', () => {
  it('is one row for its agent, tool, rule and situation, with where it was seen last', async () => {
    const first = await seen('one');
    expect(await at.meet('one-2', { situation: 'one' })).toBe('asked');
    expect(first).toMatchObject({
      state: 'open',
      agent: 'bot',
      tool: 'note',
      rule: 'odd',
      builtIn: false,
      situation: 'one',
      owner: 'director',
      count: 1,
      last: { task: 'one-1', operation: 1 },
      closing: null,
    });
    const second = await at.classOf('one');
    expect(second).toMatchObject({ anomaly: first.anomaly, count: 2, last: { task: 'one-2' } });
    expect(second.lastSeenAt).toBeGreaterThanOrEqual(second.firstSeenAt);
  });

  it("is also one of the gate's own, and of a call that runs", async () => {
    await at.meet('own-1', { situation: 'own', call: { ...ODD, tool: 'unheard-of' } });
    const { json } = await at.list('ruth', 'state=open&limit=200');
    const own = anomalyPage.parse(json).anomalies.filter(({ situation }) => situation === 'own');
    expect(own.map(({ rule, builtIn }) => `${rule} ${builtIn}`).toSorted()).toEqual([
      'odd false',
      'unknown-tool true',
      'unlisted-tool true',
    ]);
  });

  it('is counted once however often its round is asked, by one worker or two', async () => {
    const task = await at.submit('repeat-1', { situation: 'repeat' });
    await Promise.all([at.ask(task), at.ask(task), at.ask(task)]);
    await at.ask(task);
    expect(await at.classOf('repeat')).toMatchObject({ count: 1 });
    await at.ask(task, { round: 2 });
    const { anomaly, count } = await at.classOf('repeat');
    expect(count).toBe(2);
    await at.close('ruth', anomaly);
    const runs = await at.submit('repeat-2', { situation: 'repeat' });
    await Promise.all([at.ask(runs), at.ask(runs), at.ask(runs)]);
    await at.ask(runs);
    expect(await at.classOf('repeat')).toMatchObject({ count: 3 });
  });

  it('is none of a call that fires no such rule', async () => {
    expect(
      await at.meet('even-1', { situation: 'even', call: { ...ODD, args: { cents: 1, to: 'even' } } }),
    ).toBe('permitted');
    await expect(at.classOf('even')).rejects.toThrow('0 classes');
  });

  it('is listed by state and page by page, the newest first', async () => {
    for (const n of [1, 2, 3]) await seen(`page-${n}`);
    const names: string[] = [];
    let cursor: string | null = '';
    do {
      const { json } = await at.list('amira', `state=open&limit=2${cursor && `&cursor=${cursor}`}`);
      const page = anomalyPage.parse(json);
      names.push(...page.anomalies.map(({ situation }) => situation ?? ''));
      cursor = page.next;
    } while (cursor !== null);
    expect(names.slice(0, 3)).toEqual(['page-3', 'page-2', 'page-1']);
    expect(names).toHaveLength(new Set(names).size + 2); // `own` is three classes
    const { anomaly } = await at.classOf('page-2');
    await at.close('ruth', anomaly, { as: 'fixed' });
    const ids = async (state: string) =>
      anomalyPage
        .parse((await at.list('amira', `state=${state}&limit=200`)).json)
        .anomalies.map((each) => each.anomaly);
    expect([await ids('open'), await ids('closed')]).toEqual([
      expect.not.arrayContaining([anomaly]),
      expect.arrayContaining([anomaly]),
    ]);
  });
});

describe('closing an anomaly', () => {
  it('as expected is signed and journalled, and the same one no longer asks', async () => {
    const { anomaly } = await seen('known');
    const answer = await at.close('ruth', anomaly, { learnt: 'the bank renamed itself' });
    expect([answer.status, anomalyView.parse(answer.json)]).toMatchObject([
      200,
      { state: 'closed', closing: { as: 'expected', by: 'ruth', learnt: 'the bank renamed itself' } },
    ]);
    const { at: when, until } = answer.json.closing;
    expect(until - when).toBe(30 * DAY);
    const [row] = await at.gate.database.query<{ jws: string }>('select jws from anomalies where id = $1', [
      anomaly,
    ]);
    expect(verifyClosing(row?.jws, at.gate.deps.verifier)).toMatchObject({
      anomaly,
      by: 'ruth',
      roles: ['director'],
      until,
    });
    const entries = (await at.journal(TENANT_CHAIN)).filter((entry) => entry.body.includes(anomaly));
    expect(entries.map(({ type }) => type)).toEqual(['anomaly-closed']);
    expect(entries[0]?.body).not.toMatch(/ruth|renamed/);
    expect(JSON.parse(entries[0]?.texts ?? '')).toEqual({ by: 'ruth', learnt: 'the bank renamed itself' });

    const task = await at.submit('known-2', { situation: 'known' });
    expect(await at.ask(task)).toMatchObject({ kind: 'permitted' });
    const day = new Date(until).toISOString().slice(0, 10);
    expect((await at.fired('known-2')).find(({ rule }) => rule === 'odd')).toMatchObject({
      level: 'notify',
      values: { knownAnomaly: anomaly, knownUntil: day },
    });
    expect(await at.execute(task)).toMatchObject({ kind: 'executed' });
    expect(await at.classOf('known')).toMatchObject({ state: 'closed', count: 2, last: { task: 'known-2' } });
  });

  it('holds for exactly this class', async () => {
    const { anomaly } = await seen('exact');
    await at.close('ruth', anomaly);
    expect(await at.meet('exact-2', { situation: 'inexact' })).toBe('asked');
    expect(await at.meet('exact-3', { situation: 'exact', call: { ...ODD, tool: 'pay' } })).toBe('asked');
    expect(await at.meet('exact-4', { situation: 'exact' })).toBe('permitted');
  });

  it("of one of the gate's own changes nothing about what it asks", async () => {
    const call = { ...ODD, tool: 'unheard-of' };
    await at.meet('gates-1', { situation: 'gates', call });
    const { json } = await at.list('ruth', 'state=open&limit=200');
    for (const { anomaly, situation } of anomalyPage.parse(json).anomalies)
      if (situation === 'gates') expect((await at.close('ruth', anomaly)).status).toBe(200);
    expect(await at.meet('gates-2', { situation: 'gates', call })).toBe('asked');
  });

  it.each(['fixed', 'incident'] as const)(
    'as %s asks, opens again when it is seen, and says so',
    async (as) => {
      const { anomaly } = await seen(as);
      await at.close('ruth', anomaly, { as });
      expect((await at.close('tomas', anomaly)).json.code).toBe('not-open');
      expect(await at.meet(`${as}-2`, { situation: as })).toBe('asked');
      expect(await at.classOf(as)).toMatchObject({ state: 'open', count: 2, closing: { as } });
      const again = (await at.journal(`${as}-2`)).filter(({ type }) => type === 'anomaly-reopened');
      expect(again.map(({ body }) => JSON.parse(body).anomaly)).toEqual([anomaly]);
      await at.meet(`${as}-3`, { situation: as });
      expect((await at.journal(`${as}-3`)).map(({ type }) => type)).not.toContain('anomaly-reopened');
    },
  );

  it('as expected ends by the clock of the database; then it asks and opens again', async () => {
    const { anomaly } = await seen('over');
    const { json } = await at.close('ruth', anomaly, { for: '2d' });
    expect(json.closing.until - json.closing.at).toBe(2 * DAY);
    const before = await at.submit('over-2', { situation: 'over' });
    expect(await at.ask(before, { deps: later(2 * DAY - 60_000) })).toMatchObject({ kind: 'permitted' });
    const after = await at.submit('over-3', { situation: 'over' });
    expect(await at.ask(after, { deps: later(2 * DAY) })).toMatchObject({ kind: 'asked' });
    expect(await at.classOf('over')).toMatchObject({ state: 'open', count: 3 });
    expect((await at.journal('over-3')).map(({ type }) => type)).toContain('anomaly-reopened');
  });

  it('anew ends what was expected before', async () => {
    const { anomaly } = await seen('after-all');
    await at.close('ruth', anomaly);
    expect((await at.close('tomas', anomaly, { as: 'incident', learnt: 'it was theft' })).status).toBe(200);
    expect(await at.meet('after-all-2', { situation: 'after-all' })).toBe('asked');
  });

  it('again under one Idempotency-Key is one closing', async () => {
    const { anomaly } = await seen('twice');
    const first = await at.close('ruth', anomaly, { as: 'fixed' }, 'k1');
    expect(await at.close('ruth', anomaly, { as: 'fixed' }, 'k1')).toEqual(first);
    expect((await at.close('ruth', anomaly, { as: 'incident' }, 'k1')).json.code).toBe(
      'idempotency-conflict',
    );
    const entries = (await at.journal(TENANT_CHAIN)).filter((entry) => entry.body.includes(anomaly));
    expect(entries).toHaveLength(1);
  });

  it.each([
    ['nothing learnt', { learnt: ' ' }, 'invalid'],
    ['a time for what is fixed', { as: 'fixed', for: '1d' }, 'invalid'],
    ['more than 90 days', { for: '91d' }, 'invalid'],
    ['longer than the policy lets', { for: '31d' }, 'policy-refused'],
  ] as const)('is refused with %s', async (what, body, code) => {
    const { anomaly } = await seen(what.replaceAll(' ', '-'));
    expect((await at.close('ruth', anomaly, body)).json.code).toBe(code);
  });
});
