import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { TenantId } from '../domain/ids.js';
import type { CheckpointShelf } from './deps.js';

/** Signed checkpoints as numbered files, one folder per tenant: `{folder}/{tenant}/00000001.jws`. */
export interface CheckpointFolder extends CheckpointShelf {
  /** The newest of a tenant; undefined when there is none. Throws when the folder cannot be read. */
  newest(tenant: TenantId): Promise<{ readonly n: number; readonly jws: string } | undefined>;
  /** Writes the next one so that it is there whole or not at all, also after a power cut. Throws `EEXIST` when there is one of that number. */
  write(tenant: TenantId, n: number, jws: string): Promise<void>;
}

const NAME = /^(\d{8,})\.jws$/;

/**
 * A folder outside the database; made when missing. Numbers have eight digits or more, so that names sort. A folder of months is long: it is
 * read at the start, when another gateway wrote, and at the end of a listing; else files are found by their names.
 */
export function checkpointFolder(folder: string): CheckpointFolder {
  const fileOf = (tenant: TenantId, n: number) => join(folder, tenant, `${String(n).padStart(8, '0')}.jws`);
  const read = async (tenant: TenantId, n: number) => ({
    n,
    jws: (await readFile(fileOf(tenant, n), 'utf8')).trimEnd(),
  });
  const last = new Map<TenantId, number>();
  const readAll = (tenant: TenantId, numbers: readonly number[]) =>
    Promise.all(numbers.map((n) => read(tenant, n)));
  return {
    async newest(tenant) {
      const known = last.get(tenant);
      if (known !== undefined) {
        const [still, next] = await Promise.all(
          [known, known + 1].map((n) => unlessMissing(read(tenant, n))),
        );
        if (still !== undefined && next === undefined) return still;
      }
      const n = (await numbersIn(join(folder, tenant))).reduce((most, each) => Math.max(most, each), 0);
      last.set(tenant, n);
      return n === 0 ? undefined : read(tenant, n);
    },
    async write(tenant, n, jws) {
      await mkdir(join(folder, tenant), { recursive: true });
      await writeWhole(fileOf(tenant, n), `${jws}\n`);
      await syncFolder(join(folder, tenant));
      last.set(tenant, n);
    },
    async list(tenant, after, limit) {
      const following = Array.from({ length: limit }, (_, at) => after + 1 + at);
      const page = await unlessMissing(readAll(tenant, following));
      if (page !== undefined) return page;
      const numbers = (await numbersIn(join(folder, tenant))).filter((n) => n > after); // the last page, or one is gone
      return readAll(tenant, numbers.toSorted((a, b) => a - b).slice(0, limit));
    },
  };
}

/** Undefined when there is no such file. */
async function unlessMissing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function numbersIn(folder: string): Promise<number[]> {
  const names = (await unlessMissing(readdir(folder))) ?? [];
  return names.flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number);
}

/** A link, unlike a rename, never replaces what another gateway wrote meanwhile. */
async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(draft, 'wx', 0o644);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, path);
  } finally {
    await unlink(draft).catch(() => undefined); // a draft is read by nobody
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
