import { describe, expect, it } from 'vitest';
import { checkPolicy } from '../../src/policy/check.js';
import type { Problem } from '../../src/policy/problem.js';
import { DOCUMENTS } from './documents.js';
import { EXPRESSIONS } from './expressions.js';
import { FIGURES } from './figures.js';
import { REFERENCES } from './references.js';

const CORPUS = [...DOCUMENTS, ...REFERENCES, ...EXPRESSIONS, ...FIGURES];

/** The problem as the corpus tells it where that is right, else the whole of it. */
function asTold({ line, path, what, todo }: Problem, told = ''): string {
  const [place, part = '', advice = ''] = told.split(' | ');
  const right = place === `${line} ${path}` && what.includes(part) && todo.includes(advice);
  return right ? told : `${line} ${path} | ${what} | ${todo}`;
}

describe('the corpus of broken policies', () => {
  it('is as large as it should be, and every part says something', () => {
    expect(CORPUS.length).toBeGreaterThanOrEqual(60);
    expect(new Set(CORPUS.map(({ name }) => name)).size).toBe(CORPUS.length);
    for (const { told } of CORPUS)
      expect(
        told.every((each) => each.split(' | ').length === 3 && each.split(' | ').slice(1).every(Boolean)),
      ).toBe(true);
  });

  // Seen to fail: `has(action.recipients)` let through, so that 5,000 recipients were as good as none; unknown keys let through; names of tools that no tool can have; a line `%YAML 1.1`; a circle told of each of its roles; one flaw told by us and by the library.
  it.each(CORPUS)('$name: every error once, with line, path and advice', ({ text, told, tools }) => {
    const { usable, problems } = checkPolicy(text, tools ?? null);
    expect(usable).toBeNull();
    expect(problems.map((problem, index) => asTold(problem, told[index]))).toEqual(told);
  });
});
