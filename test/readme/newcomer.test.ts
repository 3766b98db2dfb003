import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { npmFolder } from '../support/npm-folder.js';
import { builtBundle } from '../support/stack.js';
import { newcomerText } from './newcomer-text.js';

/** A line in a shell of its own; port 0 only so that several stacks can run on one machine. */
function shell(line: string, dir: string) {
  const env = { ...process.env, COUNTERSIGN_PORT: '0', NO_UPDATE_NOTIFIER: '1' };
  const child = spawn('bash', ['-c', line], {
    cwd: dir,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, output: () => output };
}

/** Runs a line to its end. */
async function typed(line: string, dir: string): Promise<{ code: number | null; output: string }> {
  const { child, output } = shell(line, dir);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output: output() };
}

/** Leaves a line running, as in a terminal of its own, until the test is over. */
async function leftRunning(line: string, dir: string, ready: RegExp): Promise<void> {
  const { child, output } = shell(line, dir);
  const ended = once(child, 'close');
  onTestFinished(async () => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGINT'); // the terminal's Ctrl-C
    await ended;
  });
  await Promise.race([
    (async () => {
      while (!ready.test(output())) await sleep(100);
    })(),
    ended.then(() => Promise.reject(new Error(`it ended:\n${output()}`))),
  ]);
}

describe("the README's newcomer", { timeout: 180_000 }, () => {
  it('needs at most 15 lines, one defineTool and one line of policy', () => {
    const { files, lines } = newcomerText();
    const textOf = (ending: string) => files.find(({ name }) => name.endsWith(ending))?.text ?? '';
    expect(lines).toBeGreaterThan(5);
    expect(lines).toBeLessThanOrEqual(15);
    expect(textOf('js').match(/defineTool\(/g)).toHaveLength(1);
    expect(textOf('.yaml').trimEnd().split('\n')).toHaveLength(1);
  });

  it('guards a tool of their own with exactly that text', async () => {
    await builtBundle();
    const dir = npmFolder(Object.fromEntries(newcomerText().files.map(({ name, text }) => [name, text])));
    const [dev = '', submit = '', inbox = '', approve = '', result = ''] = newcomerText().commands;
    await leftRunning(dev, dir, /Stop with Ctrl-C/);
    expect(await typed(submit, dir)).toMatchObject({ code: 0 });
    await expect
      .poll(() => typed(inbox, dir), { timeout: 30_000 })
      .toMatchObject({
        code: 0,
        output: expect.stringContaining('Delete the file old.log') as string,
      });
    expect(existsSync(join(dir, 'old.log'))).toBe(true);
    const approved = await typed(approve, dir);
    expect(approved.code, approved.output).toBe(0);
    const ended = await typed(result, dir);
    expect([ended.code, ended.output]).toEqual([0, expect.stringMatching(/COMPLETED/i)]);
    expect(existsSync(join(dir, 'old.log'))).toBe(false);
  });
});
