import { describe, expect, it } from 'vitest';
import { readDocument } from './document.js';

describe('readDocument', () => {
  it.each([
    ['a duplicate key', 'a: 1\nb: 2\na: 3\n', 3, /twice/],
    ['an anchor and its alias', 'a: &x [1]\nb: *x\n', 1, /anchors and aliases/],
    ['a tab as indent', 'a:\n\tb: 1\n', 2, /./],
    ['a merge key', 'a: 1\n<<: { b: 2 }\n', 2, /cannot be a key/],
    ['a prototype key', 'a: 1\n__proto__: { b: 2 }\n', 2, /cannot be a key/],
    ['a custom tag', 'a: !js/function x\n', 1, /./],
    ['a number as key', '1: a\n', 1, /must be text/],
    ['a second document', 'a: 1\n---\nb: 1\n', 2, /second YAML document/],
    ['no document', '# only a comment\n', 1, /empty/],
    ['an open bracket', 'a: [1\nb: 2\n', 2, /./],
    // Seen to fail: the file read without a look for it; Postgres refuses the text.
    ['a NUL, also in a comment', 'a: 1\nb: 2 # \0\n', 2, /NUL/],
  ])('refuses %s by its line', (_, source, line, what) => {
    const { data, problems } = readDocument(source);
    expect(data).toBeUndefined();
    expect(problems[0]?.line).toBe(line);
    expect(problems.some((problem) => what.test(problem.what))).toBe(true);
    expect(problems.every((problem) => problem.todo !== '')).toBe(true);
  });

  it.each([
    ['[', /nested deeper/],
    ['{a: ', /nested deeper/],
    ['- ', /nested deeper/],
  ])('refuses a nest of %j without end', (part, what) => {
    expect(readDocument(part.repeat(60_000)).problems).toMatchObject([
      { line: 1, what: expect.stringMatching(what) },
    ]);
  });

  it('refuses a file without end', () => {
    expect(readDocument('#'.repeat(300_000)).problems).toMatchObject([
      { line: 1, what: expect.stringContaining('longer than') },
    ]);
  });

  it('refuses a bomb of aliases before anything is expanded', () => {
    const bomb = [
      'a0: &a0 [x]',
      ...Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]`),
    ].join('\n');
    const started = performance.now();
    expect(readDocument(bomb).problems.length).toBeGreaterThan(30);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it.each([
    [['agents', 'a', 'owner'], 3, 12],
    [['agents', 'a', 'tools', 1], 4, 16],
    [['agents', 'a'], 2, 3],
    [['agents', 'a', 'absent'], 2, 3],
    [['agents', 'a', 'tools'], 4, 5],
  ])('finds %j', (path, line, column) => {
    const document = readDocument('agents:\n  a:\n    owner: x\n    tools: [a, b]\n');
    expect(document.place({ path, what: '', todo: '' })).toMatchObject({ line, column });
  });

  it('points into a text on one line, and at the beginning of a block', () => {
    const document = readDocument('a: "x > 1"\nb: |\n  x > 1\n');
    expect(document.place({ path: ['a'], what: '', todo: '', offset: 4 })).toMatchObject({
      line: 1,
      column: 9,
    });
    expect(document.place({ path: ['b'], what: '', todo: '', offset: 4 })).toMatchObject({ line: 2 });
  });
});
