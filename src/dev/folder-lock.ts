import { randomUUID } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { FolderInUse, StackError } from './errors.js';
import { identify, isRunning, type ProcessIdentity } from './process-identity.js';

/** How long a half-done takeover may block others before it counts as abandoned. */
const TAKEOVER_MS = 3_000;

/** How often the owner touches its lock, and how long a lock of another machine or container holds untouched: nobody else sees whether it lives. */
const TOUCH_MS = 2_000;
const UNTOUCHED_MS = 20_000;

/** The machine and the process numbers that a pid belongs to. */
function here(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** Whoever made a lock; `where` tells what its pid means. */
interface Holder extends ProcessIdentity {
  readonly where: string;
}

/**
 * Makes this process the owner of a folder until `release` or its death; a dead owner's lock is taken over.
 * Throws {@link FolderInUse} while another process (or this one, earlier) owns it.
 */
export function lockFolder({ dataDir }: { dataDir: string }): { release(): void } {
  mkdirSync(dataDir, { recursive: true });
  const lock = join(dataDir, 'lock.json');
  const identity = identify(process.pid);
  if (identity === undefined)
    throw new StackError('Cannot read the start time of this process (is /proc mounted?).');
  const self: Holder = { ...identity, where: here() };
  const draft = join(dataDir, `lock.${randomUUID()}`);
  writeFileSync(draft, JSON.stringify(self));
  try {
    for (let attempt = 0; attempt < 1_000; attempt++) {
      // link(2) puts the finished file in place or fails: nobody ever reads half a lock.
      if (tryLink(draft, lock)) return hold(lock, self);
      const holder = readHolder(lock, self.where);
      if (holder !== undefined && holds(lock, holder, self.where))
        throw new FolderInUse({ dataDir, pid: holder.pid, elsewhere: elsewhere(holder, self.where) });
      removeStale(lock, holder);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw new StackError(`Could not lock ${dataDir}. If no other process uses it, remove ${lock}.`);
}

function hold(lock: string, self: Holder): { release(): void } {
  const touching = setInterval(() => touch(lock), TOUCH_MS).unref();
  return {
    release() {
      clearInterval(touching);
      releaseOwn(lock, self);
    },
  };
}

function touch(lock: string): void {
  try {
    utimesSync(lock, new Date(), new Date());
  } catch {
    // A folder that somebody deleted has no owner any more.
  }
}

/** A process of here is seen, one of elsewhere is known by its touch alone. */
function holds(lock: string, holder: Holder, where: string): boolean {
  if (holder.where === where) return isRunning(holder);
  const touchedAt = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Date.now() - touchedAt < UNTOUCHED_MS;
}

function elsewhere(holder: Holder, where: string): string | undefined {
  return holder.where === where ? undefined : holder.where.split(' ')[0];
}

/** The living process of this machine that owns the folder, or nothing. */
export function holderOf({ dataDir }: { dataDir: string }): ProcessIdentity | undefined {
  const where = here();
  const holder = readHolder(join(dataDir, 'lock.json'), where);
  return holder !== undefined && holder.where === where && isRunning(holder) ? holder : undefined;
}

function readHolder(lock: string, where: string): Holder | undefined {
  const value = readObject(lock);
  const identity = identityIn(value);
  const said = value && 'where' in value && typeof value.where === 'string' ? value.where : where;
  return identity && { ...identity, where: said };
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
  return identityIn(readObject(path));
}

function identityIn(value: object | undefined): ProcessIdentity | undefined {
  if (value === undefined || !('pid' in value) || !('startedAt' in value)) return undefined;
  const { pid, startedAt } = value;
  return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : undefined;
}

function readObject(path: string): object | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
