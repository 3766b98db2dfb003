import { defaultPayloadConverter } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { VERBS, type DecisionMessage, type Resolution } from '../../src/domain/decision.js';
import type { DecisionId, Digest, EscalationId } from '../../src/domain/ids.js';
import { TENANT } from '../support/gate.js';
import { waitFor } from '../support/wait.js';
import { branchOf, forgedDecision, LOST, openLive, type Live } from './live.js';
import { PAY } from './scene.js';

let live: Live;
/** What every stored decision waits for before the gateway brings it to its run. */
let delivery = Promise.resolve();
beforeAll(async () => {
  live = await openLive({ gateway: { point: () => delivery } });
});
afterAll(() => live.stop());

const HOW = ['update', 'signal'] as const;
type How = (typeof HOW)[number];

/** Writes to the run what nobody stored. */
async function send(task: string, how: How, message: unknown): Promise<void> {
  const handle = live.handle(task);
  if (how === 'signal') await handle.signal('decide', message);
  else await handle.executeUpdate('decide', { args: [message] }).catch(() => undefined); // refused or not: it must change nothing
}

const mentions = async (task: string, id: string) =>
  (await live.journal(task)).filter(({ body }) => body.includes(id)).length;

/** Sends it and waits until the run has done with it: on record, if it came by signal, and waiting for people as before. */
async function sendOut(task: string, how: How, message: DecisionMessage): Promise<void> {
  const before = await mentions(task, message.id);
  await send(task, how, message);
  await waitFor(async () => {
    if (how === 'signal' && (await mentions(task, message.id)) === before) return undefined;
    const { branches } = await live.view(task);
    return branches.every((branch) => branch.status === 'PAUSED_PENDING_HUMAN' && branch.delivered)
      ? true
      : undefined;
  });
}

/** Sends it and expects that nothing but the journal knows of it. */
async function expectNothing(task: string, how: How, message: DecisionMessage): Promise<void> {
  const [before, paid] = [await live.standing(task), live.paid.length];
  await sendOut(task, how, message);
  expect(await live.standing(task)).toEqual(before);
  expect(live.paid).toHaveLength(paid);
}

async function expectEnd(task: string, outcome: string, cents: readonly number[]): Promise<void> {
  expect(await live.end(task)).toMatchObject({ state: 'COMPLETED' });
  const { results } = await live.end(task);
  expect(results.map((result) => result.outcome)).toContain(outcome);
  expect(live.paidIn(task).map((entry) => entry.cents)).toEqual(cents);
}

const both = <T extends object>(cases: readonly T[]) =>
  cases.flatMap((each) => HOW.map((how) => ({ ...each, how })));

/**
 * Seen to fail: a claim whose refusal takes the question off the desk (approve), a claim that throws for a generation that is nowhere (edit:
 * the task fails), `verify` taking everything for genuine (the others).
 */
describe('a forged decision, written straight into Temporal, changes nothing but the journal (defect 8)', () => {
  it.each(both(VERBS.map((verb) => ({ verb }))))('$verb, by $how', async ({ verb, how }) => {
    const task = `forged-${verb}-${how}`;
    await live.submit(task);
    await live.asked(task);
    await expectNothing(task, how, await forgedDecision(live, task, { verb }));
    await live.decide(task);
    await expectEnd(task, 'executed', [100]);
  });

  const FINDINGS: readonly Resolution[] = ['happened', 'not-happened', 'leave'];
  it.each(both(FINDINGS.map((resolution) => ({ resolution }))))(
    'resolve as $resolution, of a call whose outcome is unknown, by $how',
    async ({ resolution, how }) => {
      const task = `forged-${resolution}-${how}`;
      await live.submit(task, LOST);
      await live.decide(task);
      await live.asked(task, 2);
      await expectNothing(task, how, await forgedDecision(live, task, { verb: 'resolve', resolution }));
      await live.decide(task, { decision: 'resolve', resolution: 'leave' }, { round: 2 });
      await expectEnd(task, 'unknown', [100]);
    },
  );

  // Seen to fail: a claim that looks for the tool before it looks at who decided.
  it.each(HOW)('approve, of a tool that no worker knows, by %s', async (how) => {
    const task = `forged-unknown-${how}`;
    await live.submit(task, { tool: 'rm_rf', args: {} });
    await live.asked(task);
    await expectNothing(task, how, await forgedDecision(live, task));
    await live.decide(task);
    await expectEnd(task, 'failed: unknown-tool', []);
  });
});

// Seen to fail: a refusal that no statement takes (22003), which every later activity of the run carries: it cannot even be cancelled.
it('forged decisions with numbers that no column holds leave their run as it was', async () => {
  const task = 'forged-numbers';
  await live.submit(task);
  await live.asked(task);
  const most = Number.MAX_SAFE_INTEGER;
  const { digest } = await forgedDecision(live, task);
  const changes: readonly Partial<DecisionMessage>[] = [
    ...(['operation', 'generation', 'round', 'at', 'rung'] as const).map((field) => ({ [field]: most })),
    { verb: 'withdraw', round: most },
    { verb: 'extend', until: most },
    { verb: 'edit', edited: { generation: most, digest } },
  ];
  for (const [index, change] of changes.entries()) {
    const forged = await forgedDecision(live, task, change);
    await expectNothing(task, 'signal', { ...forged, id: `forged-${index}` as DecisionId }); // anything that looks like one
  }
  await live.decide(task);
  await expectEnd(task, 'executed', [100]);
});

/** A decision that is stored and signed, and that its run has not heard of. */
async function keepBack(task: string, body: Parameters<Live['decide']>[1]) {
  await live.submit(task);
  await live.asked(task);
  let release = (): void => undefined;
  delivery = new Promise((resolve) => (release = resolve));
  onTestFinished(() => release());
  const answer = live.decide(task, body);
  const stored = await waitFor(async () => {
    // Only the gateway is to bring it, and only when the test says so.
    const [row] = await live.running.database.query<{ message: string }>(
      'update decisions set next_send_at = 9000000000000000 where tenant = $1 and task = $2 returning message',
      [TENANT, task],
    );
    return row;
  });
  const message = JSON.parse(stored.message) as DecisionMessage; // as the gateway stored it
  return {
    message,
    async deliver() {
      release();
      delivery = Promise.resolve();
      return answer;
    },
  };
}

const sameEnd = (digest: Digest) => `sha256:${'0'.repeat(56)}${digest.slice(-8)}` as Digest; // of the same form

/**
 * Seen to fail: a claim that voids whatever bears the id that it was given; a refusal that is settled by id alone; a gateway that takes
 * the forgery in front for the winner.
 */
describe('a genuine decision, relayed as something else before its run heard of it (defects 8 and 9)', () => {
  const EDIT = { decision: 'edit', edits: { cents: 50, to: 'bob' } } as const;
  type Case = {
    name: string;
    body: Parameters<Live['decide']>[1];
    alter: (genuine: DecisionMessage) => Partial<DecisionMessage>;
    end?: 'rejected' | 'edited';
    /** The claim refuses it, and the run then hears what is stored. */
    heard?: true;
  };
  const CASES: readonly Case[] = [
    {
      name: 'rejection as approval',
      body: { decision: 'reject' },
      alter: () => ({ verb: 'approve' }),
      end: 'rejected',
      heard: true,
    },
    { name: 'approval as rejection', body: {}, alter: () => ({ verb: 'reject' }) },
    { name: 'approval as escalation', body: {}, alter: () => ({ verb: 'escalate' }) },
    { name: 'edit as approval', body: EDIT, alter: () => ({ verb: 'approve' }), end: 'edited', heard: true },
    {
      name: 'edit to another edit',
      body: EDIT,
      alter: ({ digest }) => ({ edited: { generation: 9, digest } }),
      end: 'edited',
      heard: true,
    },
    {
      name: 'approval as edit',
      body: {},
      alter: ({ digest }) => ({ verb: 'edit', edited: { generation: 2, digest } }),
      heard: true,
    },
    { name: 'approval of another round', body: {}, alter: () => ({ round: 2 }) },
    { name: 'approval of another generation', body: {}, alter: () => ({ generation: 2 }) },
    { name: 'approval after the deadline', body: {}, alter: () => ({ at: Number.MAX_SAFE_INTEGER }) },
    {
      name: 'approval of another escalation',
      body: {},
      alter: () => ({ escalation: 'other:1' as EscalationId }),
    }, // any other
    { name: 'approval of another digest', body: {}, alter: ({ digest }) => ({ digest: sameEnd(digest) }) },
    {
      name: 'approval of another brief',
      body: {},
      alter: ({ briefDigest }) => ({ briefDigest: sameEnd(briefDigest) }),
    },
  ];

  it.each(both(CASES))(
    '$name, by $how: nothing, and the genuine one counts',
    async ({ name, body, alter, end, heard, how }) => {
      const task = `forged-${name.replaceAll(' ', '-')}-${how}`;
      const { message, deliver } = await keepBack(task, body);
      const altered = { ...message, ...alter(message) };
      if (heard) await send(task, how, altered);
      else await expectNothing(task, how, altered);
      const receipt = await deliver();
      if (!heard) expect(receipt).toMatchObject({ applied: true });
      if (end === 'rejected') return expectEnd(task, 'rejected', []);
      if (end === 'edited') await live.decide(task, {}, { subject: 'joon', round: 2 });
      await expectEnd(task, 'executed', end === 'edited' ? [50] : [100]);
    },
  );

  it.each(HOW)('for another task, by %s: neither moves', async (how) => {
    const other = `forged-other-${how}`;
    await live.submit(other);
    await live.asked(other);
    const { message, deliver } = await keepBack(`forged-own-${how}`, {});
    for (const verb of ['approve', 'reject'] as const) {
      const before = await live.standing(`forged-own-${how}`);
      await expectNothing(other, how, { ...(await forgedDecision(live, other, { verb })), id: message.id });
      expect(await live.standing(`forged-own-${how}`)).toEqual(before);
    }
    await expectNothing(other, how, message);
    await deliver();
    await expectEnd(`forged-own-${how}`, 'executed', [100]);
    await live.decide(other, { decision: 'reject' });
    await expectEnd(other, 'rejected', []);
  });
});

describe('a genuine decision, replayed (defect 9)', () => {
  const calls = { steps: [{ calls: [PAY, { ...PAY, args: { cents: 7, to: 'eve' } }] }] };

  it.each(HOW)('for the other operation of its task, by %s: once for the one it was about', async (how) => {
    const task = `forged-two-${how}`;
    await live.submit(task, { planner: { name: 'scripted', input: calls } });
    const { decision } = await live.decide(task);
    await waitFor(() => (live.paidIn(task).length === 1 ? true : undefined));
    const [row] = await live.running.database.query<{ message: string }>(
      'select message from decisions where tenant = $1 and id = $2',
      [TENANT, decision],
    );
    const genuine = JSON.parse(row?.message ?? '') as DecisionMessage; // as the gateway stored it
    await waitFor(async () => ((await branchOf(live, task)).status === 'SETTLED' ? true : undefined));
    const before = await live.standing(task);
    await send(task, how, genuine);
    const second = await forgedDecision(live, task, { id: genuine.id }, 2);
    await send(task, how, second);
    await waitFor(async () => {
      const branch = await branchOf(live, task, 2);
      const heard = (await live.journal(task)).some(({ type }) => type === 'forged');
      return heard && branch.status === 'PAUSED_PENDING_HUMAN' && branch.delivered ? true : undefined;
    });
    expect(await live.standing(task)).toEqual(before);
    await live.decide(task, { decision: 'reject' }, { operation: 2 });
    await expectEnd(task, 'rejected', [100]);
  });
});

// Seen to fail: workflows that read payloads as the SDK does: one that cannot be read stops the run.
describe('anything else, written straight into Temporal, changes nothing (case 63)', () => {
  async function expectUnmoved(task: string, write: () => Promise<void>): Promise<void> {
    await live.submit(task);
    await live.asked(task);
    const before = await live.standing(task);
    await write();
    expect(await live.standing(task)).toEqual(before);
    await live.decide(task);
    await expectEnd(task, 'executed', [100]);
  }
  const NUDGES: readonly unknown[] = [{ halt: 'made-up', jws: 'forged' }, null, [], 'halt', { halt: {} }];

  it('a halt, or the lifting of one', () =>
    expectUnmoved('forged-halt', async () => {
      const handle = live.handle('forged-halt');
      for (const nudge of NUDGES) {
        await handle.signal('halt', nudge);
        await handle.executeUpdate('halt', { args: [nudge] });
      }
    }));

  it('what is no decision at all, is twice as large as any, or cannot be read', () =>
    expectUnmoved('forged-malformed', async () => {
      const handle = live.handle('forged-malformed');
      const good = await forgedDecision(live, 'forged-malformed');
      const large = 'x'.repeat(1_000_000);
      const sent = [
        undefined,
        null,
        7,
        [],
        {},
        large,
        { ...good, id: large },
        { ...good, verb: { toString: 'approve' } },
      ];
      for (const each of sent) for (const how of HOW) await send('forged-malformed', how, each);
      await expect(handle.signal('decide', { ...good, pad: 'x'.repeat(3_000_000) })).rejects.toThrow(
        'Failed to signal',
      );
      await handle.signal('nothing-of-ours', large);
      const unreadable = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"id":') };
      for (const payload of [unreadable, { metadata: {}, data: Buffer.from('x') }]) {
        await live.temporal.workflowService.signalWorkflowExecution({
          namespace: live.temporal.options.namespace,
          workflowExecution: { workflowId: `${TENANT}/forged-malformed` },
          signalName: 'decide',
          input: { payloads: [payload, defaultPayloadConverter.toPayload(good)] },
        });
      }
    }));
});
