import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { npmFolder } from '../support/npm-folder.js';
import { blocksOf } from '../support/page.js';
import { builtBundle } from '../support/stack.js';

const execute = promisify(execFile);
const blocks = blocksOf(readFileSync('docs/tools.md', 'utf8'));
const cookbook = blocksOf(readFileSync('docs/policy-cookbook.md', 'utf8'));
const files = Object.fromEntries(
  blocks.filter(({ language }) => language === 'ts').map(({ use, text }) => [use, text]),
);
const commands = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text);

/** Runs a line in a folder with the page's files, whether or not it goes well. */
function typed(line: string): Promise<{ code: number; stdout: string }> {
  const env = { ...process.env, NO_UPDATE_NOTIFIER: '1', NODE_OPTIONS: '' };
  return execute('bash', ['-c', line], { cwd: npmFolder(files), env }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      stdout: stdout + stderr,
    }),
  );
}

beforeAll(async () => void (await builtBundle()));

/** Seen to fail: an undo that keeps the draft, a bank that forgets keys, a member that no tool has. */
describe('docs/tools.md', () => {
  it('marks every block with what is done with it here', () => {
    expect(blocks.map(({ language, use }) => `${language} ${use}`)).toEqual([
      'ts bank.ts',
      'ts tools.ts',
      'sh runnable',
      'ts deploy.ts',
      'ts tools.test.ts',
      'sh runnable',
    ]);
  });

  it('shows programs that compile under strict rules, and so do those of the cookbook', async () => {
    const more = Object.fromEntries(
      cookbook.filter(({ language }) => language === 'ts').map(({ text }) => ['cookbook.ts', text]),
    );
    const line = '--noEmit --strict --target es2023 --module nodenext --types node --skipLibCheck';
    const names = [...Object.keys(files), ...Object.keys(more)];
    const { stdout } = await execute(resolve('node_modules/.bin/tsc'), [...line.split(' '), ...names], {
      cwd: npmFolder({ ...files, ...more }),
    }).catch((error: { stdout: string }) => error);
    expect(stdout).toBe('');
  });

  it('shows tools that a worker can import', async () => {
    const checked = await typed(commands[0] ?? '');
    expect(checked).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/draft_reply[^]*issue_refund +1 +T4 +money/) as string,
    });
    const deploy = await typed('npx countersign tools check deploy.ts --json');
    expect(JSON.parse(deploy.stdout)).toMatchObject({
      tools: [
        { name: 'deploy', tier: 4 },
        { name: 'resolve_image', tier: 1 },
      ],
    });
  });

  it('shows tests that pass', async () => {
    const ran = await typed(commands[1] ?? '');
    // Node 20 writes TAP where nobody watches, later ones what they write on a terminal.
    expect(ran.stdout).toMatch(/^[#ℹ] fail 0$/mu);
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[#ℹ] pass 5$/mu) as string });
  });
});
