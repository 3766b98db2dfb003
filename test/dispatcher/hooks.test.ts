import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { conclude } from '../../src/activities/conclude.js';
import { verify } from '../../src/activities/verify.js';
import { parseWebhookSecret } from '../../src/contract/standard-webhook.js';
import type { DecisionId, TaskId } from '../../src/domain/ids.js';
import { findDecision } from '../../src/store/decisions.js';
import { POLICY, TENANT } from '../support/gate.js';
import { aSecret, aTarget } from '../support/hook-target.js';
import { openHookScene, PAY, type HookScene } from './hook-scene.js';

let scene: HookScene;
beforeEach(async () => {
  scene = await openHookScene();
});
afterEach(() => scene.close());

const kinds = () => scene.server.received.map(({ event }) => event.type.replace('com.countersign.', ''));

async function close(task: string) {
  await conclude(scene.gate.deps, {
    tenant: TENANT,
    task: task as never,
    runId: `run-${task}`,
    events: [],
    state: 'COMPLETED',
    reason: null,
    detail: 'done',
  });
}

describe('web hooks out', () => {
  it('tell what the journal says, signed so that the official library verifies it', async () => {
    const target = aTarget(scene.server.url);
    await scene.publish(target);
    const task = await scene.gate.submit('refund-7', PAY);
    await scene.gate.ask(task);
    const id = await scene.gate.decide(task, 'amira', { decision: 'approve', why: 'a reason of mine' });
    await scene.gate.execute(task, [id]);
    await close('refund-7');
    await scene.send([target]);
    expect(new Set(kinds())).toEqual(
      new Set(['call.executed', 'escalation.asked', 'escalation.decided', 'task.closed']),
    );
    const asked = scene.server.received.find(({ event }) => event.type.endsWith('asked'));
    expect(asked).toMatchObject({
      contentType: 'application/cloudevents+json; charset=utf-8',
      signatures: 1,
    });
    expect(asked?.event).toMatchObject({
      specversion: '1.0',
      id: asked?.id,
      source: 'urn:countersign:acme',
      subject: 'refund-7:1',
      data: { escalation: 'refund-7:1', version: 1, tier: 4, rung: 0, state: 'PAUSED_PENDING_HUMAN' },
    });
    expect(asked?.event.data.deadline).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(await scene.rows()).toMatchObject([{ kind: 'reminded', attempts: 0 }]);
  });

  // Seen to fail: an id made of the entry's place alone.
  it('have another id for what is recorded anew in the same place, as after a restore', async () => {
    const restored = await openHookScene();
    const ids: (string | undefined)[] = [];
    for (const { publish, ask, send, server } of [scene, restored]) {
      await publish(aTarget(server.url));
      await ask('again');
      await send([aTarget(server.url)]);
      ids.push(...server.received.map(({ id }) => id));
    }
    await restored.close();
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(2);
  });

  // Seen to fail: the entry's body in `data`; the arguments, of every event or of an executed one alone; the task's request.
  it('tell nothing of arguments, requests, names and reasons', async () => {
    const target = aTarget(scene.server.url);
    await scene.publish(target);
    const task = await scene.gate.submit('thin', PAY);
    await scene.gate.ask(task);
    await scene.gate.decide(task, 'amira', { decision: 'reject', why: 'a reason of mine' });
    const run = await scene.gate.submit('thin-run', PAY);
    await scene.gate.ask(run);
    const id = await scene.gate.decide(run, 'amira', { decision: 'approve', why: 'a reason of mine' });
    await scene.gate.execute(run, [id]);
    await close('thin-run');
    await scene.gate.halt('agent', 'bot');
    await scene.send([target]);
    expect(kinds()).toHaveLength(7);
    expect(JSON.stringify(scene.server.received)).not.toMatch(
      /4711|bob|amira|rita|reason of mine|supervisor|"bot"|pay|goal|situation/,
    );
  });

  it('sign with every secret of a target in rotation', async () => {
    const secrets = [aSecret(2), aSecret(1)].map(parseWebhookSecret);
    const target = aTarget(scene.server.url, { secrets });
    await scene.publish(target);
    await scene.ask('rotated');
    await scene.send([target]);
    expect(scene.server.received).toMatchObject([{ signatures: 2 }]);
  });
});

describe('reminders', () => {
  // Seen to fail: none dropped; the question not looked at; its rung not looked at.
  it('go out when they are due and the question still waits on that rung', async () => {
    const target = aTarget(scene.server.url, { events: ['reminded'] });
    await scene.publish(target);
    await scene.ask('waiting');
    const decided = await scene.gate.submit('decided', PAY);
    await scene.gate.ask(decided);
    await scene.send([target]);
    expect(scene.server.received).toEqual([]);
    const id = await scene.gate.decide(decided, 'amira', { decision: 'approve' });
    await scene.gate.execute(decided, [id]);
    const climbed = await scene.gate.submit('climbed', PAY);
    await scene.gate.ask(climbed);
    await scene.gate.ask(climbed, { rung: 1 });
    await scene.gate.database.query('update hook_deliveries set due_at = 0');
    await scene.send([target]);
    const said = scene.server.received.map(
      ({ event }) => `${event.type} ${event.subject} ${event.data.rung}`,
    );
    expect(said.toSorted()).toEqual([
      'com.countersign.escalation.reminded climbed:1 1',
      'com.countersign.escalation.reminded waiting:1 0',
    ]);
    expect(await scene.rows()).toEqual([]);
  });
});

describe('who is told', () => {
  // Seen to fail: a halt over everything told to its own pseudo tenant alone, by the trigger; by the sender.
  it('is who is of the tenant and wants to know; a halt over everything is for all', async () => {
    const targets = [
      aTarget(scene.server.url, { id: 'all' }),
      aTarget(scene.server.url, { id: 'halts', events: ['halted'] }),
      aTarget(scene.server.url, { id: 'foreign', tenant: 'other' as never }),
    ];
    await scene.publish(...targets);
    await scene.ask('whose');
    await scene.gate.halt('tenant', TENANT);
    await scene.gate.halt('all', 'all');
    const told = await scene.gate.database.query<{ who: string }>(
      "select target || ' ' || kind as who from hook_deliveries where kind <> 'reminded' order by 1",
    );
    expect(told.map(({ who }) => who)).toEqual([
      'all asked',
      'all halted',
      'all halted',
      'foreign halted',
      'halts halted',
      'halts halted',
    ]);
    await scene.send(targets);
    expect(kinds().filter((kind) => kind === 'halt.set')).toHaveLength(5);
    await scene.publish();
    await scene.gate.halt('agent', 'bot');
    expect((await scene.rows()).filter(({ kind }) => kind === 'halted')).toEqual([]);
  });

  // Seen to fail: a target that is known by its name alone.
  it('is not who has the name of a target of another tenant', async () => {
    await scene.publish(aTarget(scene.server.url));
    await scene.ask('ours');
    const theirs = aTarget(scene.server.url, { tenant: 'other' as never });
    await scene.publish(theirs);
    await scene.send([theirs]);
    expect(scene.server.received).toEqual([]);
    expect(await scene.asked()).toMatchObject([{ error: 'unknown-target', attempts: 1 }]);
  });
});

describe('a question that several must answer', () => {
  const SEVERAL = POLICY.replace('defaults:', 'tools: { pay: { quorum: 2 } }\ndefaults:');
  const target = () => aTarget(scene.server.url, { events: ['decided'] });
  beforeEach(async () => {
    await scene.close();
    scene = await openHookScene({ policy: SEVERAL });
    await scene.publish(target());
  });

  async function said(task: TaskId, id: DecisionId) {
    const row = await findDecision(scene.gate.database, TENANT, id);
    if (!row) throw new Error('it was not stored');
    const run = { tenant: TENANT, task, runId: `run-${task}`, events: [] };
    return verify(scene.gate.deps, { ...run, decision: row.message });
  }
  const told = async () => {
    await scene.send([target()]);
    return scene.server.received.map(({ event }) => event.data);
  };

  // Seen to fail: told when it is stored; when it is applied.
  it('attack 60: is told of once enough have approved, and of no one before', async () => {
    const task = await scene.gate.submit('two', PAY);
    await scene.gate.ask(task);
    const first = await scene.gate.decide(task, 'amira', { decision: 'approve' });
    expect(await said(task, first)).toMatchObject({ genuine: true, votes: [first] });
    expect(await told()).toEqual([]);
    const second = await scene.gate.decide(task, 'joon', { decision: 'approve' });
    expect(await told()).toEqual([]);
    await said(task, second);
    expect(await told()).toEqual([
      { task, escalation: 'two:1', version: 1, tier: 4, decision: second, outcome: 'approve' },
    ]);
  });

  it('attack 60: tells of a rejection when it has settled the question', async () => {
    const task = await scene.gate.submit('no', PAY);
    await scene.gate.ask(task);
    const id = await scene.gate.decide(task, 'amira', { decision: 'reject' });
    expect(await told()).toEqual([]);
    await said(task, id);
    expect(await told()).toMatchObject([{ decision: id, outcome: 'reject' }]);
  });
});
