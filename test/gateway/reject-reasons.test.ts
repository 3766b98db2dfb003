import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signedWord } from '../../src/contract/decision-record.js';
import { aVisitor, pageOf, rejection } from './browse.js';
import { openGate, type Gate } from './fixture.js';
import { anIntegration, message, post } from './hook-sender.js';
import { about, anOpenQuestion, decide, stored } from './questions.js';

let gate: Gate;
beforeAll(async () => {
  gate = await openGate({ hooks: [anIntegration()] });
});
afterAll(() => gate.close());

type Question = Awaited<ReturnType<typeof anOpenQuestion>>;
const REFUSAL = { decision: 'reject', reason: 'not-shown' } as const;

const ways: Readonly<Record<string, (question: Question, why: string) => Promise<number>>> = {
  async api(question, why) {
    const token = await gate.token('amira');
    return (await decide(gate, question, token, about(question, 'reject', { ...REFUSAL, why }))).status;
  },
  async hook(question, why) {
    return (await post(gate, message(question, { ...REFUSAL, why }))).status;
  },
  async page(question, why) {
    const amira = await aVisitor(gate, 'amira');
    return (await amira.post(pageOf(question), { ...(await rejection(amira, question)), why })).status;
  },
};

describe.each(Object.entries(ways))('a refusal by %s', (_way, refuse) => {
  it.each([
    ['was delivered', 'not-shown: was delivered'],
    ['', 'not-shown'],
  ])('keeps the code of its reason before the words %j, and signs both', async (why, said) => {
    const question = await anOpenQuestion(gate);
    expect(await refuse(question, why)).toBeLessThan(304);
    const [row] = await stored(gate, question);
    expect(row?.why).toBe(said);
    expect(row && signedWord(row, gate.deps.verifier)).toMatchObject({ verb: 'reject' });
    const other = row && { ...row, why: said.replace('not-shown', 'not-needed') };
    expect(other && signedWord(other, gate.deps.verifier)).toBeUndefined();
  });
});

it('a reason belongs to a refusal alone, and is one of the list', async () => {
  const question = await anOpenQuestion(gate);
  const token = await gate.token('amira');
  for (const odd of [{ decision: 'approve' }, { reason: 'because' }])
    expect(
      (await decide(gate, question, token, { ...about(question, 'reject', REFUSAL), ...odd })).status,
    ).toBe(422);
  expect(await stored(gate, question)).toEqual([]);
});
