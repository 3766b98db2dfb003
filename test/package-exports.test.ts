import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { builtBundle } from './support/stack.js';

const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  exports: Record<string, string | { types: string; default: string }>; // our own package.json
};
/** What other programs rely on, by door. */
const PUBLIC: Readonly<Record<string, readonly string[]>> = {
  '.': ['createClient', 'defineTool', 'isTool', 'secret', 'CountersignError', 'ToolFailure'],
  './worker': ['createWorker', 'defineTool', 'jsonLog', 'ToolFailure', 'workflowBundlePath'],
  './workflows': ['agentTask'],
  './testing': [
    'testPolicy',
    'judgeWith',
    'explainWith',
    'fakeClock',
    'fakeGate',
    'scripted',
    'isIdempotent',
    'undoes',
  ],
};
const doors = Object.keys(exports).filter((door) => door !== './package.json');

// Seen to fail: `startWorker` in the place of createWorker; an export that names a file the build does not make.
describe('the built package', () => {
  it('has these doors', () => expect(doors.toSorted()).toEqual(Object.keys(PUBLIC).toSorted()));

  it.each(doors)('can be imported by name: %s', async (door) => {
    await builtBundle();
    const { types } = exports[door] as { types: string }; // every door but package.json has both
    expect(readFileSync(types, 'utf8')).toContain('export');
    const name = `countersign${door.slice(1)}`;
    const script = `console.log(JSON.stringify(Object.keys(await import(${JSON.stringify(name)}))))`;
    const names: unknown = JSON.parse(
      execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }),
    );
    expect(names).toEqual(expect.arrayContaining([...(PUBLIC[door] ?? [])]));
  });
});
