import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TENANT, POLICY } from '../support/gate.js';
import { waitFor } from '../support/wait.js';
import { forgedDecision, openLive, type Live } from './live.js';

/** Two of the supervisors and directors must approve a payment; each role has a second, then the next is asked. */
const SEVERAL = POLICY.replace(
  'defaults: { route: supervisor }',
  `tools: { pay: { quorum: 2 } }
defaults: { route: supervisor, validity: 8h }`,
).replace('[amira, joon]', '[amira, joon, kim]');

let live: Live;
/** What every stored decision waits for before the gateway brings it to its run. */
let delivery = Promise.resolve();
beforeAll(async () => {
  live = await openLive({ policy: SEVERAL, gateway: { point: () => delivery } });
});
afterAll(() => live.stop());

const voted = (task: string, votes: number) =>
  waitFor(async () => {
    const entries = await live.journal(task);
    return entries.filter((entry) => entry.type === 'voted').length >= votes ? true : undefined;
  });

const outcome = async (task: string) => (await live.end(task)).results.map((result) => result.outcome);

describe('a call that two people must approve', () => {
  it('waits after the first vote, runs once after the second', async () => {
    await live.submit('eyes-two');
    expect(await live.decide('eyes-two')).toMatchObject({ applied: true });
    await voted('eyes-two', 1);
    expect(live.paidIn('eyes-two')).toHaveLength(0);
    await live.decide('eyes-two', {}, { subject: 'joon' });
    expect(await outcome('eyes-two')).toEqual(['executed']);
    expect(live.paidIn('eyes-two')).toHaveLength(1);
  });

  it('does not run once one of them rejects it, whatever was voted (defect 3)', async () => {
    await live.submit('eyes-no');
    await live.decide('eyes-no');
    await live.decide('eyes-no', { decision: 'reject' }, { subject: 'joon' });
    expect(await outcome('eyes-no')).toEqual(['rejected']);
    expect(live.paidIn('eyes-no')).toHaveLength(0);
  });

  it('runs once when all who may vote at the same time (fault 5)', async () => {
    await live.submit('eyes-race');
    await live.asked('eyes-race');
    const votes = ['amira', 'joon', 'kim'].map((subject) => live.decide('eyes-race', {}, { subject }));
    const ends = await Promise.allSettled(votes);
    expect(ends.filter((end) => end.status === 'fulfilled').length).toBeGreaterThanOrEqual(2);
    expect(await outcome('eyes-race')).toEqual(['executed']);
    expect(live.paidIn('eyes-race')).toHaveLength(1);
  });

  it('hears votes that no gateway brought: the dispatcher does (defect 12)', async () => {
    await live.submit('eyes-lost');
    await live.asked('eyes-lost');
    let release = (): void => undefined;
    delivery = new Promise((resolve) => (release = resolve));
    const brought = [live.decide('eyes-lost'), live.decide('eyes-lost', {}, { subject: 'kim' })];
    try {
      expect(await outcome('eyes-lost')).toEqual(['executed']);
    } finally {
      release();
      delivery = Promise.resolve();
    }
    await Promise.allSettled(brought);
    expect(live.paidIn('eyes-lost')).toHaveLength(1);
  });

  it('keeps a vote over a forged one, and when the next role is asked', async () => {
    await live.submit('eyes-climb');
    await live.decide('eyes-climb');
    await voted('eyes-climb', 1);
    await live.handle('eyes-climb').signal('decide', await forgedDecision(live, 'eyes-climb'));
    await waitFor(async () =>
      (await live.journal('eyes-climb')).some((entry) => entry.type === 'forged') ? true : undefined,
    );
    await live.decide('eyes-climb', { decision: 'escalate' }, { subject: 'joon' });
    await waitFor(async () => ((await live.asked('eyes-climb')).role === 'director' ? true : undefined));
    expect(live.paidIn('eyes-climb')).toHaveLength(0);
    await live.decide('eyes-climb', {}, { subject: 'ruth' });
    expect(await outcome('eyes-climb')).toEqual(['executed']);
    expect(live.paidIn('eyes-climb')).toHaveLength(1);
  });

  it('starts from none after a halt, and after one was taken back', async () => {
    await live.submit('eyes-halt');
    await live.decide('eyes-halt');
    await voted('eyes-halt', 1);
    await live.decide('eyes-halt', { decision: 'withdraw' });
    await live.decide('eyes-halt', {}, { subject: 'joon' });
    await voted('eyes-halt', 2);
    const client = await live.running.as('ruth');
    const { halt } = await client.halts.set({ scope: 'agent', target: 'bot', why: 'look' });
    await (await live.running.as('amira')).halts.lift(halt, { why: 'fine' });
    await live.decide('eyes-halt', {}, { subject: 'kim', round: 2 });
    await voted('eyes-halt', 3);
    expect(live.paidIn('eyes-halt')).toHaveLength(0);
    await live.decide('eyes-halt', {}, { subject: 'joon', round: 2 });
    expect(await outcome('eyes-halt')).toEqual(['executed']);
    expect(live.paidIn('eyes-halt')).toHaveLength(1);
  });

  it('comes to the same end after a reset, with one effect', async () => {
    await live.submit('eyes-reset');
    await live.decide('eyes-reset');
    await live.decide('eyes-reset', {}, { subject: 'kim' });
    await live.end('eyes-reset');
    const { events } = await live.handle('eyes-reset').fetchHistory();
    const first = events?.find((event) => event.workflowTaskCompletedEventAttributes);
    await live.temporal.workflowService.resetWorkflowExecution({
      namespace: live.running.workerConfig.temporal.namespace,
      workflowExecution: { workflowId: `${TENANT}/eyes-reset` },
      reason: 'test',
      workflowTaskFinishEventId: first?.eventId ?? null,
      requestId: 'eyes-reset',
    });
    await live.handle('eyes-reset').result();
    expect(live.paidIn('eyes-reset')).toHaveLength(1);
  });
});
