import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FolderInUse } from '../../src/dev/errors.js';
import { holderOf, lockFolder } from '../../src/dev/folder-lock.js';
import { identify, isRunning } from '../../src/dev/process-identity.js';
import { testFolder } from '../support/folder.js';

/** A process of its own, ended with the test, and the first thing it says. */
function run(name: string, ...args: readonly string[]): { child: ChildProcess; said: Promise<string> } {
  const child = spawn(process.execPath, ['--import', 'tsx', `test/dev/${name}.process.ts`, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, said: once(child.stdout, 'data').then(([said]) => String(said).trim()) };
}

describe('the lock of a data folder', () => {
  it('names the holder to whoever comes second, and is free after release', () => {
    const dataDir = testFolder();
    const lock = lockFolder({ dataDir });
    expect(() => lockFolder({ dataDir })).toThrow(FolderInUse);
    expect(() => lockFolder({ dataDir })).toThrow(new RegExp(`in use by process ${process.pid}`));
    expect(holderOf({ dataDir })?.pid).toBe(process.pid);
    lock.release();
    expect(holderOf({ dataDir })).toBeUndefined();
    lockFolder({ dataDir }).release();
    expect(readdirSync(dataDir)).toEqual([]);
  });

  it('holds against another process and passes on when that one is killed', async () => {
    const dataDir = testFolder();
    const { child, said } = run('hold-folder', dataDir);
    expect(await said).toBe('held');
    const refused = await Promise.resolve()
      .then(() => lockFolder({ dataDir }))
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'FolderInUse', pid: child.pid, exitCode: 2 });
    child.kill('SIGKILL');
    await once(child, 'exit');
    lockFolder({ dataDir }).release();
  });

  it('is not fooled by a recycled pid', () => {
    const dataDir = testFolder();
    writeFileSync(
      join(dataDir, 'lock.json'),
      JSON.stringify({ pid: process.pid, startedAt: 'before the last boot' }),
    );
    expect(holderOf({ dataDir })).toBeUndefined();
    lockFolder({ dataDir }).release();
  });

  it.each(['', '{', '{"pid":"x"}'])('takes over a damaged lock (%s)', (content) => {
    const dataDir = testFolder();
    writeFileSync(join(dataDir, 'lock.json'), content);
    const lock = lockFolder({ dataDir });
    expect(holderOf({ dataDir })?.pid).toBe(process.pid);
    lock.release();
  });

  it('has one winner when several take over a dead lock at once', async () => {
    const base = testFolder();
    const rounds = 100;
    for (let round = 0; round < rounds; round++) {
      mkdirSync(join(base, String(round)));
      const dead = JSON.stringify({ pid: 999_999_999, startedAt: 'long ago' });
      writeFileSync(join(base, String(round), 'lock.json'), dead);
    }
    const start = String(Date.now() + 2_500);
    const racers = [1, 2, 3].map(() => run('race-for-folders', base, String(rounds), start));
    const wins = await Promise.all(racers.map(async ({ said }) => JSON.parse(await said) as number[]));
    expect(wins.flat().sort((a, b) => a - b)).toEqual([...Array(rounds).keys()]);
  });
});

describe('the identity of a process', () => {
  it('is stable while it lives and gone with it, also before its parent has looked', async () => {
    const child = spawn('sleep', ['60']);
    const identity = identify(child.pid ?? 0);
    expect(identity).toEqual(identify(child.pid ?? 0));
    if (identity === undefined) throw new Error('the child has no identity');
    expect(isRunning(identity)).toBe(true);
    expect(isRunning({ ...identity, startedAt: 'another' })).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isRunning(identity)).toBe(false);
  });

  it('is gone when the process is dead and only its parent has not looked yet', async () => {
    const parent = spawn('sh', ['-c', 'sleep 0.05 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    await expect.poll(() => identify(Number(said.toString())), { timeout: 30_000 }).toBeUndefined();
  });
});
