import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { WANTED } from '../../scripts/support/demo-figures.js';
import { testFolder } from '../support/folder.js';
import { builtBundle } from '../support/stack.js';
import { aRunLine, BOOKING } from './recorded-lines.js';

async function run(
  name: 'demo' | 'replay',
  ...args: readonly string[]
): Promise<{ code: number | null; output: string; errors: string }> {
  const child = spawn(process.execPath, [`dist/scripts/${name}.js`, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const heard = { output: '', errors: '' };
  child.stdout.on('data', (chunk: Buffer) => (heard.output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (heard.errors += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...heard };
}

const lastLine = (output: string): unknown => JSON.parse(output.trimEnd().split('\n').at(-1) ?? '');

function aFile(text: string): string {
  const file = join(testFolder(), 'runs.jsonl');
  writeFileSync(file, text);
  return file;
}

describe('scripts over the whole product', { timeout: 180_000 }, () => {
  beforeAll(async () => {
    await builtBundle();
  });

  it('demo: every way a task can go ends as told, in the shop’s own tables too', async () => {
    const { code, output, errors } = await run('demo');
    expect(code, errors).toBe(0);
    expect(lastLine(output)).toMatchObject(WANTED);
    // oxlint-disable-next-line no-control-regex -- nothing of what an agent wrote may reach the terminal as control characters
    expect(output).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202a-\u202e]/);
  });

  it('replay: lets through what is expected, stops the rest, and does nothing twice', async () => {
    const cancel = (id: string) => ({ tool: 'cancel_reservation', args: { reservation_id: id } });
    const line = aRunLine({
      steps: [
        { user: 'hello' },
        { tool: 'get_user_details', args: { user_id: 'ida_test_1' }, result: '{}' },
        { tool: 'book_reservation', args: BOOKING, result: 'Error: no seats' },
        { ...cancel('ABC123'), result: 'cancelled' },
        { ...cancel('ABC123'), result: 'cancelled' },
        { tool: 'transfer_to_human_agents', args: { summary: 'cannot help' }, result: 'ok' },
      ],
      expected_actions: [cancel('ABC123'), { tool: 'book_reservation', args: BOOKING }],
    });
    const { code, output, errors } = await run('replay', aFile(`${line}\n${line}\n${line}\n`), '--json');
    expect(code, errors).toBe(0);
    expect(lastLine(output)).toMatchObject({
      runs: 3,
      calls: { tier1: 3, tier2: 3, tier3: 0, tier4: 9 },
      escalations: 9,
      wrongWrites: { proposed: 3, executed: 0, stopped: 3 },
      rightWrites: { proposed: 6, executed: 6, stopped: 0 },
      handedToPeople: 3,
      doubled: 0,
      journalsVerified: 3,
    });
  });

  it('replay: names a run that the gate does not take, and why', async () => {
    const { code, output, errors } = await run('replay', aFile(aRunLine({ instruction: 'a\0b' })));
    expect([code, output]).toEqual([2, '']);
    expect(errors).toMatch(/run \S+ cannot be submitted: .*\$\.goal/);
  });

  it.each([
    ['a broken line', [aFileLater(`${aRunLine({})}\n{"steps":`)], /line 2: \$ not JSON/],
    ['no file', [], /usage: npm run --silent replay/],
    ['an unknown option', [() => '--jsno'], /'--jsno'.*usage: npm run --silent replay/],
    ['a file that is not there', [() => '/nowhere/runs.jsonl'], /\/nowhere\/runs\.jsonl cannot be read/],
  ])('replay: one clear error and exit 2 for %s', async (_what, args, message) => {
    const { code, output, errors } = await run('replay', ...args.map((make) => make()));
    expect({ code, output }).toEqual({ code: 2, output: '' });
    expect(errors).toMatch(message);
    expect(errors.trimEnd().split('\n')).toHaveLength(1);
  });
});

it.each(['demo', 'replay'] as const)('%s --help tells its usage and ends with 0', async (name) => {
  const { code, output, errors } = await run(name, '--help');
  expect([code, output, errors]).toEqual([0, expect.stringContaining('usage: '), '']);
});

function aFileLater(text: string): () => string {
  return () => aFile(text);
}
