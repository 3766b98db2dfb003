import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode } from '../../src/domain/errors.js';
import { openGate, type Gate } from './fixture.js';
import { anOpenQuestion } from './questions.js';

let gate: Gate;
const tokens: Record<string, string> = {};
const question = { path: '', digest: '' };
const TABLES = [
  'tasks',
  'ledger',
  'decisions',
  'halts',
  'tokens',
  'policies',
  'secrets',
  'outbox',
  'journal',
];

beforeAll(async () => {
  gate = await openGate();
  tokens['shop'] = await gate.token('shop', { kind: 'service', scopes: ['on-behalf', 'policy', 'tokens'] });
  for (const subject of ['amira', 'ruth']) tokens[subject] = await gate.token(subject);
  const { task, digest } = await anOpenQuestion(gate);
  Object.assign(question, { path: `/v1/escalations/${task}:1/decisions`, digest });
});
afterAll(() => gate.close());

/** How many rows there are; of the journal, without the refusals of decisions, which are evidence. */
async function stored(): Promise<string> {
  const counts = await Promise.all(
    TABLES.map((table) =>
      gate.database.query<{ n: number }>(
        `select count(*) as n from ${table}${table === 'journal' ? " where type <> 'decision-refused'" : ''}`,
      ),
    ),
  );
  return counts.map(([row], at) => `${TABLES[at]}: ${row?.n}`).join(', ');
}

type Body = Readonly<Record<string, unknown>>;
const doors: Readonly<Record<string, () => { path: string; as: string; body: Body }>> = {
  'a task': () => ({
    path: '/v1/tasks',
    as: 'shop',
    body: {
      task: 'fine',
      agent: 'support',
      goal: 'Refund',
      action: { tool: 'issue_refund', args: { orderId: '1', amountCents: 1 } },
    },
  }),
  'a decision': () => ({
    path: question.path,
    as: 'amira',
    body: { decision: 'approve', why: 'seen', digest: question.digest, version: 1 },
  }),
  'a halt': () => ({ path: '/v1/halts', as: 'ruth', body: { scope: 'agent', target: 'support', why: 'x' } }),
  'a token': () => ({ path: '/v1/tokens', as: 'shop', body: { kind: 'personal', subject: 'joon' } }),
  'a policy': () => ({ path: '/v1/policies', as: 'shop', body: { source: 'version: "1"' } }),
};

/** One fault of the text itself, made from a body that is right. */
type Fault = readonly [
  what: string,
  code: ErrorCode,
  spoil: (text: string) => string | Uint8Array,
  headers?: Record<string, string>,
];
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const member = (text: string, extra: string) => text.replace(/^\{/, `{${extra},`);
const FAULTS: readonly Fault[] = [
  ['of another type', 'unsupported-media', (text) => text, { 'content-type': 'text/plain' }],
  ['of a form', 'unsupported-media', (text) => text, { 'content-type': 'application/x-www-form-urlencoded' }],
  [
    'in another encoding',
    'unsupported-media',
    (text) => text,
    { 'content-type': 'application/json; charset=latin1' },
  ],
  ['that is empty', 'usage', () => ''],
  ['that is cut off', 'usage', (text) => text.slice(0, -1)],
  ['with a comma too many', 'usage', (text) => text.replace(/\}$/, ',}')],
  ['with a comment', 'usage', (text) => `/* hello */ ${text}`],
  ['with text after it', 'usage', (text) => `${text} x`],
  [
    'that is not UTF-8',
    'usage',
    (text) => Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from(',"x":"\xe9"}', 'latin1')]),
  ],
  ['with a byte order mark', 'usage', (text) => `\ufeff${text}`],
  ['with half a character', 'usage', (text) => member(text, '"x":"\\ud800"')],
  ['with a key twice', 'usage', (text) => member(text, /"[a-z]+":/.exec(text)?.[0] + '1')],
  ['with a prototype key', 'usage', (text) => member(text, '"__proto__":{}')],
  ['with a number that no one reads alike', 'usage', (text) => member(text, '"x":12345678901234567890')],
  ['that is too deep', 'usage', (text) => member(text, `"x":${nested(80)}`)],
  ['that is too deep behind an unfinished text', 'usage', () => `["\n${'['.repeat(20_000)}`],
  ['that is too large', 'too-large', (text) => member(text, `"x":"${'y'.repeat(1024 * 1024)}"`)],
  ['that is a list', 'invalid', (text) => `[${text}]`],
  ['that is null', 'invalid', () => 'null'],
  ['with a member that nothing reads', 'invalid', (text) => member(text, '"surplus":1')],
  ['with nothing in it', 'invalid', () => '{}'],
];

async function send(door: { path: string; as: string }, body: string | Uint8Array, headers = {}) {
  const authorization = `Bearer ${tokens[door.as]}`;
  const init = { method: 'POST', headers: { authorization, 'content-type': 'application/json', ...headers } };
  const sent = typeof body === 'string' ? body : new Blob([new Uint8Array(body)]);
  const response = await gate.fetch(new Request(`http://gate${door.path}`, { ...init, body: sent }));
  return { response, json: (await response.json()) as { code: string; detail: string; problems?: unknown } }; // a problem, RFC 9457
}

// Seen to fail: readBody without the content type; JSON.parse for parseStrictJson, or its levels not counted by the reader; z.object for strictObject; no look at the size.
describe.each(Object.keys(doors))('the body of %s', (name) => {
  it.each(FAULTS.map((fault) => [fault[0], fault] as const))(
    '%s is refused, with nothing stored',
    async (_what, [, code, spoil, headers]) => {
      const door = doors[name]?.() ?? expect.unreachable();
      const before = await stored();
      const { response, json } = await send(door, spoil(JSON.stringify(door.body)), headers);
      expect([response.status, json.code]).toEqual([ERRORS[code].status, code]);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(json.detail).toMatch(/\S.*[.:]$/);
      expect(JSON.stringify(json)).not.toMatch(/\bat .*:\d+:\d+|node_modules|ZodError/);
      expect(await stored()).toBe(before);
      expect(gate.tasks.told).toEqual([]);
    },
  );
});

/** A member of a body that is right, made wrong; what the answer must name. */
type Wrong = readonly [door: string, change: Body, place: string];
const WRONG: readonly Wrong[] = [
  ['a task', { task: 7 }, '$.task'],
  ['a task', { task: 'a/b' }, '$.task'],
  ['a task', { task: '' }, '$.task'],
  ['a task', { task: 'x'.repeat(129) }, '$.task'],
  ['a task', { agent: null }, '$.agent'],
  ['a task', { goal: 'x'.repeat(20_001) }, '$.goal'],
  ['a task', { readings: { confidence: [] } }, '$.readings.confidence'],
  ['a task', { action: { tool: 'issue_refund' } }, '$.action.args'],
  ['a task', { action: { tool: '', args: {} } }, '$.action.tool'],
  ['a task', { action: { tool: 'a\u0000b', args: {} } }, '$.action.tool'],
  ['a task', { action: { tool: 'Ada, the customer', args: {} } }, '$.action.tool'],
  ['a task', { action: { tool: 'x'.repeat(65), args: {} } }, '$.action.tool'],
  ['a task', { action: { tool: 'issue_refund', args: [] } }, '$.action.args'],
  ['a task', { action: { tool: 'issue_refund', args: { orderId: 1, amountCents: 1 } } }, '$.orderId'],
  ['a task', { planner: { name: 'scripted' } }, '$'],
  ['a task', { action: undefined }, '$'],
  ['a decision', { decision: 'aprove' }, '$.decision'],
  ['a decision', { why: '' }, '$.why'],
  ['a decision', { why: 'x'.repeat(2_001) }, '$.why'],
  ['a decision', { digest: 'abc' }, '$.digest'],
  ['a decision', { version: '1' }, '$.version'],
  ['a decision', { version: 1.5 }, '$.version'],
  ['a decision', { edits: {} }, '$'],
  ['a decision', { decision: 'edit' }, '$'],
  ['a decision', { decision: 'extend' }, '$'],
  ['a decision', { decision: 'resolve' }, '$'],
  ['a halt', { scope: 'world' }, '$.scope'],
  ['a halt', { target: undefined }, '$'],
  ['a halt', { scope: 'tenant' }, '$'],
  ['a halt', { why: undefined }, '$.why'],
  ['a token', { kind: 'root' }, '$.kind'],
  ['a token', { subject: 'a b' }, '$.subject'],
  ['a token', { ttlDays: 91 }, '$.ttlDays'],
  ['a token', { ttlDays: 0 }, '$.ttlDays'],
  ['a token', { scopes: ['everything'] }, '$.scopes.0'],
  ['a policy', { source: 5 }, '$.source'],
];

// Seen to fail: `fit` answering without its problems; `why` without its longest length; `tool` of an action as any text of 64 characters.
describe('a member that is wrong', () => {
  it.each(WRONG.map((wrong) => [`${wrong[0]}, ${JSON.stringify(wrong[1]).slice(0, 60)}`, wrong] as const))(
    '%s: 422, the place is named, nothing is stored',
    async (_what, [name, change, place]) => {
      const door = doors[name]?.() ?? expect.unreachable();
      const before = await stored();
      const { response, json } = await send(door, JSON.stringify({ ...door.body, ...change }));
      expect([response.status, json.code]).toEqual([422, 'invalid']);
      expect(json.problems).toEqual(expect.arrayContaining([expect.objectContaining({ path: place })]));
      expect(await stored()).toBe(before);
    },
  );

  it('is the only reason: each body is taken as it stands, but for the policy', async () => {
    const before = await stored();
    for (const name of Object.keys(doors)) {
      const door = doors[name]?.() ?? expect.unreachable();
      const { response } = await send(door, JSON.stringify(door.body));
      expect([name, response.status]).toEqual([
        name,
        name === 'a policy' ? 422 : name === 'a decision' ? 200 : 201,
      ]);
    }
    expect(await stored()).not.toBe(before);
  });
});

// Seen to fail: each handed on to Postgres, whose error was told as ours (500, and an alarm).
describe('what no name and no place can be', () => {
  const cursor = (place: object) => Buffer.from(JSON.stringify(place)).toString('base64url');
  const place = { due: 1, tier: 1, askedAt: 1, task: 't', operation: 1, generation: 1, round: 1 };

  it.each([
    ['GET', '/v1/tasks/%00', 404],
    ['POST', '/v1/tokens/a%00b/revoke', 404],
    ['POST', '/v1/halts/%00/lift', 404],
    ['GET', `/v1/tasks?cursor=${cursor({ submittedAt: 1, task: '\0' })}`, 400],
    ['GET', `/v1/escalations?cursor=${cursor({ ...place, task: '\0' })}`, 400],
    ['GET', `/v1/escalations?cursor=${cursor({ ...place, tier: 9e12 })}`, 400],
  ] as const)('%s %s answers %i', async (method, path, status) => {
    const logged = gate.logged.length;
    const answer = await gate.request(
      method,
      path,
      tokens['amira'] ?? '',
      method === 'POST' ? {} : undefined,
    );
    expect([answer.status, gate.logged.slice(logged)]).toEqual([status, []]);
  });
});
