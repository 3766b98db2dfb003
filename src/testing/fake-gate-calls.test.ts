import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTool, ToolFailure } from '../contract/tool.js';
import type { RunContext } from '../contract/tool-definition.js';
import { fakeClock, fakeGate, isIdempotent, scripted, undoes } from '../testing.js';

const POLICY = `version: '1'
owner: us
agents: { bot: { owner: boss, tools: [act] } }
roles: { boss: { members: [ada] } }
tools: { act: { level: auto } }
`;
const call = { agent: 'bot', tool: 'act', args: { n: 1 } };
const Broken = new Error('line cut');

/** A tool of a tier that does what it is told to, at each attempt. */
function aTool(
  over: { tier?: 1 | 2; keyLifetime?: string; timeout?: string },
  act: (c: RunContext) => unknown,
) {
  const { tier = 2, keyLifetime, ...rest } = over;
  return defineTool({
    name: 'act',
    version: '1',
    tier,
    input: z.strictObject({ n: z.int() }),
    describe: () => 'Act',
    ...(keyLifetime === undefined ? {} : { idempotency: { keyLifetime } }),
    ...rest,
    run: async (_args, context) => act(context),
    undo: () => undefined,
  });
}

const fail = (error: Error) => () => {
  throw error;
};

describe('a call that a fake gate makes', () => {
  // Seen to fail: with every throw taken for unknown, the reading tool put a question to a person.
  it.each([
    [1, Broken, 'failed', 1],
    [2, Broken, 'unknown', 1],
    [2, new ToolFailure('no', 'no'), 'failed', 1],
  ] as const)('of a tool of tier %i that throws %s is %s', async (tier, error, outcome, calls) => {
    const gate = fakeGate({ policy: POLICY, tools: [aTool({ tier }, fail(error))] });
    expect(await gate.propose(call)).toMatchObject({ outcome });
    expect(gate.effects).toHaveLength(calls);
  });

  // Seen to fail: with one attempt only, the first was unknown after one call, and so was the second.
  it('is made again under its key where the tool honours one, five times in all', async () => {
    const dead = fakeGate({ policy: POLICY, tools: [aTool({ keyLifetime: '24h' }, fail(Broken))] });
    expect(await dead.propose(call)).toMatchObject({ outcome: 'unknown' });
    expect(dead.effects).toHaveLength(5);
    let attempts = 0;
    const mends = () => {
      attempts += 1;
      if (attempts < 3) throw Broken;
      return 'done';
    };
    const gate = fakeGate({ policy: POLICY, tools: [aTool({ keyLifetime: '24h' }, mends)] });
    expect(await gate.propose(call)).toMatchObject({ outcome: 'executed', result: 'done' });
    expect([gate.effects.length, new Set(gate.effects.map((each) => each.idempotencyKey)).size]).toEqual([
      3, 1,
    ]);
  });

  // Seen to fail: with the lifetime of the key not looked at, it was called five times.
  it('is not made again once its key is over', async () => {
    const gate = fakeGate({ policy: POLICY, tools: [aTool({ keyLifetime: '150s' }, fail(Broken))] });
    expect(await gate.propose(call)).toMatchObject({ outcome: 'unknown' });
    expect(gate.effects).toHaveLength(2);
  });

  // Seen to fail: without the time limit, the call was `executed` once its tool returned.
  it('is unknown when it takes longer than the tool may, and its signal says so', async () => {
    let aborted = false;
    const waits = ({ signal }: RunContext) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          aborted = true;
          resolve('late');
        });
        setTimeout(resolve, 5_000, 'too long').unref();
      });
    const gate = fakeGate({ policy: POLICY, tools: [aTool({ timeout: '1s' }, waits)] });
    expect(await gate.propose(call)).toMatchObject({ outcome: 'unknown', result: null });
    expect(aborted).toBe(true);
  });

  // Seen to fail: with `testing` as the task of every gate, the second one's call had the first one's key, and nothing was paid.
  it('has a key that no other gate uses', async () => {
    const world = new Set<string>();
    const tool = aTool({}, ({ idempotencyKey }) => void world.add(idempotencyKey));
    for (const gate of [1, 2].map(() => fakeGate({ policy: POLICY, tools: [tool] })))
      await gate.propose(call);
    expect(world.size).toBe(2);
  });

  // Seen to fail: with an undone call forgotten, the rule did not fire.
  it('counts as rejected in the track record when it was undone', async () => {
    const policy = `${POLICY.replace('level: auto', 'level: soft, window: 5m, route: boss')}rules: [{ id: bad, trigger: policy, when: "history.rejected > 0", level: approve }]\n`;
    const clock = fakeClock();
    const gate = fakeGate({ policy, clock, tools: [aTool({}, () => null)], review: scripted(null) });
    expect(await gate.propose(call)).toMatchObject({ outcome: 'undone' });
    const { verdict } = await gate.propose(call);
    expect(verdict.fired.map(({ rule }) => rule)).toContain('bad');
  });
});

describe('the looks of a property', () => {
  const live: { cents: number }[] = [];
  const pays = aTool({ keyLifetime: '24h' }, () => {
    live[0] ??= { cents: 0 };
    live[0].cents += 500;
  });

  // Seen to fail: with looks compared by reference, both held for objects that the tool changes in place.
  it('are kept as they were, whatever changes in place later', async () => {
    await expect(isIdempotent(pays, { n: 1 }, { effects: () => live })).rejects.toThrow(/not idempotent/);
    await expect(undoes(pays, { n: 1 }, { state: () => live })).rejects.toThrow(/does not undo/);
  });

  // Seen to fail: without a word of its own, a DataCloneError.
  it('have to be plain data', async () => {
    const effects = () => [() => 1];
    await expect(isIdempotent(pays, { n: 1 }, { effects })).rejects.toThrow(/give plain data/);
  });
});
