import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { QuestionRow } from '../../src/store/questions.js';
import { openGate, type Gate } from './fixture.js';
import { about, anOpenQuestion, decide, journal, stored } from './questions.js';

let gate: Gate;
let ruth: string;

beforeAll(async () => {
  gate = await openGate();
  ruth = await gate.token('ruth');
});
beforeEach(() => gate.reset());
afterAll(() => gate.close());

const mayDo = async (question: QuestionRow) =>
  (await gate.request('GET', `/v1/escalations/${question.task}:1`, ruth)).json.mayDo as string[];

const nextRole = async (question: QuestionRow) =>
  (await gate.request('GET', `/v1/escalations/${question.task}:1`, ruth)).json.nextRole as string | null;

const director = { role: 'director', roles: ['supervisor', 'director'] };
const WITH_OWNER = { ...director, rung: 2, answerBy: null, extendableUntil: null };
type Row = readonly [string, Partial<QuestionRow>, readonly string[], RegExp];
const ROWS: readonly Row[] = [
  ['the last rung', { ...director, rung: 1 }, ['hold', 'extend'], /: approve, reject, take-over or hold\.$/],
  ["the owner's desk", WITH_OWNER, [], /: approve, reject or take-over\.$/],
  [
    'the last rung, of a call of unknown outcome',
    { ...director, rung: 1, kind: 'resolution', reason: 'unknown' },
    ['hold', 'extend'],
    /: resolve or hold\.$/,
  ],
  [
    "the owner's desk, of a call of unknown outcome",
    { ...WITH_OWNER, kind: 'resolution', reason: 'unknown' },
    [],
    /: resolve\.$/,
  ],
];

// Seen to fail: `escalate` offered by permissions() on every rung; refuseMoment without its look for a further role.
describe('where no further role can be asked', () => {
  it.each(ROWS)(
    'on %s, escalate is not offered, and refused before it is stored',
    async (_name, at, moving, words) => {
      const question = await anOpenQuestion(gate, at);
      const answers =
        at.kind === 'resolution' ? ['resolve'] : ['approve', 'reject', 'edit', 'respond', 'take-over'];
      expect(await mayDo(question)).toEqual([...answers, ...moving]);
      expect(await nextRole(question)).toBeNull();
      const answer = await decide(gate, question, ruth, about(question, 'escalate'));
      expect([answer.status, answer.json.code]).toEqual([409, 'conflict']);
      expect(answer.json.detail).toMatch(/^No further role can be asked: /);
      expect(answer.json.detail).toMatch(words);
      expect(await stored(gate, question)).toEqual([]);
      expect((await journal(gate, question)).map((entry) => entry.type)).not.toContain('decision-stored');
      expect(gate.tasks.told).toEqual([]);
    },
  );

  it('on a rung with another after it, escalate is offered and taken', async () => {
    const question = await anOpenQuestion(gate, { ...director, rung: 0 });
    expect(await mayDo(question)).toContain('escalate');
    expect(await nextRole(question)).toBe('director');
    expect((await decide(gate, question, ruth, about(question, 'escalate'))).status).toBe(200);
  });
});
