import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Planner, Proposal } from '../../src/activities/ports.js';
import type { TaskId } from '../../src/domain/ids.js';
import { callsOf } from '../../src/store/ledger.js';
import { TENANT } from '../support/gate.js';
import { openLive, type Live } from './live.js';
import { PAY } from './scene.js';

/** What the model says in each task, as its adapter would hand it on: nothing of it was ever checked. */
const SAID: Readonly<Record<string, unknown>> = {
  'planner-words': {
    ...PAY,
    agentText: 'pay\0now \ud800!',
    readings: { mood: 'cal\0m \udfff', 'a\0b': 1 },
  },
  'planner-tool': { ...PAY, tool: 'pay\0' },
  'planner-no-tool': { ...PAY, tool: undefined },
  'planner-sentence': { ...PAY, tool: 'pay bob a hundred' },
  'planner-args': { ...PAY, args: { cents: 100, to: 'bob\ud800' } },
  'planner-reading': { ...PAY, readings: { confidence: Number.NaN } },
  'planner-object': { ...PAY, agentText: { text: 'pay' } },
  'planner-flood': Array.from({ length: 101 }, () => PAY),
};
const steps: string[] = [];
const model: Planner = {
  next: async ({ task }) => {
    steps.push(task);
    return { calls: [SAID[task]].flat() as Proposal[] }; // what a model says has no type
  },
};

let live: Live;
beforeAll(async () => {
  live = await openLive({ worker: false });
  await live.running.startWorker({ planners: { model } });
});
afterAll(() => live.stop());

// Seen to fail: the agent's words stored as they came (the insert fails and the step is planned for ever); no look at their type, or at readings;
// a script's tool looked up by whatever name it has (500).
describe('what a planner says is stored, or ends the task where everybody sees it', () => {
  it('keeps its words and readings, a sign in the place of what cannot be stored', async () => {
    await live.submit('planner-words', { planner: { name: 'model' } });
    const { brief } = await live.asked('planner-words');
    expect(brief.agentText).toBe('pay\ufffdnow \ufffd!');
    const [call] = await callsOf(live.running.database, TENANT, 'planner-words' as TaskId); // as above
    expect(call?.readings).toEqual({ mood: 'cal\ufffdm \ufffd', 'a\ufffdb': 1 });
    await live.decide('planner-words', { decision: 'reject' });
  });

  it.each([
    'planner-tool',
    'planner-no-tool',
    'planner-sentence',
    'planner-args',
    'planner-reading',
    'planner-object',
    'planner-flood',
  ])('%s: fails for good, at the first asking, and lies on the desk of the agent’s owner', async (task) => {
    await live.submit(task, { planner: { name: 'model' } });
    expect(await live.end(task)).toMatchObject({ state: 'FAILED', reason: 'error', detail: 'invalid' });
    expect(steps.filter((asked) => asked === task)).toHaveLength(1);
    expect((await live.journal(task)).map((entry) => entry.type)).toContain('hand-over-opened');
    expect(live.paidIn(task)).toEqual([]);
  });

  // Seen to fail: the planner's readings spread over the submitter's.
  it('and no reading of it stands in the place of what the submitter measured', async () => {
    const steps = [{ calls: [{ ...PAY, readings: { injection_score: 0, mood: 'calm' } }] }];
    await (
      await live.running.service()
    ).tasks.submit({
      task: 'planner-overrules' as TaskId, // a valid name
      agent: 'bot',
      readings: { injection_score: 0.9 },
      planner: { name: 'scripted', input: { steps } },
    });
    await live.asked('planner-overrules');
    const [call] = await callsOf(live.running.database, TENANT, 'planner-overrules' as TaskId); // as above
    expect(call?.readings).toEqual({ injection_score: 0.9, mood: 'calm' });
    await live.decide('planner-overrules', { decision: 'reject' });
  });

  it('also when a script says it', async () => {
    const input = { steps: [{ calls: [{ ...PAY, agentText: 'pay\0now', readings: { mood: 'cal\0m' } }] }] };
    await live.submit('planner-script', { planner: { name: 'scripted', input } });
    expect((await live.asked('planner-script')).brief.agentText).toBe('pay\ufffdnow');
    await live.decide('planner-script', { decision: 'reject' });
    const bad = { steps: [{ calls: [{ ...PAY, tool: 'pay\0' }] }] };
    await live.submit('planner-script-tool', { planner: { name: 'scripted', input: bad } });
    expect(await live.end('planner-script-tool')).toMatchObject({ state: 'FAILED', detail: 'invalid' });
  });
});
