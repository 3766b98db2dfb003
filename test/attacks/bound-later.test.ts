import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { verify } from '../../src/activities/verify.js';
import { labelled } from '../../src/contract/digest.js';
import { toolFacts } from '../../src/contract/tool.js';
import type { DecisionId, TaskId } from '../../src/domain/ids.js';
import { createApp } from '../../src/gateway/app.js';
import { loadPolicy } from '../../src/policy/load.js';
import { findDecision } from '../../src/store/decisions.js';
import { activatePolicy } from '../../src/store/policies.js';
import { submitTask } from '../../src/store/tasks.js';
import { createToken } from '../../src/store/tokens.js';
import { publishTools } from '../../src/store/tools.js';
import { openGate, TENANT, type Gate } from '../support/gate.js';
import { effectsOf, PAY } from './scene.js';

const [ID, OTHER] = ['https://id.example.com', 'https://id.example.org'];
const STAFF = `from: [{ issuer: '${ID}', claim: groups, value: staff }]`;
const UNBOUND = `
version: "1"
owner: tests
agents:
  bot: { owner: director, tools: [pay, note] }
  hers: { owner: director, owner_subject: 'oidc~k7', tools: [pay] }
roles:
  supervisor: { members: [amira, joon, kim], ${STAFF}, backup: director }
  director: { members: [ruth, sven], ${STAFF} }
  night: { members: [kim] }
tools: { note: { level: approve, quorum: 2 } }
halts: { set: [supervisor], lift: [director] }
defaults: { route: supervisor, validity: 8h }
`;
const BOUND = `${UNBOUND}people:\n  kim: { issuer: '${ID}', sub: k7 }\n`;
const NIGHT = BOUND.replace('tools: {', 'tools: { pay: { route: night },');
/** How the same person is called before a policy binds them, and from then on. */
const [BEFORE, AFTER] = ['oidc~k7', 'kim'];

let gate: Gate;
let count = 0;
beforeAll(async () => {
  gate = await openGate({ policy: UNBOUND });
  const published = [...gate.deps.tools.values()].map((tool) => ({
    facts: toolFacts(tool),
    schema: tool.schema,
  }));
  await publishTools(gate.database, published, await gate.database.now());
});
beforeEach(() => activate(UNBOUND));
afterAll(() => gate.close());

async function activate(source: string): Promise<void> {
  const loaded = loadPolicy(source);
  if (!('policy' in loaded)) throw new Error(JSON.stringify(loaded.problems));
  const { hash, version } = loaded.policy;
  await activatePolicy(gate.database, { tenant: TENANT, hash, version, source, author: 'tests' });
}

/** A request by somebody with a token: of the operator's, or of a sign-in at the provider. */
async function send(method: string, path: string, [subject, signedIn]: Who, body?: object) {
  const groups = signedIn === 'without a role' ? [] : ['staff'];
  const made = await createToken(gate.database, {
    tenant: TENANT,
    kind: 'personal',
    subject,
    issuer: signedIn === undefined ? 'local' : ID,
    scopes: [],
    now: await gate.database.now(),
    ttlMs: 60_000,
    ...(signedIn && { proof: { claims: { sub: 'k7', groups }, authTime: null, acr: null } }),
  });
  const headers = { authorization: `Bearer ${made.token}`, 'content-type': 'application/json' };
  const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
  const response = await createApp(gate.gateway).request(path, init);
  const json = (await response.json()) as Record<string, unknown>; // every answer is an object
  return { status: response.status, json };
}
type Who = readonly [subject: string, signedIn?: 'signed in' | 'without a role'];
const UNNAMED: Who = [BEFORE, 'signed in'];
const NAMED: Who = [AFTER, 'signed in'];
/** By the operator's word: before the binding nothing says that this is the same person. */
const VOUCHED: Who = [AFTER];

async function asked(
  call: { tool?: 'pay' | 'note'; requester?: string; agent?: string } = {},
): Promise<TaskId> {
  const { tool = 'pay', requester = 'rita', agent = 'bot' } = call;
  const task = `bound-${count++}` as TaskId; // a valid name
  const request = { goal: 'test', situation: 'test', readings: {}, planner: null };
  const ready = { tool, args: { ...PAY.args }, readings: {}, agentText: null };
  const requestDigest = labelled('request', {});
  await submitTask(gate.database, { tenant: TENANT, task, agent, requester, request, requestDigest, ready });
  expect(await gate.ask(task)).toMatchObject({ kind: 'asked' });
  return task;
}

const mayDo = async (task: TaskId, who: Who) =>
  (await send('GET', `/v1/escalations/${task}:1`, who)).json['mayDo'];

async function say(task: TaskId, who: Who, rest: object = {}) {
  const [row] = await gate.database.query(
    'select round as version, digest from questions where tenant = $1 and task = $2 order by round desc limit 1',
    [TENANT, task],
  );
  const body = { decision: 'approve', why: 'it is right', ...row, ...rest };
  const { json } = await send('POST', `/v1/escalations/${task}:1/decisions`, who, body);
  return { code: json['code'], id: json['decision'] as DecisionId }; // the view of a stored decision
}

/** Verifies a stored vote, as its run would. */
async function heard(task: TaskId, id: DecisionId) {
  const row = (await findDecision(gate.database, TENANT, id)) ?? expect.unreachable('it was just stored');
  return verify(gate.deps, { tenant: TENANT, task, runId: `run-${task}`, events: [], decision: row.message });
}

const halts = (path: string, who: Who, rest: object = {}) =>
  send('POST', `/v1/halts${path}`, who, { why: 'it misbehaves', ...rest });

/**
 * Each is what somebody does before the policy in force binds them, and after. Seen to fail, each by `personOf` being left out of its
 * comparison.
 */
describe('somebody whom the policy binds between two steps is one person', () => {
  it('for a second vote, at the gateway', async () => {
    const task = await asked({ tool: 'note' });
    await say(task, UNNAMED);
    await activate(BOUND);
    expect(await say(task, NAMED)).toMatchObject({ code: 'conflict' });
    expect(await mayDo(task, NAMED)).toEqual(expect.arrayContaining(['reject', 'withdraw']));
    expect(await mayDo(task, NAMED)).not.toContain('approve');
  });

  it('for the votes that count', async () => {
    const task = await asked({ tool: 'note' });
    const ids = [(await say(task, UNNAMED)).id, (await say(task, VOUCHED)).id] as const;
    expect((await heard(task, ids[0])).votes).toHaveLength(1);
    await activate(BOUND);
    expect((await heard(task, ids[1])).votes).toHaveLength(1);
  });

  it('for the votes that a claim looks at', async () => {
    const task = await asked({ tool: 'note' });
    const ids = [(await say(task, UNNAMED)).id, (await say(task, VOUCHED)).id];
    await activate(BOUND);
    expect(await gate.execute(task, ids)).toMatchObject({ kind: 'refused', reason: 'quorum' });
    expect(effectsOf(gate, task)).toEqual([]);
  });

  it('for what they asked for themselves, at the gateway and in the claim', async () => {
    const task = await asked({ requester: BEFORE });
    const { id } = await say(task, VOUCHED);
    expect(await mayDo(await asked({ requester: BEFORE }), VOUCHED)).toContain('approve');
    await activate(BOUND);
    expect(await say(task, NAMED)).toMatchObject({ code: 'forbidden' });
    expect(await mayDo(task, NAMED)).not.toContain('approve');
    expect(await gate.execute(task, [id])).toMatchObject({ reason: 'needs-another-subject' });
    expect(effectsOf(gate, task)).toEqual([]);
  });

  it('for what they edited, at the gateway and in the claim', async () => {
    const task = await asked();
    const { id } = await say(task, UNNAMED, { decision: 'edit', edits: { cents: 90, to: 'bob' } });
    const refused = await gate.execute(task, [id], { generation: 2 });
    expect(refused).toMatchObject({ reason: 'needs-another-subject' });
    await gate.ask(task, { round: 2, generation: 2, reason: 'needs-another-subject' });
    const own = await say(task, VOUCHED);
    await activate(BOUND);
    expect(await say(task, NAMED)).toMatchObject({ code: 'forbidden' });
    expect(await mayDo(task, NAMED)).not.toContain('approve');
    const again = await gate.execute(task, [own.id], { round: 2, generation: 2 });
    expect(again).toMatchObject({ reason: 'needs-another-subject' });
    expect(effectsOf(gate, task)).toEqual([]);
  });

  it('for a call of their own agent', async () => {
    const task = await asked({ agent: 'hers' });
    const { id } = await say(task, VOUCHED);
    await activate(BOUND);
    expect(await say(await asked({ agent: 'hers' }), NAMED)).toMatchObject({ code: 'forbidden' });
    expect(await gate.execute(task, [id])).toMatchObject({ reason: 'needs-another-subject' });
    expect(effectsOf(gate, task)).toEqual([]);
  });

  it('for what they asked for and halted, also where another provider calls somebody who is bound as theirs calls them', async () => {
    await activate(`${UNBOUND}people:\n  kim: { issuer: '${OTHER}', sub: k7 }\n`);
    const task = await asked({ requester: BEFORE });
    expect(await say(task, UNNAMED)).toMatchObject({ code: 'forbidden' });
    const two = await asked({ tool: 'note' });
    await say(two, UNNAMED);
    expect(await mayDo(two, UNNAMED)).not.toContain('approve');
    const { json } = await halts('', UNNAMED, { scope: 'agent', target: 'nobodys' });
    expect((await halts(`/${String(json['halt'])}/lift`, UNNAMED)).status).toBe(403);
  });

  it('for the halt they set', async () => {
    const { json } = await halts('', UNNAMED, { scope: 'agent', target: 'nobodys' });
    await activate(BOUND);
    expect((await halts(`/${String(json['halt'])}/lift`, NAMED)).status).toBe(403);
    expect((await halts(`/${String(json['halt'])}/lift`, ['ruth'])).status).toBe(200);
  });

  it('for standing in: what they asked for they pass on neither before nor after', async () => {
    const task = await asked({ requester: BEFORE });
    const until = (await gate.database.now()) + 3_600_000;
    const lent = await send('POST', '/v1/delegations', VOUCHED, {
      role: 'supervisor',
      to: 'sven',
      until,
      why: 'on leave',
    });
    expect(lent.status).toBe(201);
    await gate.database.query("update questions set roles = '{supervisor}' where task = $1", [task]);
    await activate(BOUND);
    const to = { to: 'sven', until, why: 'on leave' };
    expect((await send('POST', `/v1/escalations/${task}:1/delegate`, NAMED, to)).status).toBe(403);
    expect(await say(task, ['sven'])).toMatchObject({ code: 'forbidden' });
    await gate.database.query('delete from delegations');
  });

  it('for taking their vote back, and for looking after what they asked for', async () => {
    const task = await asked({ tool: 'note', requester: BEFORE });
    const other = await asked({ tool: 'note' });
    await say(other, UNNAMED);
    await activate(BOUND);
    const own = await say(other, NAMED, { decision: 'withdraw' });
    expect(own.code).toBeUndefined();
    await activate(BOUND.replace(', kim]', ']').replace('[kim]', '[ruth]'));
    const see = (who: Who) => send('GET', `/v1/tasks/${task}`, who).then(({ status }) => status);
    expect(await see([AFTER, 'without a role'])).toBe(200);
    expect(await see([BEFORE, 'without a role'])).toBe(200);
    expect(await see(['mallory'])).toBe(404);
    const cancel = await send('POST', `/v1/tasks/${task}/cancel`, [AFTER, 'without a role'], { why: 'done' });
    expect(cancel.json['code']).not.toBe('forbidden');
  });

  it('for whether anybody could answer what they asked for', async () => {
    await activate(NIGHT);
    const request = { goal: 'test', situation: 'test', readings: {}, planner: null };
    const ready = { tool: 'pay', args: { ...PAY.args }, readings: {}, agentText: null };
    const by = async (requester: string) => {
      const task = `night-${requester.length}` as TaskId; // a valid name
      const about = { requestDigest: labelled('request', {}), request, ready, requester };
      await submitTask(gate.database, { tenant: TENANT, task, agent: 'bot', ...about });
      return (await gate.ask(task)).kind;
    };
    expect([await by('rita'), await by(BEFORE)]).toEqual(['asked', 'undeliverable']);
  });
});
