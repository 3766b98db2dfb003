import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { identify } from '../../src/dev/process-identity.js';
import { testFolder } from '../support/folder.js';
import { builtBundle } from '../support/stack.js';
import { waitFor } from '../support/wait.js';
import { bareEnvironment, startBinary } from './binary.js';

describe('a command that goes on, whose output nobody reads any more', () => {
  // Seen to fail: without a listener on the streams it ended with 1, by an unhandled EPIPE.
  it('ends quietly', async () => {
    const env = { COUNTERSIGN_TOKEN: 'csp_a-token-of-somebody' };
    const child = await startBinary(['inbox', '--watch', '--url', 'http://127.0.0.1:9'], {
      cwd: testFolder(),
      env,
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    child.stdout.destroy();
    child.stderr.destroy();
    expect(await once(child, 'close')).toEqual([0, null]);
  });
});

describe('a command that prints more than a pipe holds', () => {
  // Seen to fail: cut at 65,536 bytes, with the exit code of a command that had said everything.
  it('ends when all of it is through', async () => {
    const cwd = testFolder();
    const agents = Array.from(
      { length: 1_500 },
      (_, at) => `  bot-${at}: { owner: nobody-${at}, tools: [x] }`,
    );
    const policy = ['version: "1"', 'owner: us', 'roles: { boss: { members: [ada] } }', 'agents:', ...agents];
    writeFileSync(join(cwd, 'policy.yaml'), policy.join('\n'));
    await builtBundle();
    const line = [process.execPath, resolve('dist/src/cli/main.js'), 'policy', 'check', 'policy.yaml'];
    const child = spawn('sh', ['-c', '"$@" | cat', 'sh', ...line], { cwd, env: bareEnvironment() });
    const out = await text(child.stdout);
    expect(out.length).toBeGreaterThan(2 * 65_536);
    for (const at of [0, 1_499]) expect(out).toContain(`no role \`nobody-${at}\``);
  });
});

describe('dev, while it imports tools that never finish', () => {
  const waiting = () => {
    const dir = testFolder();
    writeFileSync(
      join(dir, 'tools.mjs'),
      `import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises'; writeFileSync('pid', String(process.pid)); setInterval(() => {}, 1000); await new Promise(() => {});`,
    );
    return dir;
  };

  // Seen to fail: without the signal, it waited on for the import, and the process of the import with it.
  it('ends at the first request to, and so does the import', async () => {
    const dir = waiting();
    const child = await startBinary(['dev', '--tools', 'tools.mjs'], { cwd: dir });
    onTestFinished(() => void child.kill('SIGKILL'));
    const pid = await waitFor(
      async () => Number(await readFile(join(dir, 'pid'), 'utf8').catch(() => '')) || undefined,
    );
    child.kill('SIGTERM');
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(0);
    await waitFor(() => identify(pid) === undefined || undefined);
  });
});
