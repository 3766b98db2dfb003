import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineTool, type Tool } from '../../src/contract/tool.js';
import { loadPolicy } from '../../src/policy/load.js';
import { activatePolicy } from '../../src/store/policies.js';
import { openGate, POLICY, TENANT, type Gate } from '../support/gate.js';
import { waitFor } from '../support/wait.js';
import { approved, effectsOf, executeWith, expectRefused, PAY } from './scene.js';

/** What the outside world looks like to `move`, and whether it can be looked at. */
const world = { state: 'as shown', broken: false };
const ran: unknown[] = [];
const pay = z.strictObject({ cents: z.int(), to: z.string() });
const move = defineTool({
  name: 'move',
  version: '1',
  tier: 3,
  input: pay,
  describe: (a) => `Move ${a.cents} to ${a.to}`,
  fingerprint: () => {
    if (world.broken) throw new Error('unreachable');
    return world.state;
  },
  run: (a) => {
    ran.push(a);
    return { ok: true };
  },
});
const policy = POLICY.replace('[pay, note, look]', '[pay, note, look, move]');

let gate: Gate;
beforeAll(async () => {
  gate = await openGate({ policy, tools: [move] });
});
afterAll(() => gate.close());

const tamper = (task: string, columns: string, ...values: unknown[]) =>
  gate.database.query(`update ledger set ${columns} where tenant = $1 and task = $2`, [
    TENANT,
    task,
    ...values,
  ]);

function depsWith(tool: Tool) {
  return { ...gate.deps, tools: new Map([...gate.deps.tools, [tool.name, tool]]) };
}

/** Seen to fail: `checkGrant` not comparing the digest that is recomputed just before the call. */
describe('what was approved is what runs', () => {
  it('not with other arguments in the ledger (case 28)', async () => {
    const { task, id } = await approved(gate, 'arguments');
    await tamper(task, 'args = $3', '{"cents":100,"to":"mallory"}');
    await expectRefused(gate, task, await gate.execute(task, [id]), 'digest-changed');
  });

  it('not with other arguments in the ledger and their digest beside them (case 28)', async () => {
    const { task, id } = await approved(gate, 'both-changed');
    const other = await gate.submit('mallory', { tool: 'pay', args: { cents: 100, to: 'mallory' } });
    await gate.ask(other);
    await tamper(task, 'args = $3', '{"cents":100,"to":"mallory"}');
    await gate.database.query(
      'update questions q set digest = o.digest from questions o where q.tenant = $1 and q.task = $2 and o.task = $3',
      [TENANT, task, other],
    );
    await expectRefused(gate, task, await gate.execute(task, [id]), 'unverified');
  });

  it('not another tool in the ledger', async () => {
    const { task, id } = await approved(gate, 'tool');
    await tamper(task, "tool = 'note'");
    await expectRefused(gate, task, await gate.execute(task, [id]), 'digest-changed');
  });

  it('not under another policy than the question names', async () => {
    const { task, id } = await approved(gate, 'policy-hash');
    await gate.database.query('update questions set policy_hash = $3 where tenant = $1 and task = $2', [
      TENANT,
      task,
      `sha256:${'0'.repeat(64)}`,
    ]);
    await expectRefused(gate, task, await gate.execute(task, [id]), 'digest-changed');
  });

  it('not with another version of the tool (case 29)', async () => {
    const { task, id } = await approved(gate, 'version');
    const other = { ...gate.deps.tools.get('pay'), version: '2' } as Tool; // as a deploy between decision and call would bring it
    await expectRefused(
      gate,
      task,
      await executeWith(depsWith(other), task, { decisions: [id] }),
      'digest-changed',
    );
  });

  it('not with another schema under the same version (case 29)', async () => {
    const { task, id } = await approved(gate, 'schema');
    const other = defineTool({
      name: 'pay',
      version: '1',
      tier: 4,
      input: pay.extend({ memo: z.string().optional() }),
      describe: () => 'Pay',
      run: () => 0,
    });
    await expectRefused(
      gate,
      task,
      await executeWith(depsWith(other), task, { decisions: [id] }),
      'digest-changed',
    );
  });

  it('not when the tool is gone: failed, for the agent to hear', async () => {
    const { task, id } = await approved(gate, 'gone');
    const deps = { ...gate.deps, tools: new Map() };
    expect(await executeWith(deps, task, { decisions: [id] })).toMatchObject({
      kind: 'failed',
      code: 'unknown-tool',
    });
    expect(effectsOf(gate, task)).toHaveLength(0);
  });

  it('once: a repeat gets the recorded result (defect 16)', async () => {
    const { task, id } = await approved(gate, 'once');
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'executed' });
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'executed' });
    expect(await gate.execute(task, [])).toMatchObject({ kind: 'executed' });
    expect(effectsOf(gate, task)).toHaveLength(1);
  });
});

/** Seen to fail: `hasDrifted` answering false. */
describe('the world moved on between decision and call (case 31)', () => {
  const MOVE = { tool: 'move', args: { cents: 5, to: 'bob' } };
  const calls = () => ran.length;

  it('another fingerprint: nothing runs, the approval is void, the question is asked anew', async () => {
    world.state = 'as shown';
    const { task, id } = await approved(gate, 'drift', MOVE);
    const before = calls();
    world.state = 'changed';
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'refused', reason: 'drift' });
    // An attempt whose answer was lost is repeated, and must not look like a forgery.
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'refused', reason: 'drift' });
    expect(calls()).toBe(before);
    const asked = await gate.ask(task, { round: 2, reason: 'drift' });
    expect(asked).toMatchObject({ kind: 'asked', question: { round: 2 } });
    const again = await gate.decide(task, 'joon', { decision: 'approve' });
    expect(await gate.execute(task, [again], { round: 2 })).toMatchObject({ kind: 'executed' });
    expect(calls()).toBe(before + 1);
  });

  it('no fingerprint to be had: nothing runs', async () => {
    world.state = 'as shown';
    const { task, id } = await approved(gate, 'blind', MOVE);
    const before = calls();
    world.broken = true;
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'refused', reason: 'drift' });
    world.broken = false;
    expect(calls()).toBe(before);
  });

  it('none to be had when it was asked either: nothing runs', async () => {
    world.broken = true;
    const { task, id } = await approved(gate, 'blind-twice', MOVE);
    const before = calls();
    expect(await gate.execute(task, [id])).toMatchObject({ kind: 'refused', reason: 'drift' });
    world.broken = false;
    expect(calls()).toBe(before);
  });
});

/** Each over a gate of its own, because it changes the policy. */
describe('the policy changed between decision and call (case 35, defect 18)', () => {
  const over = async (work: (own: Gate) => Promise<void>) => {
    const own = await openGate({ policy });
    try {
      await work(own);
    } finally {
      await own.close();
    }
  };
  const activate = async (own: Gate, source: string) => {
    const loaded = loadPolicy(source);
    if (!('policy' in loaded)) throw new Error(JSON.stringify(loaded.problems));
    const { hash, version } = loaded.policy;
    await activatePolicy(own.database, { tenant: TENANT, hash, version, source, author: 'tests' });
  };
  const stricter = policy
    .replace('version: "1"', 'version: "2"')
    .replace('defaults: { route: supervisor }', 'defaults: { route: director }');

  // Seen to fail: `stricterNow` answering undefined.
  it('to another role: nothing runs, and that role is asked', () =>
    over(async (own) => {
      const { task, id } = await approved(own, 'stricter');
      await activate(own, stricter);
      await expectRefused(own, task, await own.execute(task, [id]), 'policy-stricter');
      expect(await own.ask(task, { round: 2, reason: 'policy-stricter' })).toMatchObject({
        kind: 'asked',
        question: { role: 'director' },
      });
      await expect(own.decide(task, 'amira', { decision: 'approve' }, 'again')).rejects.toMatchObject({
        code: 'forbidden',
      });
      const again = await own.decide(task, 'ruth', { decision: 'approve' });
      expect(await own.execute(task, [again], { round: 2 })).toMatchObject({ kind: 'executed' });
      expect(effectsOf(own, task)).toHaveLength(1);
    }));

  it('to asking for what needed nobody: nothing runs without a person', () =>
    over(async (own) => {
      const task = await own.submit('was-auto', { tool: 'note', args: { cents: 100, to: 'bob' } });
      expect(await own.ask(task)).toMatchObject({ kind: 'permitted' });
      await activate(
        own,
        `${policy.replace('version: "1"', 'version: "2"')}tools:\n  note: { level: approve }\n`,
      );
      await expectRefused(own, task, await own.execute(task, []), 'policy-stricter');
    }));

  it('to something looser: what was approved runs as it was approved', () =>
    over(async (own) => {
      await activate(own, stricter);
      const task = await own.submit('looser', PAY);
      await own.ask(task);
      const id = await own.decide(task, 'ruth', { decision: 'approve' });
      await activate(own, policy);
      // ruth is of the director's role; the supervisor's is what is asked for now, with the director as its backup.
      expect(await own.execute(task, [id])).toMatchObject({ kind: 'executed' });
    }));

  it('an agent lost the tool: a person is asked, whatever was approved', () =>
    over(async (own) => {
      const task = await own.submit('unlisted', { tool: 'note', args: { cents: 100, to: 'bob' } });
      expect(await own.ask(task)).toMatchObject({ kind: 'permitted' });
      await activate(
        own,
        policy.replace('[pay, note, look, move]', '[pay, look]').replace('version: "1"', 'version: "2"'),
      );
      await expectRefused(own, task, await own.execute(task, []), 'policy-stricter');
    }));

  // Seen to fail: the validity of the policy it was asked under alone; the one in force alone.
  it.each([
    ['shorter', '15m', '1s'],
    ['longer', '1s', '15m'],
  ])('to a %s validity of approvals: the stricter of the two counts', (_how, before, after) =>
    over(async (own) => {
      const lasting = (validity: string, version: string) =>
        policy
          .replace('version: "1"', `version: "${version}"`)
          .replace('{ route: supervisor }', `{ route: supervisor, validity: ${validity} }`);
      await activate(own, lasting(before, '2'));
      const { task, id } = await approved(own, `validity-${after}`);
      await activate(own, lasting(after, '3'));
      const [row] = await own.database.query<{ at: number }>('select at from decisions where id = $1', [id]);
      await waitFor(async () => ((await own.database.now()) > (row?.at ?? 0) + 1_000 ? true : undefined));
      await expectRefused(own, task, await own.execute(task, [id]), 'approval-expired');
    }),
  );

  // Seen to fail: the validity read from the question's row, which nobody signed.
  it('in the question alone, by whoever may write it: what was signed counts', () =>
    over(async (own) => {
      await activate(own, policy.replace('{ route: supervisor }', '{ route: supervisor, validity: 1s }'));
      const { task, id } = await approved(own, 'stretched');
      await activate(own, policy);
      await own.database.query(
        "update questions set verdict = jsonb_set(verdict::jsonb, '{validityMs}', '86400000')::text where task = $1",
        [task],
      );
      const [row] = await own.database.query<{ at: number }>('select at from decisions where id = $1', [id]);
      await waitFor(async () => ((await own.database.now()) > (row?.at ?? 0) + 1_000 ? true : undefined));
      await expectRefused(own, task, await own.execute(task, [id]), 'approval-expired');
    }));

  // Seen to fail: `checkGrant` not looking at the validity.
  it('an approval that is older than the policy lets it be is refused with the reason (case 36, defect 15)', async () => {
    const own = await openGate({
      policy: policy.replace(
        'defaults: { route: supervisor }',
        'defaults: { route: supervisor, validity: 1s }',
      ),
    });
    const { task, id } = await approved(own, 'expired');
    const [row] = await own.database.query<{ at: number }>('select at from decisions where id = $1', [id]);
    await waitFor(async () => ((await own.database.now()) > (row?.at ?? 0) + 1_000 ? true : undefined));
    await expectRefused(own, task, await own.execute(task, [id]), 'approval-expired');
    expect(await own.ask(task, { round: 2, reason: 'approval-expired' })).toMatchObject({
      kind: 'asked',
      question: { round: 2 },
    });
    await own.close();
  });
});

describe('splitting an amount (case 34)', () => {
  // Seen to fail: `reserve` answering ok whatever the counter says.
  it('12 calls of 99 USD under a limit of 100 a call and 500 a day: five run, the others ask', async () => {
    const own = await openGate();
    const kinds: string[] = [];
    for (let n = 1; n <= 12; n++) {
      const task = await own.submit(`split-${n}`, { tool: 'note', args: { cents: 9_900, to: `payee-${n}` } });
      const asked = await own.ask(task);
      kinds.push(asked.kind);
      if (asked.kind === 'permitted') expect(await own.execute(task, [])).toMatchObject({ kind: 'executed' });
      else await expectRefused(own, task, await own.execute(task, []), 'limit');
    }
    expect(kinds).toEqual([...Array<string>(5).fill('permitted'), ...Array<string>(7).fill('asked')]);
    expect(own.effects).toHaveLength(5);
    const [counter] = await own.database.query<{ amount: number }>('select amount from counters');
    expect(counter?.amount).toBe(5 * 9_900);
    await own.close();
  });
});
