import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TenantId } from '../../src/domain/ids.js';
import { checkpointFolder } from '../../src/gateway/checkpoint-folder.js';

const ACME = 'acme' as TenantId; // a valid name

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
});
