import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { celFactsOf } from '../../src/policy/cel-facts.js';
import { checkPolicy } from '../../src/policy/check.js';
import { compileCondition, compileExpression } from '../../src/policy/compile.js';
import { aCase, policyText } from '../support/policy-case.js';
import { TOOLS } from './broken.js';
import { DOCUMENTS } from './documents.js';
import { EXPRESSIONS } from './expressions.js';
import { FIGURES } from './figures.js';
import { at, PLACES, replaced, STRICT, WHOLE } from './whole.js';

/*
 * fast-check prints the seed of a failure. Each property names the mutation of the code that it was seen to catch.
 */

/** No file and no expression may take longer, on a machine that is busy with other things. */
const BOUND_MS = 2_000;

function timed<Result>(work: () => Result): Result {
  const started = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(started);
  expect((user + system) / 1_000).toBeLessThan(BOUND_MS);
  return result;
}

describe('checking a file', () => {
  it('finds nothing wrong with the file that is broken below', () => {
    const { problems, usable } = checkPolicy(stringify(WHOLE), TOOLS);
    expect(problems).toEqual([]);
    expect(usable).not.toBeNull();
    expect(STRICT.length).toBeGreaterThan(20);
  });

  // Caught: one schema that is not strict.
  it('never lets an unknown key in, wherever it stands', () => {
    const key = fc.stringMatching(/^[a-z_]{3,12}$/).filter((name) => !JSON.stringify(WHOLE).includes(name));
    fc.assert(
      fc.property(
        fc.constantFrom(...STRICT),
        key,
        fc.constantFrom(1, 'approve', null, [], { a: 1 }),
        (path, name, value) => {
          const broken = replaced(WHOLE, path, { ...(at(WHOLE, path) as object), [name]: value }); // a strict map
          const { usable, problems } = checkPolicy(
            stringify(broken, { aliasDuplicateObjects: false }),
            TOOLS,
          );
          expect(usable).toBeNull();
          expect(JSON.stringify(problems)).toContain(name);
        },
      ),
      { numRuns: 300 },
    );
  });

  // Caught: a place that is read without a look at its type; findings without advice.
  it('answers a value of another kind anywhere with where and what to do, or can use it', () => {
    const junk = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom(
        undefined,
        '',
        'auto',
        'approve',
        '9999999d',
        '-1',
        [],
        {},
        [[]],
        [{}],
        1e300,
        -0.5,
        'a'.repeat(3_000),
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...PLACES), junk, (path, value) => {
        const text = stringify(replaced(WHOLE, path, value), { aliasDuplicateObjects: false }) ?? '';
        const { usable, problems, warnings } = timed(() => checkPolicy(text, TOOLS, '2026-11-21'));
        expect(usable === null).toBe(problems.length > 0);
        const lines = text.split('\n').length;
        for (const { line, column, what, todo } of [...problems, ...warnings]) {
          expect(line >= 1 && line <= lines + 1 && column >= 1).toBe(true);
          expect(what !== '' && todo !== '').toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  // Caught: the parser left without a bound on its depth.
  it('never throws and never hangs on text that was cut, doubled and mixed', () => {
    const corpus = [
      policyText(),
      stringify(WHOLE),
      ...[...DOCUMENTS, ...EXPRESSIONS, ...FIGURES].map(({ text }) => text),
    ];
    const scraps = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      '- ',
      '\n',
      '  ',
      '&a ',
      '*a',
      '!!',
      '"',
      "'",
      '|',
      '>',
      '#',
      '---\n',
      '? ',
      '\t',
      '<<: ',
      '\u0000',
      '\ufeff',
      '%YAML 1.1\n',
      '[[[[[[[[[[[[[[[[[[',
      '{a: {a: {a: ',
    );
    const cut = fc.record({
      from: fc.nat(2_000),
      length: fc.nat(60),
      scrap: fc.oneof(scraps, fc.string({ unit: 'binary', maxLength: 9 })),
      times: fc.constantFrom(1, 1, 1, 40, 2_000),
    });
    fc.assert(
      fc.property(fc.constantFrom(...corpus), fc.array(cut, { minLength: 1, maxLength: 6 }), (text, cuts) => {
        const mixed = cuts.reduce(
          (so, { from, length, scrap, times }) =>
            so.slice(0, from % (so.length + 1)) +
            scrap.repeat(times) +
            so.slice((from % (so.length + 1)) + length),
          text,
        );
        const { usable, problems } = timed(() => checkPolicy(mixed, TOOLS));
        expect(usable === null).toBe(problems.length > 0);
      }),
      { numRuns: 500 },
    );
  });
});

describe('compiling and evaluating CEL', () => {
  const leaf = fc.constantFrom(
    'true',
    '1',
    '-1',
    '0.5',
    '2u',
    "'a'",
    'null',
    "b'a'",
    '[]',
    '{}',
    '[1, 2]',
    "{'a': 1}",
    'action',
    'action.args',
    'action.args.list',
    'action.args.text',
    'action.recipients',
    'action.money.minor',
    'readings',
    'readings.score',
    "readings['mood']",
    'task',
    'task.situation',
    'agent.tools',
    'history.failed',
    'x',
    '9223372036854775807',
    '1e999',
  );
  const expression = fc.letrec<{ any: string }>((tie) => {
    const any = tie('any');
    const call = fc.constantFrom(
      'has',
      'size',
      'int',
      'string',
      'dyn',
      'type',
      'matches',
      'timestamp',
      'duration',
      'bool',
      'double',
    );
    const loop = fc.constantFrom('all', 'exists', 'exists_one', 'map', 'filter');
    const method = fc.constantFrom(
      'contains',
      'startsWith',
      'matches',
      'lowerAscii',
      'split',
      'join',
      'indexOf',
      'substring',
      'getFullYear',
    );
    return {
      any: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        leaf,
        fc
          .tuple(any, fc.constantFrom('+', '-', '*', '/', '%', '==', '!=', '<', '>=', '&&', '||', 'in'), any)
          .map(([a, op, b]) => `(${a} ${op} ${b})`),
        fc.tuple(call, any).map(([name, a]) => `${name}(${a})`),
        fc.tuple(any, method, any).map(([a, name, b]) => `${a}.${name}(${b})`),
        fc.tuple(any, loop, any).map(([a, name, b]) => `${a}.${name}(x, ${b})`),
        fc.tuple(any, any).map(([a, b]) => `${a}[${b}]`),
        fc.tuple(any, any, any).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
        any.map((a) => `!${a}`),
        any.map((a) => `[${a}]`),
        any.map((a) => `{'k': ${a}}`),
      ),
    };
  }).any;
  const text = fc.oneof(
    { weight: 4, arbitrary: expression },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  );
  const large = Array.from({ length: 1_900 }, (_, index) => `${index}`);
  const facts = [
    { args: { list: large, text: 'ab'.repeat(20_000) }, readings: { score: 0.5, mood: 'angry' } },
    { args: { list: 'no list', text: null }, readings: {} },
    { args: null, readings: { score: Number.NaN } },
  ].map((action) => celFactsOf(aCase({ action: { ...action, impact: { recipients: large } } })));

  // Caught: an error of the library thrown on; a value that is neither true nor false taken as an answer.
  it('never throws, never hangs, and answers with true, false or an error', () => {
    fc.assert(
      fc.property(text, (when) => {
        const compiled = timed(() => compileCondition(when));
        if (!('program' in compiled)) {
          expect(
            compiled.flaws.every(({ what, todo, at: place }) => what !== '' && todo !== '' && place >= 0),
          ).toBe(true);
          return;
        }
        const { program } = compiled;
        for (const each of facts) {
          const answer = timed(() => program.evaluate(each));
          expect('fires' in answer ? typeof answer.fires === 'boolean' : answer.error !== '').toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  // Caught: whole numbers left as bigint.
  it('makes plain JSON of a safe argument, or an error', () => {
    fc.assert(
      fc.property(text, (argument) => {
        const compiled = compileExpression(argument);
        if (!('program' in compiled)) return;
        const { program } = compiled;
        const made = facts.map((each) => timed(() => program.evaluate(each)));
        const values = made.flatMap((one) => ('value' in one ? [one.value] : []));
        expect(JSON.parse(JSON.stringify(values))).toEqual(values);
      }),
      { numRuns: 1_000 },
    );
  });
});
