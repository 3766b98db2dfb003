import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineTool } from '../../src/contract/tool.js';
import type { Json } from '../../src/domain/action.js';
import type { DecisionId, HaltId, TaskId } from '../../src/domain/ids.js';
import { liftHalt } from '../../src/store/halts.js';
import { readJournal } from '../../src/store/journal.js';
import { publishTools } from '../../src/store/tools.js';
import { toolFacts } from '../../src/contract/tool.js';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';
import { executeWith, expectRefused } from './scene.js';

const ran: unknown[] = [];
const wire = defineTool({
  name: 'wire',
  version: '1',
  tier: 3,
  input: z.strictObject({ cents: z.int().positive(), to: z.string(), note: z.string().optional() }),
  describe: (a) => `Wire ${a.cents} to ${a.to}`,
  impact: (a) => ({ money: { minor: a.cents, currency: 'USD' }, payee: a.to }),
  run: (a) => {
    ran.push(a);
    return { ok: true };
  },
});

let gate: Gate;
beforeAll(async () => {
  gate = await openGate({
    policy: POLICY.replace('[pay, note, look]', '[pay, note, look, wire]'),
    tools: [wire],
  });
  const facts = [...gate.deps.tools.values()].map((tool) => ({
    facts: toolFacts(tool),
    schema: tool.schema,
  }));
  await publishTools(gate.database, facts, await gate.database.now());
});
afterAll(() => gate.close());

async function edited(
  name: string,
  edits: Json,
  tool = 'wire',
  by = 'amira',
): Promise<{ task: TaskId; id: DecisionId }> {
  const task = await gate.submit(name, { tool, args: { cents: 20_000, to: 'bob' } });
  expect(await gate.ask(task)).toMatchObject({ kind: 'asked' });
  return {
    task,
    id: await gate.decide(task, by, { decision: 'edit', edits: edits as { [key: string]: Json } }),
  };
}

/** Seen to fail: `impactRaised` answering false; `whatRuns` answering the approved generation for an edit. */
describe('an edit (case 32, defect 5)', () => {
  it('to less runs as edited, under a digest of its own, and the original never', async () => {
    const { task, id } = await edited('less', { cents: 15_000, to: 'bob' });
    const before = ran.length;
    await expectRefused(gate, task, await gate.execute(task, [id]), 'unverified');
    expect(ran).toHaveLength(before);
  });

  // Seen to fail: only the question's own generation compared (the decision is stored, and its run refuses it).
  it('back to what was edited away is refused before it is stored', async () => {
    const { task, id } = await edited('back', { cents: 30_000, to: 'bob' });
    await expectRefused(
      gate,
      task,
      await gate.execute(task, [id], { generation: 2 }),
      'needs-another-subject',
    );
    await gate.ask(task, { generation: 2, round: 2, reason: 'needs-another-subject' });
    const back = { decision: 'edit', edits: { cents: 20_000, to: 'bob' } } as const;
    await expect(gate.decide(task, 'joon', back)).rejects.toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('edited away') as string,
    });
  });

  it('to less runs as edited', async () => {
    const { task, id } = await edited('runs', { cents: 15_000, to: 'bob' });
    expect(await gate.execute(task, [id], { generation: 2 })).toMatchObject({ kind: 'executed' });
    expect(ran.at(-1)).toEqual({ cents: 15_000, to: 'bob' });
    const journal = await readJournal(gate.database, { tenant: TENANT, task, limit: 100 });
    const claimed = JSON.parse(journal.find((entry) => entry.type === 'call-claimed')?.body ?? '{}');
    expect(claimed).toMatchObject({
      generation: 2,
      level: 'approve',
      tier: 3,
      rules: ['always-ask:money', 'tier:3'],
    });
    const digests = await gate.database.query<{ message: string; digest: string }>(
      'select d.message, q.digest from decisions d join questions q using (tenant, task, operation, round) where d.id = $1 and q.generation = 1',
      [id],
    );
    const message = JSON.parse(digests[0]?.message ?? '{}');
    expect(message.edited).toMatchObject({ generation: 2 });
    expect(message.edited.digest).not.toBe(digests[0]?.digest);
  });

  it.each([
    ['to more money', { cents: 25_000, to: 'bob' }],
    ['to another payee', { cents: 20_000, to: 'mallory' }],
  ])('%s needs another person than the editor', async (name, edits) => {
    const { task, id } = await edited(name.replaceAll(' ', '-'), edits);
    const before = ran.length;
    expect(await gate.execute(task, [id], { generation: 2 })).toMatchObject({
      kind: 'refused',
      reason: 'needs-another-subject',
    });
    expect(ran).toHaveLength(before);
    expect(await gate.ask(task, { round: 2, generation: 2, reason: 'needs-another-subject' })).toMatchObject({
      kind: 'asked',
    });
    const approval = await gate.decide(task, 'joon', { decision: 'approve' });
    expect(await gate.execute(task, [approval], { generation: 2, round: 2 })).toMatchObject({
      kind: 'executed',
    });
    expect(ran.at(-1)).toEqual(edits);
  });

  // Seen to fail: only the first proposal compared; the question's generation alone, and its editor then approving it.
  it('of an edit, to more than that one asked, needs another person, though less was proposed first', async () => {
    const { task, id } = await edited('edit-of-an-edit', { cents: 5_000, to: 'bob' });
    await gate.halt('task', task, 'halt-between-edits');
    await liftHalt(gate.database, {
      id: 'halt-between-edits' as HaltId,
      by: 'tomas',
      role: 'director',
      why: 'it is clear',
      sign: () => 'unsigned',
    }); // a valid id
    expect(await gate.execute(task, [id], { generation: 2 })).toMatchObject({ reason: 'halt-lifted' });
    await gate.ask(task, { generation: 2, round: 2, reason: 'halt-lifted' });
    const more = { decision: 'edit', edits: { cents: 19_000, to: 'bob' } } as const;
    const again = await gate.decide(task, 'joon', more);
    const refused = { kind: 'refused', reason: 'needs-another-subject' };
    expect(await gate.execute(task, [again], { generation: 3, round: 2 })).toMatchObject(refused);
    // Nor by approving it, in a round that another reason asked for.
    await gate.ask(task, { generation: 3, round: 3, reason: 'halt-lifted' });
    const own = await gate.decide(task, 'joon', { decision: 'approve' });
    expect(await gate.execute(task, [own], { generation: 3, round: 3 })).toMatchObject(refused);
  });

  it('of an irreversible call always needs another person', async () => {
    const { task, id } = await edited('irreversible', { cents: 1, to: 'bob' }, 'pay');
    const result = await executeWith(gate.deps, task, { generation: 2, decisions: [id] });
    await expectRefused(gate, task, result, 'needs-another-subject');
  });

  it.each([
    ['another type', { cents: '15000', to: 'bob' }],
    ['a field that the tool does not have', { cents: 1, to: 'bob', tool: 'note' }],
    ['a missing field', { to: 'bob' }],
    ['a value that the schema refuses', { cents: -1, to: 'bob' }],
    ['nothing new', { cents: 20_000, to: 'bob' }],
    ['a reference to a secret', { cents: 1, to: { $secret: 'hmac-sha256:00' } }],
  ])('to %s is refused and leaves nothing behind', async (name, edits) => {
    const task = `bad-${name.replaceAll(' ', '-')}` as TaskId;
    await expect(edited(task, edits as Json)).rejects.toMatchObject({ code: 'invalid' });
    const rows = await gate.database.query(
      'select 1 from ledger where tenant = $1 and task = $2 union all select 1 from decisions where tenant = $1 and task = $2',
      [TENANT, task],
    );
    expect(rows).toHaveLength(1);
  });

  // Seen to fail: the round after a halt was asked for another reason, and took an approval that the claim refuses.
  it('that needs another person still does when it is asked again for something else', async () => {
    const { task, id } = await edited('once-more', { cents: 90, to: 'bob' }, 'pay');
    const refused = { kind: 'refused', reason: 'needs-another-subject' };
    expect(await gate.execute(task, [id], { generation: 2 })).toMatchObject(refused);
    await gate.ask(task, { round: 2, generation: 2, reason: 'needs-another-subject' });
    await gate.ask(task, { round: 3, generation: 2, reason: 'halt-lifted' });
    await expect(gate.decide(task, 'amira', { decision: 'approve' })).rejects.toMatchObject({
      code: 'forbidden',
    });
    const others = await gate.decide(task, 'joon', { decision: 'approve' });
    expect(await gate.execute(task, [others], { round: 3, generation: 2 })).toMatchObject({
      kind: 'executed',
    });
  });

  it('whose arguments are changed in the ledger afterwards runs nothing (case 28)', async () => {
    const { task, id } = await edited('changed', { cents: 15_000, to: 'bob' });
    await gate.database.query(
      'update ledger set args = $3 where tenant = $1 and task = $2 and generation = 2',
      [TENANT, task, '{"cents":15000,"to":"mallory"}'],
    );
    await expectRefused(gate, task, await gate.execute(task, [id], { generation: 2 }), 'digest-changed');
  });
});
