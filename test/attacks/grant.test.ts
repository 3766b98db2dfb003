import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DecisionId, Digest, TaskId, TenantId } from '../../src/domain/ids.js';
import { openGate, TENANT, type Gate } from '../support/gate.js';
import { approved, executeWith, expectRefused, forge, PAY, recordOf, resign } from './scene.js';

let gate: Gate;
beforeAll(async () => {
  gate = await openGate();
});
afterAll(() => gate.close());

const set = (columns: string, id: DecisionId, ...values: unknown[]) =>
  gate.database.query(`update decisions set ${columns} where tenant = $1 and id = $2`, [
    TENANT,
    id,
    ...values,
  ]);

/**
 * Whoever can write the database, and whoever forged what the workflow passes on, without the gateway's key. Seen to fail, each by the
 * check of `checkGrant` that it names being taken out.
 */
describe('a decision in the database that is not genuine lets nothing run (defect 8)', () => {
  it('a signature with one bit turned', async () => {
    const { task, id } = await approved(gate, 'bit');
    const { jws } = (
      await gate.database.query<{ jws: string }>('select jws from decisions where id = $1', [id])
    )[0] ?? { jws: '' };
    const other = jws.at(-10) === 'A' ? 'B' : 'A';
    await set('jws = $3', id, `${jws.slice(0, -10)}${other}${jws.slice(-9)}`);
    await expectRefused(gate, task, await gate.execute(task, [id]), 'unverified');
  });

  it('no signature', async () => {
    const { task, id } = await approved(gate, 'none');
    await set("jws = ''", id);
    await expectRefused(gate, task, await gate.execute(task, [id]), 'unverified');
  });

  it("another key's signature", async () => {
    const { task, id } = await approved(gate, 'key');
    await forge(gate, id, {});
    await expectRefused(gate, task, await gate.execute(task, [id]), 'unverified');
  });

  it("another operation's signature (defects 1 and 9)", async () => {
    const genuine = await approved(gate, 'genuine');
    const { task, id } = await approved(gate, 'borrowed');
    const { jws } = (
      await gate.database.query<{ jws: string }>('select jws from decisions where id = $1', [genuine.id])
    )[0] ?? { jws: '' };
    await set('jws = $3', id, jws);
    await expectRefused(gate, task, await gate.execute(task, [id]), 'unverified');
    expect(await gate.execute(genuine.task, [genuine.id])).toMatchObject({ kind: 'executed' });
  });

  it('another operation of the same task, its row moved over (defects 1 and 9)', async () => {
    const { task, id } = await approved(gate, 'moved');
    await gate.database.query(
      'insert into ledger (tenant, task, operation, generation, agent, tool, args, readings, proposed_at) select tenant, task, 2, 1, agent, tool, args, readings, proposed_at from ledger where tenant = $1 and task = $2',
      [TENANT, task],
    );
    await gate.database.query('update questions set operation = 2 where tenant = $1 and task = $2', [
      TENANT,
      task,
    ]);
    await set('operation = 2', id);
    const result = await executeWith(gate.deps, task, { operation: 2, decisions: [id] });
    await expectRefused(gate, task, result, 'unverified');
  });

  it('a rejection whose row says approve (defect 3)', async () => {
    const task = await gate.submit('rejected', PAY);
    await gate.ask(task);
    const id = await gate.decide(task, 'amira', { decision: 'reject' });
    await set("verb = 'approve', message = replace(message, '\"reject\"', '\"approve\"')", id);
    await expectRefused(gate, task, await gate.execute(task, [id]), 'unverified');
  });

  it('a genuine rejection, passed on as if it let the call run (defect 3)', async () => {
    const task = await gate.submit('rejection', PAY);
    await gate.ask(task);
    const id = await gate.decide(task, 'amira', { decision: 'reject' });
    await expectRefused(gate, task, await gate.execute(task, [id]), 'unverified');
  });

  it('an escalation, passed on as if it let the call run', async () => {
    const task = await gate.submit('escalated', PAY);
    await gate.ask(task);
    const id = await gate.decide(task, 'amira', { decision: 'escalate' });
    await expectRefused(gate, task, await gate.execute(task, [id]), 'unverified');
  });

  it('an id that nobody decided under', async () => {
    const task = await gate.submit('made-up', PAY);
    await gate.ask(task);
    await expectRefused(gate, task, await gate.execute(task, ['made-up' as DecisionId]), 'unverified');
  });

  it('two approvals at once, one of them of another task', async () => {
    const other = await approved(gate, 'other');
    const { task, id } = await approved(gate, 'both');
    await expectRefused(gate, task, await gate.execute(task, [id, other.id]), 'unverified');
  });

  it('an approval that was withdrawn', async () => {
    const { task, id } = await approved(gate, 'withdrawn');
    await gate.decide(task, 'amira', { decision: 'withdraw' });
    await expectRefused(gate, task, await gate.execute(task, [id]), 'withdrawn');
  });

  it('an approval that was void for no reason that a claim gives', async () => {
    const { task, id } = await approved(gate, 'void');
    await set("outcome = 'void', outcome_code = 'not-open'", id);
    await expectRefused(gate, task, await gate.execute(task, [id]), 'unverified');
  });

  // Seen to fail: every void one taken for a forgery.
  it('an approval that a claim made void, for the same reason again', async () => {
    const { task, id } = await approved(gate, 'void-again');
    await set("outcome = 'void', outcome_code = 'drift'", id);
    await expectRefused(gate, task, await gate.execute(task, [id]), 'drift');
  });

  // Seen to fail: the number handed on to Postgres, whose error had the run try for ever.
  it('an edit of a generation that no column can hold', async () => {
    const { task, id } = await approved(gate, 'vast');
    await expectRefused(
      gate,
      task,
      await gate.execute(task, [id], { generation: 3_000_000_000 }),
      'unverified',
    );
  });

  it('an approval of an earlier round, for the round that is open now', async () => {
    const { task, id } = await approved(gate, 'old-round');
    await gate.database.query("update questions set status = 'closed' where tenant = $1 and task = $2", [
      TENANT,
      task,
    ]);
    await gate.ask(task, { round: 2, reason: 'drift' });
    const result = await executeWith(gate.deps, task, { round: 2, decisions: [id] });
    await expectRefused(gate, task, result, 'unverified');
  });

  it('an approval of an earlier round whose row says the round that is open now', async () => {
    const { task, id } = await approved(gate, 'renumbered');
    await gate.ask(task, { round: 2, reason: 'drift' });
    await set('round = 2, message = replace(message, \'"round":1\', \'"round":2\')', id);
    const result = await executeWith(gate.deps, task, { round: 2, decisions: [id] });
    await expectRefused(gate, task, result, 'unverified');
  });
});

/** The gateway's own checks could be wrong: the claim looks again at what it signed. */
describe('a genuine signature does not replace the rules', () => {
  it('by somebody who had no role that was asked (case 54)', async () => {
    const { task, id } = await approved(gate, 'role');
    await resign(gate, id, { roles: ['janitor'] });
    await expectRefused(gate, task, await gate.execute(task, [id]), 'unverified');
  });

  it('by somebody whose role was added to the question in the database', async () => {
    const { task, id } = await approved(gate, 'added');
    await resign(gate, id, { roles: ['janitor'] });
    await gate.database.query(
      "update questions set roles = roles || array['janitor'] where tenant = $1 and task = $2",
      [TENANT, task],
    );
    await expectRefused(gate, task, await gate.execute(task, [id]), 'policy-stricter');
  });

  it('by whoever asked for it (case 53)', async () => {
    const { task, id } = await approved(gate, 'requester');
    await resign(gate, id, { subject: 'rita' });
    await expectRefused(gate, task, await gate.execute(task, [id]), 'needs-another-subject');
  });

  it('after the deadline of the question', async () => {
    const { task, id } = await approved(gate, 'late');
    const record = await recordOf(gate, id);
    await gate.database.query('update questions set answer_by = $3 where tenant = $1 and task = $2', [
      TENANT,
      task,
      record.at - 1,
    ]);
    await expectRefused(gate, task, await gate.execute(task, [id]), 'unverified');
  });

  it('for another tenant (defect 9)', async () => {
    const { task, id } = await approved(gate, 'tenant');
    await resign(gate, id, { tenant: 'globex' as TenantId });
    await expectRefused(gate, task, await gate.execute(task, [id]), 'unverified');
  });

  it('about another brief than the one that was shown', async () => {
    const { task, id } = await approved(gate, 'brief');
    await resign(gate, id, { briefDigest: `sha256:${'0'.repeat(64)}` as Digest });
    await expectRefused(gate, task, await gate.execute(task, [id]), 'unverified');
  });

  it('used once: the second task of the same call needs its own (defect 1)', async () => {
    const first = await approved(gate, 'first');
    const second = (await gate.submit('second', PAY)) satisfies TaskId;
    await gate.ask(second);
    expect(await gate.execute(first.task, [first.id])).toMatchObject({ kind: 'executed' });
    await expectRefused(gate, second, await gate.execute(second, [first.id]), 'unverified');
  });
});
