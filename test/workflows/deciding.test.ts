import { describe, expect, it } from 'vitest';
import { VERBS } from '../../src/domain/decision.js';
import type { DecisionMessage } from '../../src/domain/decision.js';
import { decideSignal, decideUpdate } from '../../src/workflows/messages.js';
import { DAY } from '../support/fake-activities.js';
import { devServerEnv } from '../support/environments.js';
import {
  decideBy,
  eventually,
  gate,
  refusalOf,
  startAsked,
  type StartedTask,
  useTasks,
} from '../support/tasks.js';

const tasks = useTasks(devServerEnv);

/** Ends a task that a test leaves waiting. */
async function finish(task: StartedTask, operation = 1): Promise<void> {
  await decideBy(task, await task.world.decision('reject', { operation }));
  await task.handle.result();
}

describe('a forged decision changes nothing but the journal', () => {
  const FORGEABLE = VERBS.filter((verb) => verb !== 'withdraw' && verb !== 'resolve');

  it.each(FORGEABLE)('%s, by update', async (verb) => {
    const task = await startAsked(tasks);
    const before = await task.view();
    await decideBy(task, await task.world.decision(verb, { forge: true }));
    await eventually(() => expect(task.world.facts()).toContain('forged'));
    await eventually(async () =>
      expect((await task.view()).branches).toMatchObject(
        before.branches.map(({ since: _since, ...branch }) => branch),
      ),
    );
    expect(task.world.effects).toEqual([]);
    await finish(task);
  });

  it.each(FORGEABLE)('%s, by signal', async (verb) => {
    const task = await startAsked(tasks);
    const before = await task.view();
    await task.handle.signal(decideSignal, await task.world.decision(verb, { forge: true }));
    await eventually(() => expect(task.world.facts()).toContain('forged'));
    await eventually(async () =>
      expect((await task.view()).branches).toMatchObject(
        before.branches.map(({ since: _since, ...branch }) => branch),
      ),
    );
    expect(task.world.effects).toEqual([]);
    await finish(task);
  });

  it('resolve, on a call whose outcome is unknown', async () => {
    const world = tasks.newWorld();
    world.next('execute', () => ({ kind: 'refused', reason: 'unknown' }));
    const task = await startAsked(tasks, world);
    const resolving = world.answered('ask', (input) => input.round === 2);
    await decideBy(task, await world.decision('approve'));
    await resolving;
    await decideBy(task, await world.decision('resolve', { forge: true, resolution: 'not-happened' }));
    await eventually(() => expect(world.facts()).toContain('forged'));
    expect(world.effects).toEqual([]);
    await decideBy(task, await world.decision('resolve', { resolution: 'not-happened' }));
    await task.handle.result();
    expect(world.effects).toEqual(['1.1']);
  });

  it('under the id of a genuine one, which then still counts', async () => {
    const task = await startAsked(tasks);
    const genuine = await task.world.decision('reject');
    await decideBy(task, { ...genuine, verb: 'approve' });
    await eventually(() => expect(task.world.facts()).toContain('forged'));
    await task.handle.executeUpdate(decideUpdate, { args: [genuine] });
    await task.handle.result();
    expect(task.world.effects).toEqual([]);
    expect(await task.view()).toMatchObject({ branches: [{ outcome: { kind: 'rejected' } }] });
  });
});

describe('a decision that comes while another is verified', () => {
  async function verifying(genuine: boolean): Promise<{ task: StartedTask; second: DecisionMessage }> {
    const world = tasks.newWorld();
    const { passed: held, open: release } = gate();
    world.next('verify', async () => {
      await held;
      return { genuine };
    });
    const task = await startAsked(tasks, world);
    const [first, second] = [await world.decision('reject'), await world.decision('approve')];
    await task.handle.signal(decideSignal, first);
    await task.handle.signal(decideSignal, second);
    await eventually(() => expect(world.count('verify')).toBe(1));
    release();
    return { task, second };
  }

  it('is applied when the first falls', async () => {
    const { task, second } = await verifying(false);
    await task.handle.result();
    expect(task.world.effects).toEqual(['1.1']);
    expect(await task.view()).toMatchObject({
      branches: [{ winner: { decision: second.id, verb: 'approve' } }],
    });
  });

  it('is refused as decided when the first holds, on record', async () => {
    const { task, second } = await verifying(true);
    await task.handle.result();
    expect(task.world.effects).toEqual([]);
    const refused = task.world.journal.find((event) => event.type === 'decision-refused');
    expect(refused?.body).toEqual({ decision: second.id, code: 'already-decided', suppressed: 0 });
  });

  it('is told by update that it waits', async () => {
    const world = tasks.newWorld();
    const task = await startAsked(tasks, world);
    // Longer than the quick attempt: the verification becomes an ordinary activity, and updates are answered meanwhile.
    const { passed: held, open: release } = gate();
    const verdict = async () => {
      await held;
      return { genuine: false };
    };
    world.next('verify', verdict);
    world.next('verify', verdict);
    await decideBy(task, await world.decision('reject'));
    await eventually(() => expect(world.count('verify')).toBe(2));
    const second = await world.decision('approve');
    expect(await decideBy(task, second)).toEqual({ applied: false, pending: true });
    expect(await task.handle.executeUpdate(decideUpdate, { args: [second] })).toEqual({
      applied: false,
      pending: true,
    });
    release();
    await task.handle.result();
    expect(world.effects).toEqual(['1.1']);
  });
});

describe('what is not a decision', () => {
  const MALFORMED: readonly unknown[] = [
    null,
    undefined,
    7,
    'approve',
    [],
    {},
    { id: 'x' },
    { verb: 'approve', nested: { deep: [1, { more: true }] } },
    {
      id: 'a/b',
      escalation: 'e',
      verb: 'approve',
      operation: 1,
      generation: 1,
      round: 1,
      at: 1,
      digest: 'd',
      briefDigest: 'd',
    },
  ];

  it('is refused by update and leaves nothing in history', async () => {
    const task = await startAsked(tasks);
    await task.view();
    const { historyLength } = await task.handle.describe();
    for (const sent of MALFORMED)
      expect(await refusalOf(task.handle.executeUpdate('decide', { args: [sent] }))).toBe('invalid');
    expect((await task.handle.describe()).historyLength).toBe(historyLength);
    await finish(task);
  });

  it('is refused by signal, on record, and the run goes on', async () => {
    const task = await startAsked(tasks);
    for (const sent of MALFORMED) await task.handle.signal('decide', sent);
    await eventually(() =>
      expect(task.world.facts().filter((fact) => fact === 'decision-refused')).toHaveLength(MALFORMED.length),
    );
    expect(
      task.world.journal.every(({ body }) => body['code'] === 'invalid' && body['decision'] === null),
    ).toBe(true);
    expect(task.world.count('record')).toBeLessThan(MALFORMED.length + 1);
    await finish(task);
  });

  it('is each of these: a field of another kind', async () => {
    const task = await startAsked(tasks);
    const good = await task.world.decision('edit');
    const spoiled: readonly Partial<Record<keyof DecisionMessage, unknown>>[] = [
      { id: '' },
      { id: 'line\nbreak' },
      { verb: 'approved' },
      { verb: 'toString' },
      { operation: 1.5 },
      { operation: -1 },
      { round: '1' },
      { at: Infinity },
      { digest: 'sha256:xyz' },
      { briefDigest: null },
      { edited: {} },
      { edited: { generation: 2, digest: 'none' } },
      { edited: null },
      { until: 'tomorrow' },
      { resolution: 'maybe' },
    ];
    for (const wrong of spoiled) {
      expect(
        await refusalOf(task.handle.executeUpdate('decide', { args: [{ ...good, ...wrong }] })),
        JSON.stringify(wrong),
      ).toBe('invalid');
    }
    await finish(task);
  });
});

describe('a decision about something else', () => {
  it.each([
    ['another round', { round: 2 }, 'stale'],
    ['another generation', { generation: 2 }, 'stale'],
    ['other arguments', { digest: `sha256:${'0'.repeat(64)}` }, 'stale'],
    ['another brief', { briefDigest: `sha256:${'0'.repeat(64)}` }, 'stale'],
    ['another task', { escalation: 'other:1' }, 'stale'],
    ['an operation that does not exist', { operation: 9 }, 'not-found'],
  ] as readonly [string, Partial<DecisionMessage>, string][])(
    'is refused: %s',
    async (_, difference, code) => {
      const task = await startAsked(tasks);
      const decision = { ...(await task.world.decision('approve', { forge: true })), ...difference };
      expect(await refusalOf(decideBy(task, decision))).toBe(code);
      await finish(task);
    },
  );

  it('is refused as a withdrawal: the store settles those', async () => {
    const task = await startAsked(tasks);
    expect(await refusalOf(decideBy(task, await task.world.decision('withdraw', { forge: true })))).toBe(
      'not-open',
    );
    await finish(task);
  });
});

describe('hold, extend and escalate', () => {
  it.each(['hold', 'extend'] as const)(
    '%s moves the deadline, and says so in the journal while it waits',
    async (verb) => {
      const task = await startAsked(tasks);
      const decision = await task.world.decision(verb);
      await decideBy(task, decision);
      const told = verb === 'hold' ? 'held' : 'extended';
      await eventually(() => expect(task.world.facts()).toEqual(['responded', told]));
      expect(await task.view()).toMatchObject({
        state: 'PAUSED_PENDING_HUMAN',
        branches: [{ question: { answerBy: decision.until, rung: 0 } }],
      });
      expect(task.world.count('ask')).toBe(1);
      await finish(task);
    },
  );

  it('refuses to move it further than the policy lets', async () => {
    const task = await startAsked(tasks);
    const tooFar = await task.world.decision('hold', { until: Date.now() + 100 * DAY, forge: true });
    expect(await refusalOf(decideBy(task, tooFar))).toBe('policy-refused');
    await finish(task);
  });

  it('escalate asks the next role, and is refused at the last', async () => {
    const task = await startAsked(tasks);
    const climbed = task.world.answered('ask', (input) => input.rung === 1);
    await decideBy(task, await task.world.decision('escalate'));
    await climbed;
    await eventually(async () =>
      expect(await task.view()).toMatchObject({
        branches: [{ question: { role: 'director', rung: 1, round: 1 } }],
      }),
    );
    expect(await refusalOf(decideBy(task, await task.world.decision('escalate', { forge: true })))).toBe(
      'conflict',
    );
    await finish(task);
  });
});

describe('a decision that comes early (defect 12)', () => {
  it('is kept while the question is being asked for the first time', async () => {
    const world = tasks.newWorld();
    const { passed: held, open: release } = gate();
    world.next('ask', async () => {
      await held;
      throw new Error('again');
    });
    const task = await tasks.start(world);
    await eventually(() => expect(world.count('ask')).toBe(1));
    const decision = await world.decision('approve', { forge: true });
    await task.handle.signal(decideSignal, decision);
    world.decisions.push(decision);
    release();
    await task.handle.result();
    expect(world.effects).toEqual(['1.1']);
  });

  it('is not lost when it was sent before any worker ran', async () => {
    await tasks.stopWorker();
    const world = tasks.newWorld();
    const task = await tasks.start(world);
    await task.handle.signal(decideSignal, await world.decision('approve'));
    await tasks.resumeWorker();
    await task.handle.result();
    expect(world.effects).toEqual(['1.1']);
  });

  it('is found in the store when it was never delivered', async () => {
    const world = tasks.newWorld();
    await world.decision('reject');
    const task = await tasks.start(world);
    await task.handle.result();
    expect(await task.view()).toMatchObject({ branches: [{ outcome: { kind: 'rejected' } }] });
  });
});

describe('a flood of forged signals', () => {
  it('is written in few calls, and counted where it is not written', async () => {
    const task = await startAsked(tasks);
    await tasks.stopWorker();
    const forged = await task.world.decision('approve', { forge: true, round: 7 });
    await Promise.all(
      Array.from({ length: 130 }, (_, index) => task.handle.signal('decide', { ...forged, id: `f${index}` })),
    );
    await tasks.resumeWorker();
    await eventually(() =>
      expect(task.world.facts().filter((fact) => fact === 'decision-refused').length).toBeGreaterThanOrEqual(
        100,
      ),
    );
    await task.handle.signal('decide', { ...forged, id: 'last' });
    await eventually(() => expect(task.world.journal.at(-1)?.body).toMatchObject({ decision: 'last' }));
    const refusals = task.world.journal.filter((event) => event.type === 'decision-refused');
    const suppressed = refusals.reduce((sum, { body }) => sum + Number(body['suppressed']), 0);
    expect(refusals.length + suppressed).toBe(131);
    await finish(task);
  });
});
