import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countersOfRound, readCounters } from '../../src/store/counters.js';
import { findQuestion } from '../../src/store/questions.js';
import { approved } from '../attacks/scene.js';
import { openGate, TENANT, type Gate } from '../support/gate.js';

let gate: Gate;
beforeAll(async () => {
  gate = await openGate();
});
afterAll(() => gate.close());

const PAY = { tool: 'pay', args: { cents: 100, to: 'bob' } };

/** Seen to fail: other tenants' counters, those that were never counted left out, all of them 0. */
describe('the counters that a claim reads with its round', () => {
  it('are those that the round was judged by, as they stand', async () => {
    const round = async (name: string) => {
      const { task, id } = await approved(gate, name, PAY);
      const ref = { tenant: TENANT, task, operation: 1, generation: 1, round: 1 };
      const question = await findQuestion(gate.database, ref);
      const keys = (question?.verdict.reservations ?? []).map(({ key }) => key);
      expect(keys.length).toBeGreaterThan(0);
      return { ref, keys, pay: () => gate.execute(task, [id]) };
    };
    const [one, other] = [await round('counted-one'), await round('counted-other')];
    const nothing = Object.fromEntries(other.keys.map((key) => [key, 0]));
    expect(await countersOfRound(gate.database, other.ref)).toEqual(nothing);
    await gate.database.query(
      'insert into counters (tenant, key, amount) select $1, key, 77 from unnest($2::text[]) as k (key)',
      ['another', other.keys],
    );
    await one.pay();
    const counted = await countersOfRound(gate.database, other.ref);
    expect(counted).toEqual({ ...nothing, ...(await readCounters(gate.database, TENANT, other.keys)) });
    expect(counted).not.toEqual(nothing);
    expect(await countersOfRound(gate.database, { ...other.ref, generation: 2 })).toEqual({});
  });
});
