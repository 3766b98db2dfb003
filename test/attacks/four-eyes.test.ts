import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expire } from '../../src/activities/expire.js';
import { verify } from '../../src/activities/verify.js';
import { labelled, newSalt } from '../../src/contract/digest.js';
import type { DecisionId, TaskId } from '../../src/domain/ids.js';
import { questionFor } from '../../src/gateway/views/question.js';
import { findDecision } from '../../src/store/decisions.js';
import { toolFacts } from '../../src/contract/tool.js';
import { activatePolicy } from '../../src/store/policies.js';
import { publishTools } from '../../src/store/tools.js';
import { policyHash } from '../../src/policy/load.js';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';
import { effectsOf, executeWith, expectRefused, forge, PAY, resign } from './scene.js';

/** Two of the supervisors and directors must approve a payment. */
const SEVERAL = POLICY.replace(
  'defaults: { route: supervisor }',
  `tools: { pay: { quorum: 2 }, note: { quorum: 2, level: approve } }
defaults: { route: supervisor, validity: 8h }`,
).replace(
  'members: [amira, joon], backup: director }',
  'members: [amira, joon, kim, rita], backup: director }\n  desk: { members: [dora] }',
);

let gate: Gate;
beforeAll(async () => {
  gate = await openGate({ policy: SEVERAL });
  const published = [...gate.deps.tools.values()].map((tool) => ({
    facts: toolFacts(tool),
    schema: tool.schema,
  }));
  await publishTools(gate.database, published, await gate.database.now());
});
afterAll(() => gate.close());

async function asked(name: string, call: { tool: string; args: object } = PAY): Promise<TaskId> {
  const task = await gate.submit(name, { ...call, args: { ...call.args } });
  expect(await gate.ask(task)).toMatchObject({ kind: 'asked', question: { quorum: 2 } });
  return task;
}

const vote = (task: TaskId, subject: string, key?: string) =>
  gate.decide(task, subject, { decision: 'approve' }, key);

async function twoVotes(name: string): Promise<{ task: TaskId; ids: DecisionId[] }> {
  const task = await asked(name);
  return { task, ids: [await vote(task, 'amira'), await vote(task, 'joon')] };
}

describe('a call that two people must approve', () => {
  it('runs once with the votes of two people, in either order', async () => {
    const { task, ids } = await twoVotes('two');
    expect(await gate.execute(task, ids.toReversed())).toMatchObject({ kind: 'executed' });
    expect(await gate.execute(task, ids)).toMatchObject({ kind: 'executed' });
    expect(effectsOf(gate, task)).toHaveLength(1);
  });

  it('does not run with one vote, nor with one said twice', async () => {
    const task = await asked('one');
    const id = await vote(task, 'amira');
    await expectRefused(gate, task, await gate.execute(task, [id]), 'unverified');
    await expectRefused(gate, task, await gate.execute(task, [id, id]), 'unverified');
  });

  it('takes no second vote of the same person', async () => {
    const task = await asked('twice');
    await vote(task, 'amira');
    await expect(vote(task, 'amira', 'again')).rejects.toMatchObject({ code: 'conflict' });
  });

  // Seen to fail: the journal called a person's own word a forgery.
  it('tells a vote that was taken back before anybody heard it from a forged one', async () => {
    const task = await asked('back');
    const id = await vote(task, 'amira');
    const row = await findDecision(gate.database, TENANT, id);
    if (!row) throw new Error('the vote was not stored');
    await gate.decide(task, 'amira', { decision: 'withdraw' });
    const carry = { tenant: TENANT, task, runId: `run-${task}`, events: [] };
    expect(await verify(gate.deps, { ...carry, decision: row.message })).toMatchObject({
      genuine: false,
      withdrawn: true,
    });
    const forged = { ...row.message, digest: labelled('call', 'other') };
    const found = await verify(gate.deps, { ...carry, decision: forged });
    expect(found).toMatchObject({ genuine: false });
    expect(found).not.toHaveProperty('withdrawn');
  });

  // Seen to fail: the rung ended though enough had approved, and the server had forgotten who was last.
  it('outlives its rung once enough have voted, whether any history has the votes or not', async () => {
    const task = await asked('forgotten');
    const carry = { tenant: TENANT, task, runId: `run-${task}`, events: [] };
    const heard = async (subject: string) => {
      const row = await findDecision(gate.database, TENANT, await vote(task, subject));
      if (!row) throw new Error('the vote was not stored');
      await verify(gate.deps, { ...carry, decision: row.message });
      return row.id;
    };
    const end = () => expire(gate.deps, { ...carry, operation: 1, generation: 1, round: 1, rung: 0 });
    const ids = [await heard('amira')];
    expect(await end()).toMatchObject({ kind: 'early' });
    ids.push(await heard('joon'));
    expect(await end()).toMatchObject({ kind: 'decided', decisions: ids.map((id) => ({ id })) });
  });

  it('takes none of whoever asked for it (attack 53)', async () => {
    const task = await asked('own');
    await expect(vote(task, 'rita')).rejects.toMatchObject({ code: 'forbidden' });
    const ids = [await vote(task, 'amira'), await vote(task, 'joon')];
    await resign(gate, ids[1] ?? ids[0]!, { subject: 'rita' }); // two were made just above
    await expectRefused(gate, task, await gate.execute(task, ids), 'needs-another-subject');
  });

  it.each([
    ['signed by nobody', (id: DecisionId) => forge(gate, id, {})],
    ['by the same person under another id', (id: DecisionId) => resign(gate, id, { subject: 'amira' })],
    [
      'in the stead of the other',
      async (id: DecisionId) => {
        await resign(gate, id, { onBehalfOf: 'amira' });
        await gate.database.query("update decisions set on_behalf_of = 'amira' where id = $1", [id]);
      },
    ],
    ['about another round', (id: DecisionId) => resign(gate, id, { round: 2 })],
    ['a rejection', (id: DecisionId) => resign(gate, id, { verb: 'reject' })],
  ] as const)('does not run where the second vote is %s (defects 8, 9)', async (name, spoil) => {
    const { task, ids } = await twoVotes(`spoilt-${name.length}-${name.replaceAll(' ', '-')}`);
    await spoil(ids[1] ?? ids[0]!); // two were made just above
    await expectRefused(gate, task, await gate.execute(task, ids), 'unverified');
  });

  it('does not run on a vote that was taken back', async () => {
    const { task, ids } = await twoVotes('back');
    await gate.decide(task, 'joon', { decision: 'withdraw' });
    await expectRefused(gate, task, await gate.execute(task, ids), 'withdrawn');
  });

  it('does not run on a vote that has lapsed, and takes another of the same person then (attack 36)', async () => {
    const { task, ids } = await twoVotes('lapsed');
    const at = (await gate.database.now()) - 9 * 3_600_000;
    await resign(gate, ids[0]!, { at, executeBy: at + 8 * 3_600_000 }); // two were made just above
    await vote(task, 'amira', 'anew');
    expect(await gate.execute(task, ids)).toMatchObject({ kind: 'refused', reason: 'approval-expired' });
    expect(effectsOf(gate, task)).toHaveLength(0);
  });

  it('is asked anew with none after an edit, which its editor may not approve at tier 4', async () => {
    const task = await asked('edited');
    await vote(task, 'joon');
    const id = await gate.decide(task, 'amira', { decision: 'edit', edits: { cents: 90, to: 'bob' } });
    const result = await gate.execute(task, [id], { generation: 2 });
    expect(result).toMatchObject({ kind: 'refused', reason: 'needs-another-subject' });
    await gate.ask(task, { round: 2, generation: 2, reason: 'needs-another-subject' });
    await expect(vote(task, 'amira')).rejects.toMatchObject({ code: 'forbidden' });
    const ids = [await vote(task, 'joon', 'anew'), await vote(task, 'kim')];
    expect(await gate.execute(task, ids, { round: 2, generation: 2 })).toMatchObject({ kind: 'executed' });
  });

  it('is asked anew after an edit at tier 2, and the editor is one of the two', async () => {
    const task = await asked('edited-note', { tool: 'note', args: { cents: 100, to: 'bob' } });
    const id = await gate.decide(task, 'amira', { decision: 'edit', edits: { cents: 90, to: 'bob' } });
    expect(await gate.execute(task, [id], { generation: 2 })).toMatchObject({ reason: 'quorum' });
    await gate.ask(task, { round: 2, generation: 2, reason: 'quorum' });
    const ids = [await vote(task, 'amira'), await vote(task, 'kim')];
    expect(await gate.execute(task, ids, { round: 2, generation: 2 })).toMatchObject({ kind: 'executed' });
  });

  it('runs exactly when two different people with the role said so, whatever else is sent along', async () => {
    let n = 0;
    const kinds = fc.constantFrom('genuine', 'forged', 'none');
    const property = fc.asyncProperty(fc.tuple(kinds, kinds, kinds), fc.boolean(), async (said, turned) => {
      const task = await asked(`any-${n++}`);
      const ids: DecisionId[] = [];
      for (const [at, kind] of said.entries()) {
        if (kind === 'none') continue;
        const id = await vote(task, ['amira', 'joon', 'kim'][at] ?? '');
        if (kind === 'forged') await forge(gate, id, {});
        ids.push(id);
      }
      const result = await gate.execute(task, turned ? ids.toReversed() : ids);
      const runs = ids.length >= 2 && !said.includes('forged');
      expect(effectsOf(gate, task)).toHaveLength(runs ? 1 : 0);
      expect(result.kind === 'executed').toBe(runs);
    });
    await fc.assert(property, { numRuns: 25 });
  });
});

/** Dora stands in for these, the first of them longest. */
async function standsIn(of: Gate, task: TaskId, ...givers: readonly string[]): Promise<void> {
  const now = await of.database.now();
  for (const [at, by] of givers.entries())
    await of.database.query(
      `insert into delegations (tenant, id, by_subject, to_subject, task, operation, starts_at, ends_at, why, why_salt, made_at)
       values ($1, $2, $3, 'dora', $4, 1, $5, $6, 'leave', $7, $5)`,
      [TENANT, `${task}-${by}`, by, task, now - 1000, now + 3_600_000 * (9 - at), newSalt()],
    );
}

async function givenBy(of: Gate, id: DecisionId) {
  return (await findDecision(of.database, TENANT, id))?.onBehalfOf;
}

describe('somebody and whoever stands in for them', () => {
  // Seen to fail: the second was stored and never counted, and people saw two approvals and an open question.
  it.each([
    ['dora', 'amira'],
    ['amira', 'dora'],
  ])('approve once between them: %s first', async (first, second) => {
    const task = await asked(`place-${first}`);
    await standsIn(gate, task, 'amira');
    await vote(task, first);
    const told: unknown = await vote(task, second).catch((error: unknown) => error);
    expect(told).toMatchObject({ code: 'conflict', message: expect.stringContaining('One of you') });
    expect(String(told)).not.toContain(first);
    await gate.decide(task, first, { decision: 'withdraw' });
    const ids = [await vote(task, second, 'anew'), await vote(task, 'joon')];
    expect(await gate.execute(task, ids)).toMatchObject({ kind: 'executed' });
  });

  // Seen to fail: signed in the stead of the first, and not counted.
  it('approve in the stead of somebody whose place is free', async () => {
    const task = await asked('free-place');
    await standsIn(gate, task, 'amira', 'joon');
    const ids = [await vote(task, 'amira'), await vote(task, 'dora')];
    expect(await givenBy(gate, ids[1]!)).toBe('joon'); // two were made just above
    expect(await gate.execute(task, ids)).toMatchObject({ kind: 'executed' });
  });

  // Seen to fail: refused as the editor, or as the owner of the agent.
  it('approve in the stead of somebody who neither edited the call nor owns the agent', async () => {
    const owned = POLICY.replace('bot: { owner: director,', 'bot: { owner: director, owner_subject: kim,')
      .replace('members: [amira, joon]', 'members: [amira, joon, kim]')
      .replace('roles:\n', 'roles:\n  desk: { members: [dora] }\n');
    const own = await openGate({ policy: owned });
    try {
      const published = [...own.deps.tools.values()].map((tool) => ({
        facts: toolFacts(tool),
        schema: tool.schema,
      }));
      await publishTools(own.database, published, await own.database.now());
      const task = await own.submit('first-free', PAY);
      await own.ask(task);
      await standsIn(own, task, 'kim', 'amira', 'joon');
      const edit = await own.decide(task, 'amira', { decision: 'edit', edits: { cents: 90, to: 'bob' } });
      const again = { generation: 2, reason: 'needs-another-subject' } as const;
      expect(await own.execute(task, [edit], { generation: 2 })).toMatchObject({ reason: again.reason });
      await own.ask(task, { round: 2, ...again });
      const who = {
        tenant: TENANT,
        subject: 'dora',
        issuer: 'tests',
        claims: null,
        authTime: null,
        acr: null,
      };
      const token = { via: 'hook', tokenId: 'dora', kind: 'personal', scopes: [] } as const;
      const bearer = { ...who, ...token, policyHash: policyHash(owned) };
      expect(await questionFor(own.gateway, bearer, { task, operation: 1 })).toMatchObject({
        standsInFor: 'joon',
        mayDo: expect.arrayContaining(['approve']),
      });
      const id = await own.decide(task, 'dora', { decision: 'approve' });
      expect(await givenBy(own, id)).toBe('joon');
      expect(await own.execute(task, [id], { round: 2, generation: 2 })).toMatchObject({ kind: 'executed' });
    } finally {
      await own.close();
    }
  });
});

describe('a policy that asks for more people than voted (attack 35)', () => {
  it('is asked anew', async () => {
    const own = await openGate({ policy: SEVERAL });
    try {
      const task = await own.submit('more', PAY);
      await own.ask(task);
      const ids = [await own.decide(task, 'amira', {}), await own.decide(task, 'joon', {})];
      const source = SEVERAL.replace('pay: { quorum: 2 }', 'pay: { quorum: 3 }');
      await activatePolicy(own.database, {
        tenant: TENANT,
        hash: policyHash(source),
        version: '2',
        source,
        author: 'tests',
      });
      expect(await own.execute(task, ids)).toMatchObject({ kind: 'refused', reason: 'quorum' });
      expect(own.effects).toHaveLength(0);
    } finally {
      await own.close();
    }
  });

  it('that asks for fewer by now changes nothing for what was asked', async () => {
    const own = await openGate({ policy: SEVERAL });
    try {
      const task = await own.submit('fewer', PAY);
      await own.ask(task);
      const id = await own.decide(task, 'amira', {});
      const source = SEVERAL.replace('pay: { quorum: 2 }', 'pay: { quorum: 1 }');
      await activatePolicy(own.database, {
        tenant: TENANT,
        hash: policyHash(source),
        version: '2',
        source,
        author: 'tests',
      });
      expect(await executeWith(own.deps, task, { decisions: [id] })).toMatchObject({ reason: 'unverified' });
      expect(own.effects).toHaveLength(0);
    } finally {
      await own.close();
    }
  });
});

describe('an agent whose owner is named', () => {
  it('is never let go on by that person alone, by edit neither, and by two as one of them', async () => {
    const owned = POLICY.replace('bot: { owner: director,', 'bot: { owner: director, owner_subject: amira,');
    const own = await openGate({ policy: owned });
    try {
      const task = await own.submit('owned', PAY);
      await own.ask(task);
      await expect(own.decide(task, 'amira', {})).rejects.toMatchObject({ code: 'forbidden' });
      const id = await own.decide(task, 'joon', {});
      await resign({ ...own }, id, { subject: 'amira' });
      await expectRefused(own, task, await own.execute(task, [id]), 'needs-another-subject');
    } finally {
      await own.close();
    }
  });
});
