import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HaltId, TenantId } from '../../src/domain/ids.js';
import { shareHaltLocks } from '../../src/store/claim-locks.js';
import { liftHalt, outlivedRounds, setHalt, type HaltScope } from '../../src/store/halts.js';
import { openGate, TENANT, type Gate } from '../support/gate.js';
import { waitFor } from '../support/wait.js';
import { approved, effectsOf, PAY } from './scene.js';

let gate: Gate;
beforeAll(async () => {
  gate = await openGate();
});
afterAll(() => gate.close());

const lift = (id: string) =>
  liftHalt(gate.database, {
    id: id as HaltId,
    by: 'tomas',
    role: 'director',
    why: 'over',
    sign: () => 'unsigned',
  });

const SCOPES: readonly (readonly [HaltScope, (task: string) => string])[] = [
  ['task', (task) => task],
  ['agent', () => 'bot'],
  ['tenant', () => TENANT],
  ['all', () => ''],
];

/** Seen to fail: `claim` not reading the halts; `checkGrant` not comparing with the latest lift. */
describe.each(SCOPES)('a halt of scope %s (case 63)', (scope, target) => {
  it('while the question is open: nobody can decide, and nothing new is asked', async () => {
    const task = await gate.submit(`pending-${scope}`, PAY);
    await gate.ask(task);
    await gate.halt(scope, target(task), `h1-${scope}`);
    await expect(gate.decide(task, 'amira', { decision: 'approve' })).rejects.toMatchObject({
      code: 'halted',
    });
    const later = await gate.submit(`later-${scope}`, PAY);
    if (scope !== 'task') expect(await gate.ask(later)).toMatchObject({ kind: 'halted' });
    await lift(`h1-${scope}`);
  });

  it('between decision and call: nothing runs; once it is lifted the approval is void and the question is asked anew', async () => {
    const { task, id } = await approved(gate, `between-${scope}`);
    await gate.halt(scope, target(task), `h2-${scope}`);
    expect(await gate.execute(task, [id])).toMatchObject({
      kind: 'halted',
      scope: scope === 'task' ? 'task' : 'wider',
    });
    await lift(`h2-${scope}`);
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'refused', reason: 'halt-lifted' });
    expect(effectsOf(gate, task)).toHaveLength(0);
    await gate.ask(task, { round: 2, reason: 'halt-lifted' });
    const again = await gate.decide(task, 'amira', { decision: 'approve' }, 'again');
    expect(await gate.execute(task, [again], { round: 2 })).toMatchObject({ kind: 'executed' });
    expect(effectsOf(gate, task)).toHaveLength(1);
  });

  // Seen to fail: `deliver` leaving the halted round on the desk.
  it('while the question is open: once it is lifted only the new round is on the desk', async () => {
    const task = await gate.submit(`anew-${scope}`, PAY);
    await gate.ask(task);
    await gate.halt(scope, target(task), `h4-${scope}`);
    await lift(`h4-${scope}`);
    await gate.ask(task, { round: 2, reason: 'halt-lifted' });
    const rounds = await gate.database.query(
      'select round, status from questions where tenant = $1 and task = $2 order by round',
      [TENANT, task],
    );
    expect(rounds).toEqual([
      { round: 1, status: 'closed' },
      { round: 2, status: 'open' },
    ]);
  });

  it('during the call: what it becomes is recorded, and nothing else starts', async () => {
    const { task, id } = await approved(gate, `during-${scope}`);
    const release = gate.hold();
    const calling = gate.execute(task, [id]);
    while (effectsOf(gate, task).length === 0) await new Promise((resolve) => setImmediate(resolve));
    await gate.halt(scope, target(task), `h3-${scope}`);
    release();
    expect(await calling).toMatchObject({ kind: 'executed' });
    const order = await gate.database.query<{ type: string }>(
      "select type from journal where tenant = $1 and task = $2 and type like 'call-%' order by seq",
      [TENANT, task],
    );
    expect(order.map((row) => row.type)).toEqual(['call-claimed', 'call-executed']);
    const auto = await gate.submit(`auto-${scope}`, { tool: 'look', args: {} });
    if (scope !== 'task') expect(await gate.execute(auto, [])).toMatchObject({ kind: 'halted' });
    expect(effectsOf(gate, auto)).toHaveLength(0);
    await lift(`h3-${scope}`);
  });
});

// Seen to fail: each of the four locks left out of those that a claim shares.
it.each(SCOPES)(
  'a halt of scope %s is acknowledged only once no claim is under way',
  async (scope, target) => {
    const task = await gate.submit(`under-way-${scope}`, PAY);
    let acknowledged = false;
    const { halting } = await gate.database.transaction(async (tx) => {
      shareHaltLocks(tx, { tenant: TENANT, task });
      await tx.query('select 1');
      const halting = gate.halt(scope, target(task), `h5-${scope}`).then(() => (acknowledged = true));
      await waitFor(async () => {
        const waiting = await gate.database.query(
          "select 1 from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())",
        );
        return waiting.length > 0 || undefined;
      });
      expect(acknowledged).toBe(false);
      return { halting };
    });
    await halting;
    await lift(`h5-${scope}`);
  },
);

// Seen to fail: halts found by their target, whoever's they are.
it("another tenant's halts of the same names stop nothing here, and void nothing once they are lifted", async () => {
  const { task, id } = await approved(gate, 'of-another-tenant');
  const other = { tenant: 'other' as TenantId, why: 'test', whySalt: 'salt', by: 'ruth', role: 'director' };
  const set = (scope: HaltScope, target: string, name: string) =>
    setHalt(gate.database, { ...other, scope, target, id: name as HaltId, sign: () => 'unsigned' });
  for (const [scope, target] of SCOPES.slice(0, 2)) {
    await set(scope, target(task), `lifted-${scope}`);
    await lift(`lifted-${scope}`);
    await set(scope, target(task), `other-${scope}`);
  }
  expect(await outlivedRounds(gate.database, { tenant: TENANT, task })).toEqual([]);
  expect(await gate.execute(task, [id])).toMatchObject({ kind: 'executed' });
});

it('a permitted call that met a halt is asked of nobody: it waits, and runs once the halt is lifted', async () => {
  const task = await gate.submit('auto-waits', { tool: 'look', args: {} });
  expect(await gate.ask(task)).toMatchObject({ kind: 'permitted' });
  await gate.halt('agent', 'bot', 'h4');
  expect(await gate.execute(task, [])).toMatchObject({ kind: 'halted', scope: 'wider' });
  const rows = await gate.database.query(
    "select 1 from questions where tenant = $1 and task = $2 and status = 'open'",
    [TENANT, task],
  );
  expect(rows).toHaveLength(0);
  await lift('h4');
  expect(await gate.execute(task, [])).toMatchObject({ kind: 'executed' });
});

// Seen to fail: the second refusal taken for the first, and nowhere in the journal.
it('a permitted call that met two halts, one after the other, says so of both', async () => {
  const task = await gate.submit('auto-waits-twice', { tool: 'look', args: {} });
  expect(await gate.ask(task)).toMatchObject({ kind: 'permitted' });
  for (const id of ['h6-first', 'h6-second']) {
    await gate.halt('agent', 'bot', id);
    expect(await gate.execute(task, [])).toMatchObject({ kind: 'halted', halt: id });
    await lift(id);
  }
  const refused = "select from journal where tenant = $1 and task = $2 and type = 'call-refused'";
  expect(await gate.database.query(refused, [TENANT, task])).toHaveLength(2);
});
