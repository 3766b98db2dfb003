import { expect, it } from 'vitest';
import { execute } from '../../src/activities/execute.js';
import type { TaskId } from '../../src/domain/ids.js';
import type { Database } from '../../src/store/database.js';
import { noteRejected, trackRecord } from '../../src/store/ledger.js';
import { findQuestion } from '../../src/store/questions.js';
import { openGate, POLICY, TENANT } from '../support/gate.js';

/** A database that notes the statements of its transactions. */
function noting(database: Database, noted: string[]): Database {
  return {
    ...database,
    transaction: (work) =>
      database.transaction((tx) =>
        work({
          ...tx,
          query: (sql, values) => {
            noted.push(sql);
            return tx.query(sql, values);
          },
        }),
      ),
  };
}

const READS_HISTORY = `${POLICY}rules:
  - { id: failed, trigger: sentiment, when: "history.failed > 0", level: approve }
`;

// Seen to fail: the track record read whatever the rules look at; never read.
it.each([
  ['is not read for a policy whose rules do not look at it', POLICY, 0],
  ['is read for one that does', READS_HISTORY, 1],
])('in the claim the track record %s', async (_name, policy, times) => {
  const gate = await openGate({ policy });
  const task = await gate.submit('history', { tool: 'look', args: {} });
  await gate.ask(task);
  const noted: string[] = [];
  const deps = { ...gate.deps, database: noting(gate.database, noted) };
  const carry = { tenant: TENANT, task, runId: `run-${task}`, events: [] };
  const at = { operation: 1, generation: 1, round: 1, decisions: [], resolution: null };
  expect(await execute(deps, { ...carry, ...at })).toMatchObject({ kind: 'executed' });
  expect(noted.filter((sql) => sql.includes('as executed'))).toHaveLength(times);
  await gate.close();
});

it('the brief has it all the same', async () => {
  const gate = await openGate();
  await gate.ask(await gate.submit('before', { tool: 'pay', args: { cents: 1, to: 'bob' } }));
  const id = await gate.decide('before' as never, 'amira', { decision: 'approve' }); // a valid name
  await gate.execute('before' as never, [id]); // see above
  const task = await gate.submit('after', { tool: 'pay', args: { cents: 2, to: 'bob' } });
  await gate.ask(task);
  const asked = await findQuestion(gate.database, {
    tenant: TENANT,
    task,
    operation: 1,
    generation: 1,
    round: 1,
  });
  expect(asked?.brief?.trackRecord).toEqual({ executed: 1, rejected: 0, failed: 0 });
  await gate.close();
});

// Seen to fail: an undone call left out; a call that ran noted as rejected, because a run says so afterwards.
it('counts what was taken back as rejected, and nothing that ran', async () => {
  const gate = await openGate();
  const calls: TaskId[] = [];
  for (const name of ['stands', 'undone']) {
    const task = await gate.submit(name, { tool: 'look', args: {} });
    await gate.ask(task);
    await gate.execute(task, []);
    calls.push(task);
  }
  const [stands, undone] = calls as [TaskId, TaskId]; // two names above
  await gate.database.query("update ledger set status = 'undone' where task = $1", [undone]); // as an undo leaves it
  await gate.database.transaction((tx) => noteRejected(tx, { tenant: TENANT, task: stands, operation: 1 }));
  const record = await trackRecord(gate.database, { tenant: TENANT, agent: 'bot', tool: 'look' });
  expect(record).toEqual({ executed: 1, rejected: 1, failed: 0 });
  await gate.close();
});
