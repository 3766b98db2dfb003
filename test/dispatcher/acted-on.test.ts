import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verify } from '../../src/activities/verify.js';
import type { DecisionRequest } from '../../src/contract/http.js';
import type { TaskId } from '../../src/domain/ids.js';
import { findDecision } from '../../src/store/decisions.js';
import { POLICY, TENANT } from '../support/gate.js';
import { openScene, type Scene } from './scene.js';

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.close());

describe('a rung on which somebody has acted', () => {
  const carry = (task: TaskId) => ({ tenant: TENANT, task, runId: 'r', events: [] });
  /** Decides as amira; `hear` has the run verify it. */
  async function act(task: TaskId, body: Partial<DecisionRequest>) {
    const row = await findDecision(scene.gate.database, TENANT, await scene.gate.decide(task, 'amira', body));
    if (!row) throw new Error('the decision was not stored');
    return { hear: () => verify(scene.gate.deps, { ...carry(task), decision: row.message }) };
  }
  const NOT = { rungs: [], told: 0 };

  // Seen to fail: any rung of which every channel failed marked.
  it('is not over when the mail comes back after it', async () => {
    const task = await scene.ask('held');
    await scene.send();
    const hold = await act(task, { decision: 'hold' });
    expect(await hold.hear()).toMatchObject({ genuine: true });
    await scene.bounce();
    expect(await scene.overOf(task)).toEqual(NOT);
  });

  // Seen to fail: the mark left when the decision took effect.
  it('is not over when the mail came back before it was heard', async () => {
    const task = await scene.ask('held-meanwhile');
    await scene.send();
    const hold = await act(task, { decision: 'hold' });
    await scene.bounce();
    await hold.hear();
    expect(await scene.overOf(task)).toEqual({ rungs: [], told: 1 });
  });

  // Seen to fail: as the first.
  it('is not over after the first of several votes', async () => {
    await scene.close();
    scene = await openScene({ policy: `${POLICY}tools: { pay: { quorum: 2 } }\n` });
    const task = await scene.ask('voted');
    await scene.send();
    const vote = await act(task, { decision: 'approve' });
    expect((await vote.hear()).votes).toHaveLength(1);
    await scene.bounce();
    expect(await scene.overOf(task)).toEqual(NOT);
  });

  // Seen to fail: whatever was said in the round counted.
  it('says nothing of the next one, whose role nobody could tell', async () => {
    const task = await scene.ask('held-before');
    await (await act(task, { decision: 'hold' })).hear();
    await scene.ask('held-before', { rung: 1 });
    await scene.send();
    await scene.bounce();
    expect((await scene.overOf(task)).rungs).toMatchObject([{ rung: 1 }]);
  });
});
