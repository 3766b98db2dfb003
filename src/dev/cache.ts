import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { identify } from './process-identity.js';
import { NotHere } from './search.js';

const DAY_MS = 86_400_000;

/**
 * A folder in the cache that is there completely or not at all: it is filled under a name of this process and
 * renamed, so two searches at once do no harm. Answers the path; whoever comes second uses the first one's.
 */
export async function installInCache(entry: {
  readonly cacheDir: string;
  readonly name: string;
  readonly install: (dir: string) => Promise<void>;
}): Promise<string> {
  const { cacheDir, name, install } = entry;
  const final = join(cacheDir, name);
  if (existsSync(final)) return final;
  await mkdir(cacheDir, { recursive: true });
  await removeAbandoned(cacheDir);
  const draft = join(cacheDir, `draft-${process.pid}-${randomBytes(4).toString('hex')}`);
  await mkdir(draft);
  try {
    await install(draft);
    await rename(draft, final);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(final)) throw error;
  }
  return final;
}

async function removeAbandoned(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    const pid = /^draft-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && identify(Number(pid)) === undefined) {
      await rm(join(cacheDir, name), { recursive: true, force: true });
    }
  }
}

/** Runs an attempt, remembers in the cache that it failed, and spares the next ones the wait for a day. */
export async function rememberFailure<T>(attempt: {
  readonly cacheDir: string;
  readonly name: string;
  readonly nowMs: number;
  readonly run: () => Promise<T>;
}): Promise<T> {
  const note = join(attempt.cacheDir, `${attempt.name}.failed`);
  const earlier = Number(await readFile(note, 'utf8').catch(() => 'NaN'));
  if (attempt.nowMs - earlier < DAY_MS && attempt.nowMs >= earlier) {
    throw new NotHere(`failed within the last day (remove ${note} to try again)`);
  }
  try {
    const result = await attempt.run();
    await rm(note, { force: true });
    return result;
  } catch (error) {
    await mkdir(attempt.cacheDir, { recursive: true });
    await writeFile(note, String(attempt.nowMs));
    throw error;
  }
}
