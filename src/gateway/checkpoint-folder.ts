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

/** A folder outside the database; made when missing. Numbers have eight digits or more, so that names sort. */
export function checkpointFolder(folder: string): CheckpointFolder {
  const fileOf = (tenant: TenantId, n: number) => join(folder, tenant, `${String(n).padStart(8, '0')}.jws`);
  const read = async (tenant: TenantId, n: number) => ({
    n,
    jws: (await readFile(fileOf(tenant, n), 'utf8')).trimEnd(),
  });
  return {
    async newest(tenant) {
      const n = (await numbersIn(join(folder, tenant))).at(-1);
      return n === undefined ? undefined : read(tenant, n);
    },
    async write(tenant, n, jws) {
      await mkdir(join(folder, tenant), { recursive: true });
      await writeWhole(fileOf(tenant, n), `${jws}\n`);
      await syncFolder(join(folder, tenant));
    },
    async list(tenant, after, limit) {
      const numbers = (await numbersIn(join(folder, tenant))).filter((n) => n > after).slice(0, limit);
      return Promise.all(numbers.map((n) => read(tenant, n)));
    },
  };
}

async function numbersIn(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);
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
