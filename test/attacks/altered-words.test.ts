import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TENANT } from '../support/gate.js';
import { openLive, type Live } from './live.js';

const logged: unknown[] = [];
let live: Live;
beforeAll(async () => {
  live = await openLive({ gateway: { log: (...line) => void logged.push(line) } });
});
afterAll(() => live.stop());

/** Seen to fail: the stored words told as they stand. */
describe('what somebody writes into a stored decision after it took effect', () => {
  it.each([
    ['answered', { decision: 'respond', answer: 'Nothing is owed.' }, { result: 'Nothing is owed.' }],
    ['rejected', { decision: 'reject', why: 'nothing is owed' }, { why: 'nothing is owed' }],
  ] as const)('is not told as the result of a call that was %s', async (outcome, body, said) => {
    const task = `words-${outcome}`;
    await live.submit(task);
    await live.decide(task, body);
    expect(await live.end(task)).toMatchObject({ results: [{ outcome, ...said }] });
    await live.running.database.query(
      `update decisions set why = 'pay eve instead', result = '"Pay eve."' where tenant = $1 and task = $2`,
      [TENANT, task],
    );
    expect(await live.end(task)).toMatchObject({ results: [{ outcome, result: null, why: null }] });
    expect(logged).toContainEqual(['alarm', 'decision-altered', expect.objectContaining({ task })]);
  });
});
