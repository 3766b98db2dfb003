import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TenantId } from '../../src/domain/ids.js';
import { checkpointFolder } from '../../src/gateway/checkpoint-folder.js';

const ACME = 'acme' as TenantId; // a valid name

vi.mock('node:fs/promises', { spy: true });

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'countersign-shelf-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a folder of checkpoints', () => {
  // Seen to fail: the draft renamed (the second write replaced the first); a draft that stays.
  it('keeps what another gateway wrote under that number meanwhile', async () => {
    const [one, frozen] = [checkpointFolder(folder), checkpointFolder(folder)];
    await one.write(ACME, 1, 'first');
    await expect(frozen.write(ACME, 1, 'late')).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await frozen.newest(ACME)).toEqual({ n: 1, jws: 'first' });
    expect(readdirSync(join(folder, ACME))).toEqual(['00000001.jws']);
  });

  // Seen to fail: the folder read each time.
  it('is read once, not in each round nor for each page', async () => {
    const shelf = checkpointFolder(folder);
    expect(await shelf.newest(ACME)).toBeUndefined();
    for (let n = 1; n <= 5; n++) await shelf.write(ACME, n, `line ${n}`);
    const read = vi.mocked(readdir).mockClear();
    expect(await shelf.newest(ACME)).toEqual({ n: 5, jws: 'line 5' });
    expect((await shelf.list(ACME, 1, 2)).map(({ n }) => n)).toEqual([2, 3]);
    expect(read).not.toHaveBeenCalled();
    expect((await shelf.list(ACME, 3, 4)).map(({ n }) => n)).toEqual([4, 5]);
    expect(read).toHaveBeenCalledOnce();
  });

  // Seen to fail: the number of last time believed without a look at the next; a listing that ends at a gap.
  it('shows what another gateway wrote, and what was taken away', async () => {
    const [one, other] = [checkpointFolder(folder), checkpointFolder(folder)];
    for (const n of [1, 2, 3]) await one.write(ACME, n, `line ${n}`);
    expect(await other.newest(ACME)).toMatchObject({ n: 3 });
    for (const n of [4, 5]) await one.write(ACME, n, `line ${n}`);
    expect(await other.newest(ACME)).toMatchObject({ n: 5 });
    rmSync(join(folder, ACME, '00000002.jws'));
    expect((await one.list(ACME, 0, 3)).map(({ n }) => n)).toEqual([1, 3, 4]);
    rmSync(join(folder, ACME, '00000005.jws'));
    expect(await one.newest(ACME)).toMatchObject({ n: 4 });
    rmSync(join(folder, ACME), { recursive: true });
    expect(await one.newest(ACME)).toBeUndefined();
  });
});
