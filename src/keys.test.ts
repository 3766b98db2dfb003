import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AUDIENCE, createSigner, generateSigningKey, type SigningKey } from './contract/sign.js';
import { readVerifier } from './keys.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-keys-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const fileOf = () => join(folder, 'verify.json');
const write = (...keys: readonly SigningKey[]) =>
  writeFileSync(fileOf(), JSON.stringify({ keys: keys.map(({ publicKey }) => publicKey) }));
const signed = ({ privateKey }: SigningKey) =>
  createSigner({ privateKey }).sign('decision', { aud: AUDIENCE, verb: 'approve' });
const opened = () => readVerifier({ dataDir: folder, verifyKeysFile: fileOf(), secretsKeyFile: undefined });

/** Seen to fail: keys that are read at the start alone; what the new one signs is a forgery until the worker is restarted. */
describe('a verifier of a running process', () => {
  const [old, added, foreign] = [generateSigningKey(), generateSigningKey(), generateSigningKey()];

  it('knows a key that was added to its file since, and the one before', () => {
    write(old);
    const verifier = opened();
    expect(verifier.verify('decision', signed(added))).toBeUndefined();
    write(old, added);
    expect(verifier.verify('decision', signed(added))).toMatchObject({ verb: 'approve' });
    expect(verifier.verify('decision', signed(old))).toMatchObject({ verb: 'approve' });
    expect(verifier.keys.keys.map(({ kid }) => kid)).toEqual([old.kid, added.kid]);
    expect(verifier.verify('decision', signed(foreign))).toBeUndefined();
  });

  it('keeps its keys while its file is gone or broken, and finds it whole afterwards', () => {
    write(old);
    const verifier = opened();
    for (const spoil of [() => rmSync(fileOf()), () => writeFileSync(fileOf(), '{"keys": [')]) {
      spoil();
      expect(verifier.verify('decision', signed(added))).toBeUndefined();
      expect(verifier.verify('decision', signed(old))).toMatchObject({ verb: 'approve' });
    }
    write(old, added);
    expect(verifier.verify('decision', signed(added))).toMatchObject({ verb: 'approve' });
  });

  it('does not open without its file', () => {
    expect(opened).toThrow(/COUNTERSIGN_VERIFY_KEYS_FILE/);
  });
});
