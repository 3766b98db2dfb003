import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CountersignError } from '../../src/domain/errors.js';
import { callsOf } from '../../src/store/ledger.js';
import { openGate, TENANT, type Gate } from '../support/gate.js';
import { waitFor } from '../support/wait.js';
import { approved, effectsOf, PAY } from './scene.js';

let gate: Gate;
beforeEach(async () => {
  gate = await openGate();
});
afterEach(() => gate.close());

/** The journal refuses entries of these types, as a full disk would make it. */
async function breakJournal(types: readonly string[]): Promise<void> {
  await gate.database.query(`create function refuse_entry() returns trigger language plpgsql as $$
    begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$`);
  await gate.database.query(
    `create trigger full_disk before insert on journal for each row when (new.type in (${types.map((type) => `'${type}'`).join(', ')})) execute function refuse_entry()`,
  );
}

async function repairJournal(): Promise<void> {
  await gate.database.query('drop trigger full_disk on journal');
}

/** Seen to fail: the journal written after the claim's transaction instead of in it. */
describe('no journal, no call (case 65, fault 13)', () => {
  it('the claim fails with its entry: nothing is claimed, nothing runs; later it runs once', async () => {
    const { task, id } = await approved(gate, 'claim');
    await breakJournal(['call-claimed']);
    await expect(gate.execute(task, [id])).rejects.toThrow('could not extend file');
    expect(await callsOf(gate.database, TENANT, task)).toMatchObject([{ status: 'open', attempt: 0 }]);
    expect(effectsOf(gate, task)).toHaveLength(0);
    await repairJournal();
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'executed' });
    expect(effectsOf(gate, task)).toHaveLength(1);
  });

  it('a permitted call needs its entry too', async () => {
    const task = await gate.submit('auto', { tool: 'look', args: {} });
    await gate.ask(task);
    await breakJournal(['call-claimed']);
    await expect(gate.execute(task, [])).rejects.toThrow('could not extend file');
    expect(effectsOf(gate, task)).toHaveLength(0);
  });

  it('a decision that cannot be journalled is not stored', async () => {
    const task = await gate.submit('decision', PAY);
    await gate.ask(task);
    await breakJournal(['decision-stored']);
    await expect(gate.decide(task, 'amira', { decision: 'approve' })).rejects.not.toBeInstanceOf(
      CountersignError,
    );
    expect(await gate.database.query('select 1 from decisions')).toHaveLength(0);
    await repairJournal();
    const id = await gate.decide(task, 'amira', { decision: 'approve' });
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'executed' });
  });

  it('a question that cannot be journalled is on no desk', async () => {
    const task = await gate.submit('question', PAY);
    await breakJournal(['asked']);
    await expect(gate.ask(task)).rejects.toThrow('could not extend file');
    expect(await gate.database.query('select 1 from questions')).toHaveLength(0);
  });

  it('a halt that cannot be journalled is not acknowledged', async () => {
    await breakJournal(['halt-set']);
    await expect(gate.halt('agent', 'bot')).rejects.toThrow('could not extend file');
    expect(await gate.database.query('select 1 from halts')).toHaveLength(0);
  });

  it('a result whose entry fails is kept until it can be written, and the call is not made again', async () => {
    const { task, id } = await approved(gate, 'result');
    await breakJournal(['call-executed']);
    const calling = gate.execute(task, [id]);
    await waitFor(() => (effectsOf(gate, task).length === 1 ? true : undefined));
    expect(await callsOf(gate.database, TENANT, task)).toMatchObject([{ status: 'claimed' }]);
    await expect(gate.execute(task, [id])).rejects.toMatchObject({ type: 'in-flight' });
    await repairJournal();
    expect(await calling).toMatchObject({ kind: 'executed' });
    expect(await callsOf(gate.database, TENANT, task)).toMatchObject([{ status: 'done', attempt: 1 }]);
    expect(effectsOf(gate, task)).toHaveLength(1);
  });
});
