import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { verifyDecision } from '../../src/contract/decision-record.js';
import type { DecisionRequest } from '../../src/contract/http.js';
import { createClient } from '../../src/sdk/client.js';
import type { QuestionRow } from '../../src/store/questions.js';
import { serveGate, type Served } from '../cli/served.js';
import { asked, fieldsOf, OWN, pageOf, REASON, visiting, type Visitor } from './browse.js';
import { type Gate } from './fixture.js';
import { anIntegration, message, post } from './hook-sender.js';
import { anOpenQuestion, journal, stored } from './questions.js';

let served: Served;
let gate: Gate;
let amira: Visitor;

beforeAll(async () => {
  served = await serveGate(['amira'], { hooks: [anIntegration()] });
  ({ gate } = served);
  amira = await byLink('amira');
});
afterEach(() => gate.reset());
afterAll(() => served.close());

/** Signs somebody in by a link that is good once. */
async function byLink(subject: string): Promise<Visitor> {
  const operator = await gate.token('ops', { kind: 'service', scopes: ['tokens'] });
  const { json } = await gate.request('POST', '/v1/sign-in-links', operator, { subject });
  const { headers } = await visiting(gate, '').post(new URL(json.url).pathname, {});
  return visiting(gate, (headers.get('set-cookie') ?? '').split(';')[0] ?? '');
}

/** One decision, as each way says it. */
interface Said {
  /** What goes over the wire beside version and digest. */
  readonly body: Omit<DecisionRequest, 'version' | 'digest'>;
  /** What the command line has beside the verb and the reason. */
  readonly line?: readonly string[];
  /** What is filled in on the page beside the reason. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Of the form of the page, where the verb has a page of its own. */
  readonly elsewhere?: string;
  readonly row?: Parameters<typeof asked>[1];
  readonly brief?: Parameters<typeof asked>[2];
  /** What happens after the person has looked and before they send. */
  readonly meanwhile?: (question: QuestionRow) => Promise<unknown>;
}

const CONFIRM = 'issue_refund';
const esc = ({ task }: QuestionRow) => `${task}:1`;

async function byClient({ body, meanwhile }: Said, question: QuestionRow): Promise<void> {
  const client = createClient({
    url: OWN,
    token: served.tokens['amira'] ?? '',
    fetch: async (input, init) => gate.fetch(new Request(input, init)),
  });
  const { version, digest } = await client.escalations.get(esc(question));
  await meanwhile?.(question);
  await client.escalations.decide(esc(question), { ...body, version, digest }).catch(() => {});
}

async function byLine({ body, line = [], meanwhile }: Said, question: QuestionRow): Promise<void> {
  const words = [body.decision, esc(question), '--why', body.why, ...line];
  const types = async () => {
    await meanwhile?.(question);
    return body.decision === 'approve' || body.decision === 'edit' ? CONFIRM : 'y';
  };
  await served.as('amira', words, { typed: [types] });
}

async function byPage(said: Said, question: QuestionRow): Promise<void> {
  const { body, fields = {}, elsewhere = '', meanwhile } = said;
  const typed = { why: body.why, confirm: CONFIRM, ...fields };
  const form = await formOf(`${pageOf(question)}${elsewhere}`, body.decision, question);
  await meanwhile?.(question);
  const first = await amira.post(pageOf(question), { ...form, ...typed });
  if (body.decision !== 'edit') return;
  await amira.post(pageOf(question), { ...fieldsOf(first.text, 'edit'), ...typed });
}

/** What stands in the form; where this person is offered none, one that is taken from another question. */
async function formOf(path: string, name: string, { round, digest }: QuestionRow) {
  if ((await amira.get(path)).text.includes(`name="form" value="${name}"`)) return amira.form(path, name);
  const other = await amira.form(pageOf(await anOpenQuestion(gate)), name);
  return { ...other, version: String(round), digest };
}

async function byHook({ body, meanwhile }: Said, question: QuestionRow): Promise<void> {
  await meanwhile?.(question);
  await post(gate, message(question, body));
}

const WAYS = { api: byClient, cli: byLine, page: byPage, hook: byHook } as const;

/** Of one question only: its ids, digests and times. */
const OWN_TO_ONE = ['decision', 'digest', 'briefDigest', 'request', 'msSinceAsked', 'sealed'] as const;

/** What a decision by this way leaves: the journal of its task, what was signed, and who vouches for the person. */
async function leaves(way: keyof typeof WAYS, said: Said) {
  const question = await asked(gate, said.row, said.brief ?? {});
  await WAYS[way](said, question);
  const entries = (await journal(gate, question)).map(({ type, body, texts }) => {
    const { channel, ...rest } = JSON.parse(body);
    for (const key of OWN_TO_ONE) delete rest[key];
    return { type, channel, rest, texts: JSON.parse(texts ?? 'null') };
  });
  const signed = (await stored(gate, question)).map(({ jws, result }) => {
    const record = verifyDecision(jws, gate.deps.verifier);
    if (record === undefined) throw new Error('a stored decision does not verify');
    const { verb, generation, round, subject, issuer, roles, until, resolution } = record;
    return { issuer, rest: { verb, generation, round, subject, roles, until, resolution, result } };
  });
  return {
    channels: entries.flatMap(({ channel }) => channel ?? []),
    entries: entries.map(({ type, rest, texts }) => ({ type, rest, texts })),
    issuers: signed.map(({ issuer }) => issuer),
    signed: signed.map(({ rest }) => rest),
  };
}

/** Of every way, in the order of the table. */
async function ofAll(said: Said) {
  const left: Awaited<ReturnType<typeof leaves>>[] = [];
  for (const way of ['api', 'cli', 'page', 'hook'] as const) left.push(await leaves(way, said));
  return left;
}

const HOUR = 3_600_000;
/** Whole seconds, which is what a page can say. */
const DEADLINE = Math.floor(Date.now() / 1_000) * 1_000 + HOUR;
const LATER = DEADLINE + HOUR / 2;
const MOVABLE = { answerBy: DEADLINE, extendableUntil: DEADLINE + HOUR };
const iso = (at: number) => new Date(at).toISOString();
const OPTIONS = (['It happened', 'It did not happen', 'Leave it unknown'] as const).map(
  (label) => ({ verb: 'resolve', label, consequence: 'x' }) as const,
);
const RESOLUTION = { row: { kind: 'resolution', reason: 'unknown' }, brief: { options: OPTIONS } } as const;

const said = (decision: DecisionRequest['decision'], rest: Partial<Said> & { more?: object } = {}): Said => {
  const { more = {}, ...others } = rest;
  return { body: { decision, why: REASON, ...more }, ...others };
};

const DECISIONS: Readonly<Record<string, Said>> = {
  approve: said('approve'),
  reject: said('reject', {
    more: { why: `wrong-amount: ${REASON}` },
    fields: { reason: 'wrong-amount', why: REASON },
  }),
  edit: said('edit', {
    more: { edits: { orderId: '1182', amountCents: 20_000 } },
    line: ['--set', 'amountCents=20000'],
    fields: { 'arg:/amountCents': '20000' },
    elsewhere: '/edit',
  }),
  escalate: said('escalate'),
  respond: said('respond', {
    more: { answer: 'Ask the shop.' },
    line: ['--answer', 'Ask the shop.'],
    fields: { answer: 'Ask the shop.' },
  }),
  'take-over': said('take-over', {
    more: { outcome: { refundId: 'r-9' } },
    line: ['--outcome', '{"refundId":"r-9"}'],
    fields: { outcome: '{"refundId":"r-9"}' },
    elsewhere: '/take-over',
  }),
  hold: said('hold', { row: MOVABLE }),
  extend: said('extend', {
    more: { until: LATER },
    line: ['--until', iso(LATER)],
    fields: { until: iso(LATER).slice(0, 19) },
    row: MOVABLE,
  }),
  'resolve: it happened': said('resolve', {
    more: { resolution: 'happened', result: { refundId: 'r-1' } },
    line: ['--happened', '{"refundId":"r-1"}'],
    fields: { result: '{"refundId":"r-1"}' },
    ...RESOLUTION,
  }),
  'resolve: a hand-over is closed': said('resolve', {
    more: { resolution: 'leave' },
    line: ['--leave'],
    row: { kind: 'hand-over' },
    brief: { options: OPTIONS.slice(2) },
  }),
};

const REFUSALS: Readonly<Record<string, readonly [string, Said]>> = {
  'of the requester': ['forbidden', said('approve', { row: { requester: 'amira' } })],
  'about a version that has passed': [
    'stale',
    said('approve', {
      meanwhile: ({ task }) => gate.database.query('update questions set round = 2 where task = $1', [task]),
    }),
  ],
  'about what somebody has closed': [
    'not-open',
    said('approve', {
      meanwhile: ({ task }) =>
        gate.database.query(
          `update questions set status = 'closed', closed_as = 'cancelled' where task = $1`,
          [task],
        ),
    }),
  ],
};

describe('the same by client, command line, page and web hook', () => {
  // Seen to fail: the page’s decisions under the name of the client’s.
  it.each(Object.entries(DECISIONS))(
    '%s leaves the same entries but for the channel',
    async (_name, what) => {
      const [first, ...others] = await ofAll(what);
      expect(first?.entries.at(1)?.type).toBe('decision-stored');
      expect(first?.signed).toMatchObject([
        { subject: 'amira', verb: what.body.decision, roles: ['supervisor'] },
      ]);
      for (const { entries, signed } of others)
        expect([entries, signed]).toEqual([first?.entries, first?.signed]);
      const all = [first, ...others];
      expect(all.map((each) => each?.channels)).toEqual([['api'], ['cli'], ['page'], ['hook']]);
      expect(all.map((each) => each?.issuers)).toEqual([['local'], ['local'], ['local'], ['hook:desk']]);
    },
  );

  // Seen to fail: refusals without their channel.
  it.each(Object.entries(REFUSALS))(
    'a decision %s is refused in the same words',
    async (_name, [code, what]) => {
      const all = await ofAll(what);
      for (const { entries, signed } of all) {
        expect(signed).toEqual([]);
        expect(entries.slice(1)).toEqual([
          { type: 'decision-refused', rest: { operation: 1, code }, texts: { by: 'amira' } },
        ]);
      }
      expect(all.map(({ channels }) => channels)).toEqual([['api'], ['cli'], ['page'], ['hook']]);
    },
  );

  // Seen to fail: an approval that is its giver’s only where they signed in the same way again.
  it.each([
    ['api', 'hook'],
    ['cli', 'page'],
    ['page', 'api'],
    ['hook', 'cli'],
    ['hook', 'page'],
  ] as const)('an approval by %s is taken back by %s', async (way, other) => {
    const question = await anOpenQuestion(gate);
    await WAYS[way](said('approve'), question);
    await WAYS[other](said('withdraw'), question);
    expect((await stored(gate, question)).map(({ verb, outcome }) => [verb, outcome])).toEqual([
      ['approve', 'withdrawn'],
      ['withdraw', 'applied'],
    ]);
  });
});
