import { expect, describe, it } from 'vitest';
import { z } from 'zod';
import { defineTool, ToolFailure } from '../contract/tool.js';
import {
  explainWith,
  fakeClock,
  fakeGate,
  isIdempotent,
  judgeWith,
  scripted,
  testPolicy,
  undoes,
} from '../testing.js';

const POLICY = `version: '1'
owner: us
agents: { clerk: { owner: boss, tools: [pay, note] } }
roles:
  desk: { members: [ada, cora], backup: boss }
  boss: { members: [cy] }
defaults: { route: desk, ladder: slow }
ladders: { slow: { ttl: 30d, then: backup, fallback: hold } }
`;
const CASES = `cases:
  - { name: small, agent: clerk, tool: pay, args: { cents: 10000 }, expect: { level: notify } }
  - { name: large, agent: clerk, tool: pay, args: { cents: 10001 }, expect: { level: approve, route: desk } }
`;

/** A till that is paid into, and a tool that does; told to, it forgets keys or does not undo. */
function aTill(over: { forgetful?: boolean; stubborn?: boolean; idle?: boolean; fails?: Error } = {}) {
  const paid = new Map<string, number>();
  const pay = defineTool({
    name: 'pay',
    version: '1',
    tier: 2,
    input: z.strictObject({ cents: z.int() }),
    categories: ['money'],
    describe: ({ cents }) => `Pay ${cents}`,
    impact: ({ cents }) => ({ money: { minor: cents, currency: 'USD' } }),
    run({ cents }, { idempotencyKey }) {
      if (over.fails) throw over.fails;
      if (over.idle !== true) paid.set(over.forgetful ? `${paid.size}` : idempotencyKey, cents);
      return { key: idempotencyKey };
    },
    undo: (_args, result) =>
      void (over.stubborn !== true && paid.delete(z.object({ key: z.string() }).parse(result).key)),
  });
  return { pay, sum: () => [...paid.values()].reduce((a, b) => a + b, 0) };
}

const large = { agent: 'clerk', tool: 'pay', args: { cents: 20_000 } };
const approve = { by: 'ada', verb: 'approve', why: 'as agreed' } as const;

describe('testPolicy, judgeWith and explainWith', () => {
  const tools = [aTill().pay];

  it('pass, and throw with the report when a case does not hold', () => {
    expect(testPolicy({ policy: POLICY, cases: CASES, tools }).outcomes).toHaveLength(2);
    const cases = CASES.replace('level: notify', 'level: auto');
    expect(() => testPolicy({ policy: POLICY, cases, tools })).toThrow(
      /cases:2: small\n {2}level: expected auto, got notify\n/,
    );
    expect(() => testPolicy({ policy: POLICY, cases: CASES })).toThrow(
      /the cases cannot be used:\ncases:2:5: cases\[0\]: nothing says/,
    );
    expect(() => testPolicy({ policy: 'x: 1', cases: CASES })).toThrow(
      /the policy cannot be used:\npolicy:1/,
    );
    expect(() => testPolicy({ policy: POLICY, cases: CASES, tools: { notATool: 1 } })).toThrow(
      /no tool was given/,
    );
  });

  it('ask for coverage unless told not to', () => {
    const policy = `${POLICY}rules: [{ id: never, trigger: policy, when: "false", level: notify }]\n`;
    expect(() => testPolicy({ policy, cases: CASES, tools })).toThrow(/policy:9: never: fires in no case/);
    expect(testPolicy({ policy, cases: CASES, tools, coverage: false }).coverage).toMatchObject([
      { rule: 'never', fires: false },
    ]);
  });

  it('judge one call', () => {
    expect(judgeWith({ policy: POLICY, tools, call: large })).toMatchObject({ level: 'approve', tier: 2 });
    expect(explainWith({ policy: POLICY, tools, call: large }).because).toMatchObject([
      { waysOut: [{ changes: [{ to: 10_000 }], after: 'notify' }] },
    ]);
    expect(() => judgeWith({ policy: POLICY, tools, call: { ...large, agent: 'a b' } })).toThrow(
      /cannot be judged: agent/,
    );
  });
});

describe('a fake gate', () => {
  const gateOf = (over: Partial<Parameters<typeof fakeGate>[0]> = {}, till = aTill()) => ({
    till,
    gate: fakeGate({ policy: POLICY, tools: [till.pay], ...over }),
  });

  it('runs at once what the policy lets run', async () => {
    const { gate, till } = gateOf();
    const run = await gate.propose({ ...large, args: { cents: 50 } });
    expect(run).toMatchObject({
      outcome: 'executed',
      questions: [],
      decision: null,
      verdict: { level: 'notify' },
    });
    expect([till.sum(), gate.effects]).toEqual([
      50,
      [expect.objectContaining({ tool: 'pay', args: { cents: 50 } })],
    ]);
  });

  // Seen to fail: a call run before anybody answered.
  it('asks first, runs once approved under a key of its own, and not once rejected', async () => {
    const { gate, till } = gateOf({
      review: scripted({ ...approve, after: '2h' }, approve, { ...approve, verb: 'reject' }),
    });
    const first = await gate.propose(large);
    expect(first).toMatchObject({
      outcome: 'executed',
      questions: [{ role: 'desk', members: ['ada', 'cora'] }],
      decision: { by: 'ada' },
    });
    expect(gate.clock.iso()).toBe('2026-01-01T14:00:00.000Z');
    await gate.propose(large);
    expect(await gate.propose(large)).toMatchObject({ outcome: 'rejected', result: null });
    expect([till.sum(), new Set(gate.effects.map((effect) => effect.idempotencyKey)).size]).toEqual([
      40_000, 2,
    ]);
  });

  it('asks on when nobody answers in time or somebody escalates, and tells when nobody does at all', async () => {
    const late = gateOf({ review: scripted({ ...approve, after: '31d' }, { ...approve, by: 'cy' }) });
    expect(await late.gate.propose(large)).toMatchObject({ outcome: 'executed', decision: { by: 'cy' } });
    expect(late.gate.clock.iso()).toBe('2026-01-31T12:00:00.000Z');
    const up = gateOf({ review: scripted({ ...approve, verb: 'escalate' }, { ...approve, by: 'cy' }) });
    expect(await up.gate.propose(large)).toMatchObject({
      outcome: 'executed',
      questions: [{ role: 'desk' }, { role: 'boss' }],
    });
    expect(up.gate.clock.iso()).toBe('2026-01-01T12:00:00.000Z');
    const silent = gateOf();
    expect(await silent.gate.propose(large)).toMatchObject({
      outcome: 'unanswered',
      verdict: { ladder: { fallback: 'hold' } },
    });
    expect([silent.gate.clock.iso(), silent.till.sum()]).toEqual(['2026-03-02T12:00:00.000Z', 0]);
  });

  // Seen to fail: any subject taken for a member; the requester's own approval taken.
  it.each([
    ['somebody else', { ...approve, by: 'eve' }, 'not-found', /eve has no role/],
    ['the role after', { ...approve, by: 'cy' }, 'forbidden', /Only desk may decide/],
    ['whoever asked for it', { ...approve, by: 'cora' }, 'forbidden', /Whoever asked/],
  ])('does not take the approval of %s', async (_who, answer, code, because) => {
    const { gate, till } = gateOf({ review: scripted(answer) });
    const run = await gate.propose({ ...large, requester: 'cora' });
    expect(run).toMatchObject({
      outcome: 'unanswered',
      refused: [{ code, because: expect.stringMatching(because) }],
    });
    expect(till.sum()).toBe(0);
  });

  it('lets members of the roles before decide, and nobody escalate beyond the last', async () => {
    const { gate } = gateOf({ review: scripted(null, approve) });
    expect(await gate.propose(large)).toMatchObject({ outcome: 'executed', decision: { by: 'ada' } });
    const beyond = gateOf({ review: scripted(null, { ...approve, verb: 'escalate' }) });
    expect(await beyond.gate.propose(large)).toMatchObject({
      outcome: 'unanswered',
      refused: [{ code: 'conflict', because: expect.stringMatching(/No further role/) }],
    });
  });

  // Seen to fail: an edit that runs what was proposed; a withdrawal that nobody hears.
  it('runs an edit as edited, asks anew about one that goes beyond, and about what was withdrawn', async () => {
    const edit = { ...approve, verb: 'edit' } as const;
    const less = gateOf({ review: scripted({ ...edit, edits: { cents: 15_000 } }) });
    expect(await less.gate.propose(large)).toMatchObject({ outcome: 'executed', decision: { by: 'ada' } });
    expect(less.till.sum()).toBe(15_000);
    const more = gateOf({ review: scripted({ ...edit, edits: { cents: 30_000 } }, approve) });
    expect(await more.gate.propose(large)).toMatchObject({
      outcome: 'unanswered',
      questions: [{ reason: null }, { reason: 'needs-another-subject' }, { role: 'boss' }, {}],
      refused: [{ code: 'forbidden' }],
    });
    const back = gateOf({ review: scripted(approve, { ...approve, verb: 'withdraw' }) });
    expect(await back.gate.propose(large)).toMatchObject({
      outcome: 'unanswered',
      decision: null,
      questions: [{ reason: null }, { reason: 'withdrawn' }, {}, {}],
    });
    expect([more.till.sum(), back.till.sum()]).toEqual([0, 0]);
  });

  it('moves deadlines as far as the policy lets', async () => {
    const extend = { ...approve, verb: 'extend', later: '1h' } as const;
    const { gate } = gateOf({ review: scripted(extend, { ...extend, verb: 'hold' }, approve) });
    expect(await gate.propose(large)).toMatchObject({ outcome: 'executed', movedMs: 2 * 3_600_000 });
    const far = gateOf({ review: scripted({ ...extend, later: '300d' }) });
    expect(await far.gate.propose(large)).toMatchObject({
      movedMs: 0,
      refused: [{ code: 'policy-refused' }],
    });
  });

  // Seen to fail: a window that silence leaves open.
  it.each([
    ['confirmed', 'executed', approve, 50],
    ['rejected', 'undone', { ...approve, verb: 'reject' }, 0],
    ['left alone', 'undone', null, 0],
  ] as const)('runs softly, and what is %s is %s', async (_how, outcome, answer, sum) => {
    const policy = `${POLICY}tools: { pay: { level: soft, window: 5m, route: desk } }\n`;
    const { gate, till } = gateOf({ policy, review: scripted(answer) });
    expect(await gate.propose({ ...large, args: { cents: 50 } })).toMatchObject({
      outcome,
      questions: [{ kind: 'confirmation', role: 'desk' }],
    });
    expect(till.sum()).toBe(sum);
  });

  it('asks what became of a call that nobody knows of, and runs it again under the same key when told so', async () => {
    const fails = { fails: new Error('line cut') as Error | undefined };
    const till = aTill({
      get fails() {
        return fails.fails;
      },
    } as { fails?: Error }); // a getter, so that the line can be mended
    const resolve = { ...approve, verb: 'resolve', resolution: 'not-happened' } as const;
    const review = scripted(resolve);
    const { gate } = gateOf(
      {
        review: (question) => {
          fails.fails = undefined;
          return review(question);
        },
      },
      till,
    );
    expect(await gate.propose({ ...large, args: { cents: 50 } })).toMatchObject({
      outcome: 'executed',
      questions: [{ kind: 'resolution', reason: 'unknown' }],
    });
    expect([gate.effects.length, new Set(gate.effects.map((each) => each.idempotencyKey)).size]).toEqual([
      2, 1,
    ]);
  });

  it('stops a test whose reviewer never comes to an end', async () => {
    const { gate } = gateOf({ review: () => ({ ...approve, withdrawn: { by: 'ada' } }) });
    await expect(gate.propose(large)).rejects.toThrow(/never settles/);
  });

  // Seen to fail: counters that start anew with every call.
  it('counts what ran toward limits, until the next day, and what became of calls', async () => {
    const { gate } = gateOf({ clock: fakeClock('2026-11-21T23:00:00Z') });
    for (let at = 0; at < 5; at += 1)
      expect((await gate.propose({ ...large, args: { cents: 10_000 } })).outcome).toBe('executed');
    const sixth = judgedRules(await gate.propose({ ...large, args: { cents: 1 } }));
    expect(sixth).toContain('limit:agent-day-usd');
    gate.clock.advance('1d');
    expect((await gate.propose({ ...large, args: { cents: 1 } })).outcome).toBe('executed');
  });

  it('judges by what earlier calls came to', async () => {
    const policy = `${POLICY}rules: [{ id: again, trigger: policy, when: "history.failed > 0", level: approve }]\n`;
    const till = aTill({ fails: new ToolFailure('no', 'not today') });
    const { gate } = gateOf({ policy }, till);
    expect(await gate.propose({ ...large, args: { cents: 1 } })).toMatchObject({ outcome: 'failed' });
    expect(judgedRules(await gate.propose({ ...large, args: { cents: 1 } }))).toContain('again');
  });

  it('tells what certainly did not happen from what nobody knows', async () => {
    const unknown = gateOf({}, aTill({ fails: new Error('line cut') }));
    expect(await unknown.gate.propose({ ...large, args: { cents: 1 } })).toMatchObject({
      outcome: 'unknown',
    });
    const unread = gateOf({ review: scripted(approve) });
    expect(await unread.gate.propose({ ...large, args: { cents: 'x' } })).toMatchObject({
      outcome: 'failed',
      verdict: { level: 'approve' },
    });
    expect(unread.gate.effects).toEqual([]);
  });
});

const judgedRules = ({ verdict }: { verdict: { fired: readonly { rule: string }[] } }) =>
  verdict.fired.map(({ rule }) => rule);

describe('the properties of a tool', () => {
  it('hold for one that remembers keys and undoes', async () => {
    const { pay, sum } = aTill();
    expect(await isIdempotent(pay, { cents: 5 }, { effects: sum })).toBe(true);
    await isIdempotent(pay, { cents: 5 }, { effects: async () => sum() });
    await undoes(pay, { cents: 5 }, { state: sum });
    expect(sum()).toBe(10);
  });

  it.each([
    [
      'forgets keys',
      isIdempotent,
      { forgetful: true },
      /pay is not idempotent under its key: effects after one call 5, effects after a second one with the same key 10/,
    ],
    ['does nothing', isIdempotent, { idle: true }, /a call of pay changed nothing/],
  ] as const)('fail for one that %s', async (_what, property, over, message) => {
    const { pay, sum } = aTill(over);
    await expect(property(pay, { cents: 5 }, { effects: sum })).rejects.toThrow(message);
  });

  it('fail for an undo that does not, or that is not there', async () => {
    const stubborn = aTill({ stubborn: true });
    await expect(undoes(stubborn.pay, { cents: 5 }, { state: stubborn.sum })).rejects.toThrow(
      /the undo of pay does not undo: state before the call 0, state after its undo 5/,
    );
    const idle = aTill({ idle: true });
    await expect(undoes(idle.pay, { cents: 5 }, { state: idle.sum })).rejects.toThrow(/changed nothing/);
    const bare = defineTool({
      name: 'bare',
      version: '1',
      tier: 1,
      input: z.strictObject({}),
      describe: () => 'b',
      run: () => null,
    });
    await expect(undoes(bare, {}, { state: () => 0 })).rejects.toThrow(/bare declares no undo/);
    await expect(isIdempotent(bare, { a: 1 }, { effects: () => 0 })).rejects.toThrow(
      /bare cannot read these arguments: \$/,
    );
  });
});

describe('a fake clock', () => {
  it('stands until it is moved', () => {
    const clock = fakeClock('2026-11-21T09:00:00Z');
    clock.advance('90m');
    clock.advance(1);
    expect(clock.iso()).toBe('2026-11-21T10:30:00.001Z');
    expect(() => clock.advance('soon')).toThrow(/soon is no duration/);
    expect(() => fakeClock('today')).toThrow(/today is no moment/);
  });
});
