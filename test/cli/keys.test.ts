import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadGatewayConfig } from '../../src/config.js';
import { readSecretKeys, readSigner, readVerifier } from '../../src/keys.js';
import { testFolder } from '../support/folder.js';
import { run } from './terminal.js';

describe('keys make', () => {
  // Seen to fail: no such command (2); with the settings of signing and public keys exchanged, "not a readable Ed25519 key".
  it('makes keys that a gateway starts with, prints their settings, and keeps them', async () => {
    const dir = join(testFolder(), 'keys');
    const { exit, out } = await run(['keys', 'make', '--dir', dir]);
    expect(exit).toBe(0);
    const settings = Object.fromEntries(
      out
        .trimEnd()
        .split('\n')
        .map((line) => line.split('=')),
    );
    const read = () => Object.values<string>(settings).map((file) => readFileSync(file, 'utf8'));
    const made = read();
    const database = { COUNTERSIGN_DATABASE_URL: 'postgres://u@h/x' };
    const config = loadGatewayConfig({ ...settings, ...database });
    const { kid } = readSigner(config);
    expect(readVerifier(config).keys.keys).toMatchObject([{ kid }]);
    expect(readSecretKeys(config).current).toBe('1');

    const again = await run(['keys', 'make', '--dir', dir, '--json']);
    expect(JSON.parse(again.out)).toEqual(settings);
    expect(read()).toEqual(made);
  });

  // Seen to fail: without its catch, "something failed that should not" and 1.
  it('says why a folder cannot be used', async () => {
    const dir = join(testFolder(), 'mine.txt');
    writeFileSync(dir, 'my own notes');
    expect(await run(['keys', 'make'])).toMatchObject({ exit: 2, err: expect.stringContaining('--dir') });
    expect(await run(['keys', 'make', '--dir', dir])).toMatchObject({
      exit: 2,
      err: expect.stringMatching(
        /^countersign: \S+mine\.txt cannot be used: a part of the path is not a folder/,
      ),
    });
  });
});
