import { afterAll, beforeAll, expect, it } from 'vitest';
import { openLive, type Live } from './live.js';

let live: Live;
beforeAll(async () => {
  live = await openLive();
});
afterAll(() => live.stop());

// Seen to fail: a run that only looks at the halts in force (0 of 5 were asked anew).
it('a halt that is lifted before any run has looked has every question asked anew (case 63)', async () => {
  const [ruth, amira] = [await live.running.as('ruth'), await live.running.as('amira')];
  for (const task of ['short-1', 'short-2', 'short-3']) {
    await live.submit(task);
    await live.asked(task);
    const { halt } = await ruth.halts.set({ scope: 'agent', target: 'bot', why: 'a look' });
    await amira.halts.lift(halt, { why: 'nothing' });
    expect(await live.asked(task, 2)).toMatchObject({ version: 2 });
    await live.decide(task, {}, { round: 2 });
    expect(await live.end(task)).toMatchObject({ results: [{ outcome: 'executed' }] });
    expect((await live.journal(task)).map((entry) => entry.type)).toContain('lifted');
  }
});
