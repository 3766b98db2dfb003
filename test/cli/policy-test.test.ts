import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { columns } from '../../src/cli/render/layout.js';
import { testFolder } from '../support/folder.js';
import { builtBundle } from '../support/stack.js';
import { run } from './terminal.js';

const POLICY = 'examples/support/policy.yaml';
const TOOLS = 'examples/support/tools.ts';
const cases = readFileSync('examples/support/cases.yaml', 'utf8');

/** The support example's cases with something changed, in a file of their own. */
function changedCases(from: string, to: string): string {
  const file = join(testFolder(), 'cases.yaml');
  writeFileSync(file, cases.replace(from, to));
  return file;
}

beforeAll(() => builtBundle()); // the example's tools import the package by its name

describe('policy test', () => {
  it('finds the cases beside the policy: those of the support example hold and cover every rule', async () => {
    const { exit, out } = await run(['policy', 'test', POLICY, '--tools', TOOLS]);
    expect([exit, out]).toEqual([
      0,
      expect.stringMatching(/^(\d+) of \1 cases as expected, (\d+) of \2 rules covered\n$/),
    ]);
  });

  // Seen to fail: exit 0 whatever the report says.
  it('ends with 6 and says what decided when a case fails, in 80 columns', async () => {
    const file = changedCases('rules: [low-confidence]', 'rules: []');
    const { exit, out } = await run(['policy', 'test', POLICY, '--cases', file, '--tools', TOOLS]);
    expect([exit, out]).toEqual([
      6,
      expect.stringContaining('approve because of low-confidence (readings.confidence=0.71)'),
    ]);
    expect(out.replace(/\s+/g, ' ')).toContain(
      'little confidence goes to the supervisor rules: expected none, got low-confidence',
    );
    expect(Math.max(...out.split('\n').map(columns))).toBeLessThanOrEqual(80);
  });

  it('ends with 6 when a rule is not covered, unless coverage is only told', async () => {
    const line = [
      'policy',
      'test',
      POLICY,
      '--cases',
      changedCases('counted: { agent-day-usd: 48501 }', 'counted: { agent-day-usd: 0 }'),
      '--tools',
      TOOLS,
    ];
    const only = changedCases(cases.slice(cases.indexOf('  - name: a draft')), '');
    const few = ['policy', 'test', POLICY, '--cases', only, '--tools', TOOLS];
    expect((await run(line)).exit).toBe(6);
    const { exit, out } = await run(few);
    expect([exit, out]).toEqual([
      6,
      expect.stringMatching(/policy\.yaml:\d+: large-money: fires in no case/),
    ]);
    expect((await run([...few, '--no-coverage'])).exit).toBe(0);
  });

  it('gives the report as JSON', async () => {
    const { exit, out } = await run(['policy', 'test', POLICY, '--tools', TOOLS, '--json']);
    expect([exit, JSON.parse(out)]).toEqual([
      0,
      expect.objectContaining({
        passed: true,
        coverage: expect.arrayContaining([expect.objectContaining({ rule: 'large-money', fires: true })]),
      }),
    ]);
  });

  it.each([
    ['no cases', ['--cases', 'nowhere.yaml'], /nowhere\.yaml cannot be read.*--cases/],
    [
      'cases without tools',
      [],
      /cases\.yaml cannot be used:\n {2}line \d+: cases\[0\]: nothing says what `get_order` is/,
    ],
    ['a bad tools module', ['--tools', 'package.json'], /tools module/],
  ])('ends with 2 for %s', async (_what, options, message) => {
    const { exit, err } = await run(['policy', 'test', POLICY, ...options]);
    expect([exit, err]).toEqual([2, expect.stringMatching(message)]);
  });
});
