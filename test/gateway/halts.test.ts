import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { record } from '../../src/activities/record.js';
import { labelled, saltedDigest } from '../../src/contract/digest.js';
import { verifyHalt, verifyLift } from '../../src/contract/halt-record.js';
import { haltPage } from '../../src/contract/http.js';
import type { HaltId, TaskId, TenantId } from '../../src/domain/ids.js';
import { policyHash } from '../../src/policy/load.js';
import { findHalt, haltsOver } from '../../src/store/halts.js';
import { activatePolicy } from '../../src/store/policies.js';
import { submitTask } from '../../src/store/tasks.js';
import { openGate, POLICY, TENANT, type Gate } from './fixture.js';
import { anOpenQuestion, journal } from './questions.js';

let gate: Gate;
const tokens: Record<string, string> = {};

beforeAll(async () => {
  gate = await openGate();
  for (const subject of ['amira', 'ruth', 'sven', 'tomas']) tokens[subject] = await gate.token(subject);
});
beforeEach(() => gate.reset());
afterAll(() => gate.close());

const halt = (subject: string, body: object, key?: string) =>
  gate.request(
    'POST',
    '/v1/halts',
    tokens[subject] ?? subject,
    { why: 'it misbehaves', ...body },
    key === undefined ? {} : { 'idempotency-key': key },
  );
const lift = (subject: string, id: string) =>
  gate.request('POST', `/v1/halts/${id}/lift`, tokens[subject] ?? subject, { why: 'it was fixed' });

describe('a halt', () => {
  it('is held, signed and journalled when it is acknowledged; then the tasks under it are nudged', async () => {
    const question = await anOpenQuestion(gate);
    const answer = await halt('ruth', { scope: 'task', target: question.task });
    expect([answer.status, answer.json.scope, answer.json.by, answer.json.lifted]).toEqual([
      201,
      'task',
      'ruth',
      null,
    ]);
    expect((await haltsOver(gate.database, question)).inForce).toMatchObject([{ id: answer.json.halt }]);
    const row = await findHalt(gate.database, answer.json.halt as HaltId);
    expect(verifyHalt(row?.jws, gate.deps.verifier)).toMatchObject({
      id: answer.json.halt,
      by: 'ruth',
      roles: ['director'],
      target: question.task,
    });
    expect((await journal(gate, question)).map((entry) => entry.type)).toContain('halt-set');
    await expect.poll(() => gate.tasks.told).toEqual([`nudge ${question.task}`]);
  });

  it('under one Idempotency-Key is one halt', async () => {
    const [first, again, other] = [
      await halt('ruth', { scope: 'agent', target: 'other' }, 'k1'),
      await halt('ruth', { scope: 'agent', target: 'other' }, 'k1'),
      await halt('ruth', { scope: 'agent', target: 'another' }, 'k1'),
    ];
    expect(again.json.halt).toBe(first.json.halt);
    expect([other.status, other.json.code]).toEqual([409, 'idempotency-conflict']);
  });

  // Seen to fail: inserted without a look at a halt of that id that is set under another lock meanwhile (500).
  it('under one Idempotency-Key is one halt, also of two that are set at once', async () => {
    for (let n = 0; n < 10; n++) {
      const both = await Promise.all(
        ['other', 'another'].map((target) => halt('ruth', { scope: 'agent', target }, `at-once-${n}`)),
      );
      expect(both.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([201, 409]);
      expect(both.map((answer) => answer.json.code)).toContain('idempotency-conflict');
    }
  });

  it('is refused for whoever has no halting role or scope', async () => {
    expect((await halt('amira', { scope: 'agent', target: 'support' })).json.code).toBe('forbidden');
    const service = await gate.token('watchdog', { kind: 'service' });
    expect((await halt(service, { scope: 'agent', target: 'support' })).json.code).toBe('forbidden');
    const halting = await gate.token('watchdog', { kind: 'service', scopes: ['halt'] });
    expect((await halt(halting, { scope: 'agent', target: 'elsewhere' })).status).toBe(201);
  });

  it('of everything takes a scope of its own', async () => {
    expect((await halt('ruth', { scope: 'all' })).json.code).toBe('forbidden');
    const operator = await gate.token('ruth', { scopes: ['halt:all'] });
    const answer = await halt(operator, { scope: 'all' });
    expect([answer.status, answer.json.tenant]).toEqual([201, null]);
    await gate.database.query("update halts set lifted_at = 1 where scope = 'all'");
  });

  it('of a task that this tenant does not have is a 404 (case 69)', async () => {
    expect((await halt('ruth', { scope: 'task', target: 'nothing' })).status).toBe(404);
  });
});

describe('lifting a halt', () => {
  it('case 63: takes another person, in a role that the setter did not act in', async () => {
    const { halt: id } = (await halt('ruth', { scope: 'agent', target: 'night' })).json;
    expect((await lift('ruth', id)).json.code).toBe('forbidden'); // the setter, though of security too
    expect((await lift('tomas', id)).json.code).toBe('forbidden'); // the setter's own role
    expect((await lift(await gate.token('sven', { kind: 'service', scopes: ['halt'] }), id)).json.code).toBe(
      'forbidden',
    );
    const answer = await lift('sven', id);
    expect([answer.status, answer.json.lifted.by]).toEqual([200, 'sven']);
    const row = await findHalt(gate.database, id as HaltId);
    expect(verifyLift(row?.liftJws, gate.deps.verifier)).toMatchObject({
      halt: id,
      by: 'sven',
      roles: ['security'],
      // Seen to fail: salted with what nobody keeps, so that nothing could ever be held against it.
      reasonDigest: saltedDigest('it was fixed', row?.whySalt ?? ''),
    });
  });

  // Seen to fail: the repeat of the same person refused as somebody else's.
  it('again by the same person gets the first answer; by another it is a conflict', async () => {
    const { halt: id } = (await halt('ruth', { scope: 'agent', target: 'dusk' })).json;
    const first = await lift('sven', id);
    const again = await lift('sven', id);
    expect([again.status, again.json]).toEqual([200, first.json]);
    await gate.database.query("update halts set lifted_by = 'somebody' where id = $1", [id]);
    expect((await lift('sven', id)).json.code).toBe('conflict');
  });

  it('of another tenant is a 404 (case 69)', async () => {
    const { halt: id } = (await halt('ruth', { scope: 'agent', target: 'day' })).json;
    expect((await lift(await gate.token('sven', { tenant: 'other' as TenantId }), id)).status).toBe(404);
  });

  it('leaves the list of those in force', async () => {
    const { halt: id } = (await halt('ruth', { scope: 'agent', target: 'evening' })).json;
    const inForce = async () =>
      (await gate.request('GET', '/v1/halts', tokens['amira'] ?? '')).json.halts.map(
        (row: { halt: string }) => row.halt,
      );
    expect(await inForce()).toContain(id);
    await lift('sven', id);
    expect(await inForce()).not.toContain(id);
  });
});

/** Seen to fail: an id of the task's name alone; one of the names as they are. */
describe('the halt that silence sets', () => {
  it('is one in each tenant, in the list, and can be lifted, whatever the task is called', async () => {
    const task = `a.${'~'.repeat(126)}` as TaskId; // a valid name
    for (const tenant of [TENANT, 'globex' as TenantId]) {
      const hash = policyHash(POLICY);
      await activatePolicy(gate.database, { tenant, hash, version: '1', source: POLICY, author: 'ruth' });
      await submitTask(gate.database, {
        tenant,
        task,
        agent: 'support',
        requester: 'rita',
        request: { goal: 'test', situation: 'refund', readings: {}, planner: null },
        requestDigest: labelled('request', null),
        ready: { tool: 'issue_refund', args: {}, readings: {}, agentText: null },
      });
      const input = { tenant, task, runId: 'run', events: [], haltAgent: { operation: 1 } };
      await record(gate, input);
      await record(gate, input); // a worker that died made it twice
      const ruth = await gate.token('ruth', { tenant });
      const { halts } = haltPage.parse((await gate.request('GET', '/v1/halts', ruth)).json);
      const set = halts.filter((row) => row.target === 'support');
      expect(set).toMatchObject([{ tenant, scope: 'agent', by: 'policy', lifted: null }]);
      const subject = { tenant, task, agent: 'support' };
      expect((await haltsOver(gate.database, subject)).inForce).toMatchObject([{ id: set[0]?.halt }]);
      const path = `/v1/halts/${set[0]?.halt ?? ''}/lift`;
      const answer = await gate.request('POST', path, ruth, { why: 'somebody is there again' });
      expect([answer.status, answer.json.lifted]).toMatchObject([200, { by: 'ruth' }]);
      expect((await haltsOver(gate.database, subject)).inForce).toEqual([]);
    }
  });
});
