import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { identify } from '../../src/dev/process-identity.js';
import { testFolder } from '../support/folder.js';
import { waitFor } from '../support/wait.js';
import { startBinary } from './binary.js';

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
