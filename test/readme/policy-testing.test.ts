import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { script, testFolder } from '../support/folder.js';
import { builtBundle } from '../support/stack.js';

const FILE = /^```\w+ file (?<name>[\w.-]+)\n(?<text>[\s\S]*?)^```$/gm;
const CONSOLE = /^```console run\n(?<text>[\s\S]*?)^```$/gm;

/** A folder as after `npm install countersign zod`, with the files of a page. */
function folderOf(page: string): string {
  const dir = testFolder();
  mkdirSync(join(dir, 'node_modules/.bin'), { recursive: true });
  symlinkSync(resolve('.'), join(dir, 'node_modules/countersign'));
  symlinkSync(resolve('node_modules/zod'), join(dir, 'node_modules/zod'));
  script(join(dir, 'node_modules/.bin'), 'countersign', `exec node ${resolve('dist/src/cli/main.js')} "$@"`);
  for (const { groups = {} } of page.matchAll(FILE))
    writeFileSync(join(dir, groups['name'] ?? ''), groups['text'] ?? '');
  return dir;
}

function typed(line: string, cwd: string): string {
  const path = `${join(cwd, 'node_modules/.bin')}:${process.env['PATH']}`;
  const { stdout, stderr } = spawnSync('bash', ['-c', line], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
  });
  return `${stdout}${stderr}`;
}

// Seen to fail: one figure of an output changed in the page.
it('docs/policy-testing.md: every console block prints what it shows, and the test file passes', async () => {
  await builtBundle();
  const page = readFileSync('docs/policy-testing.md', 'utf8');
  const dir = folderOf(page);
  const blocks = [...page.matchAll(CONSOLE)].map(({ groups = {} }) => groups['text'] ?? '');
  expect(blocks.length).toBeGreaterThan(3);
  for (const block of blocks) {
    const lines = block.split('\n').filter((line) => line.startsWith('$ '));
    const output = lines.map((line) => typed(line.slice(2), dir)).join('');
    expect(`${lines.join('\n')}\n${output}`).toBe(block);
  }
  const { status, stdout } = spawnSync(process.execPath, ['--test', 'policy.test.mjs'], {
    cwd: dir,
    encoding: 'utf8',
  });
  expect([status, stdout]).toEqual([0, expect.stringMatching(/pass 4\n/)]);
});
