import { linkSync, mkdirSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FolderInUse, StackError } from './errors.js';
import { identify, isRunning, type ProcessIdentity } from './process-identity.js';

/** How long a half-done takeover may block others before it counts as abandoned. */
const TAKEOVER_MS = 3_000;

/**
 * Makes this process the owner of a folder until `release` or its death; a dead owner's lock is taken over.
 * Throws {@link FolderInUse} while another process (or this one, earlier) owns it.
 */
export function lockFolder({ dataDir }: { dataDir: string }): { release(): void } {
  mkdirSync(dataDir, { recursive: true });
  const lock = join(dataDir, 'lock.json');
  const self = identify(process.pid);
  if (self === undefined)
    throw new StackError('Cannot read the start time of this process (is /proc mounted?).');
  const draft = join(dataDir, `lock.${process.pid}`);
  writeFileSync(draft, JSON.stringify(self));
  try {
    for (let attempt = 0; attempt < 1_000; attempt++) {
      // link(2) puts the finished file in place or fails: nobody ever reads half a lock.
      if (tryLink(draft, lock)) return { release: () => releaseOwn(lock, self) };
      const holder = readIdentity(lock);
      if (holder !== undefined && isRunning(holder)) throw new FolderInUse({ dataDir, pid: holder.pid });
      removeStale(lock, holder);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw new StackError(`Could not lock ${dataDir}. If no other process uses it, remove ${lock}.`);
}

/** The living process that owns the folder, or nothing. */
export function holderOf({ dataDir }: { dataDir: string }): ProcessIdentity | undefined {
  const holder = readIdentity(join(dataDir, 'lock.json'));
  return holder !== undefined && isRunning(holder) ? holder : undefined;
}

/**
 * Only who links the dead holder's lock under the takeover name may unlink it, so a slow rival cannot remove the
 * lock of the one who was faster: its link either fails or turns out to be the new lock.
 */
function removeStale(lock: string, holder: ProcessIdentity | undefined): void {
  const takeover = `${lock}.takeover`;
  try {
    if (!tryLink(lock, takeover)) {
      if (Date.now() - statSync(takeover).ctimeMs > TAKEOVER_MS) rmSync(takeover, { force: true });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      return;
    }
    if (readIdentity(takeover)?.startedAt === holder?.startedAt) unlinkSync(lock);
    unlinkSync(takeover);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error; // the rival was faster: look again
  }
}

function releaseOwn(lock: string, self: ProcessIdentity): void {
  if (readIdentity(lock)?.startedAt === self.startedAt) rmSync(lock, { force: true });
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Reads a file that holds one {@link ProcessIdentity}; anything else is nothing. */
export function readIdentity(path: string): ProcessIdentity | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('startedAt' in value))
      return undefined;
    const { pid, startedAt } = value;
    return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : undefined;
  } catch {
    return undefined;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
