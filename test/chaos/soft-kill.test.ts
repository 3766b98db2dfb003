import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deploy, type Deployment } from './deployment.js';
import { killLiving } from './victim.js';

const SLOW = 120_000;

let there: Deployment;
beforeAll(async () => {
  there = await deploy();
}, SLOW);
afterAll(() => there.stop());

const BEFORE_THE_WINDOW = ['claimed', 'called', 'result-recorded', 'execute-done'] as const;
const WHILE_UNDOING = ['undo-begun', 'undo-claimed', 'undo-called', 'undo-done'] as const;
const TOOLS = ['draft', 'jot'] as const;
const each = <P extends string>(points: readonly P[]) =>
  points.flatMap((point) => TOOLS.map((tool) => ({ point, tool, task: `${point}-${tool}` })));
const ACTING = each(BEFORE_THE_WINDOW);
const UNDOING = each(WHILE_UNDOING);

/**
 * One victim stands at every point at once and is killed once; another worker takes over. Seen to fail: the window opened in a transaction
 * of its own after the result was recorded (`result-recorded` completes with nobody asked), an undo that is called again whatever the tool
 * (`undo-called` with `jot` is undone twice).
 */
describe('kill -9 of the worker around a soft call (fault 1)', () => {
  beforeAll(async () => {
    const victim = await there.worker({
      stopAt: [...ACTING, ...UNDOING].map(({ point, task }) => `${point} ${task}`),
    });
    await Promise.all([...ACTING, ...UNDOING].map(({ task, tool }) => there.submit(task, tool)));
    await Promise.all(UNDOING.map(({ task }) => there.asked(task, 2)));
    await Promise.all(UNDOING.map(({ task }) => there.decide(task, { decision: 'reject' }, { round: 2 })));
    await Promise.all([...ACTING, ...UNDOING].map(({ point, task }) => victim.reached(`${point} ${task}`)));
    await victim.kill();
    await there.worker();
  }, SLOW);
  afterAll(killLiving);

  const knows = ({ point, tool }: { point: string; tool: string }) =>
    tool === 'draft' || point === 'result-recorded' || point === 'execute-done';

  it.each(ACTING.filter(knows))(
    'at $point, $tool: one effect, and it can still be confirmed',
    async ({ task }) => {
      expect(await there.asked(task, 2)).toMatchObject({ kind: 'confirmation' });
      expect(there.effects(task)).toHaveLength(1);
      await there.decide(task, { decision: 'approve' }, { round: 2 });
      expect(await there.end(task)).toMatchObject({ results: [{ outcome: 'executed' }] });
      expect([there.effects(task).length, there.undone(task).length]).toEqual([1, 0]);
    },
  );

  it.each(ACTING.filter((place) => !knows(place)))(
    'at $point, $tool: unknown and asked, never called again on its own',
    async ({ task, point }) => {
      expect(await there.asked(task, 2)).toMatchObject({ kind: 'resolution' });
      const effects = point === 'claimed' ? 0 : 1;
      expect(there.effects(task)).toHaveLength(effects);
      const resolution = effects === 0 ? 'leave' : 'happened';
      await there.decide(task, { decision: 'resolve', resolution }, { round: 2 });
      await there.end(task);
      expect(there.effects(task)).toHaveLength(effects);
    },
  );

  const repeats = ({ point, tool }: { point: string; tool: string }) =>
    tool === 'draft' || point === 'undo-begun' || point === 'undo-done';

  it.each(UNDOING.filter(repeats))('at $point, $tool: undone once', async ({ task }) => {
    expect(await there.end(task)).toMatchObject({ results: [{ outcome: 'undone' }] });
    expect([there.effects(task).length, there.undone(task).length]).toEqual([1, 1]);
  });

  it.each(UNDOING.filter((place) => !repeats(place)))(
    'at $point, $tool: nobody knows, so a person is asked',
    async ({ task, point }) => {
      const question = await there.asked(task, 3);
      expect(question).toMatchObject({
        kind: 'resolution',
        brief: { question: expect.stringContaining('Is this undone?') as string },
      });
      const undone = point === 'undo-called' ? 1 : 0;
      expect(there.undone(task)).toHaveLength(undone);
      const resolution = undone === 1 ? 'happened' : 'not-happened';
      await there.decide(task, { decision: 'resolve', resolution }, { round: 3, subject: 'joon' });
      expect(await there.end(task)).toMatchObject({ results: [{ outcome: 'undone' }] });
      expect(there.undone(task)).toHaveLength(1);
    },
  );
});
