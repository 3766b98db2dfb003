import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSecretKeys } from '../../src/contract/seal.js';
import { createSigner, createVerifier, parseKeySet } from '../../src/contract/sign.js';
import { makeKeyFiles } from '../../src/dev/key-files.js';
import { testFolder } from '../support/folder.js';

describe('the key files of an installation', () => {
  it('fit each other, are readable by their owner only, and stay', () => {
    const dir = testFolder();
    const folders = { signingDir: join(dir, 'signing'), sharedDir: join(dir, 'shared') };
    const files = ['signing/signing.json', 'shared/verify.json', 'shared/secrets.json'].map((name) =>
      join(dir, name),
    );
    const read = () => files.map((file) => readFileSync(file, 'utf8'));
    makeKeyFiles(folders);
    const [signing = '', verify = '', secrets = ''] = read();
    const signer = createSigner({ privateKey: signing });
    const jws = signer.sign('decision', { aud: 'countersign', a: 1 });
    expect(createVerifier(parseKeySet(verify)).verify('decision', jws)).toMatchObject({ a: 1 });
    expect(parseSecretKeys(secrets).current).toBe('1');
    expect(files.map((file) => statSync(file).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
    expect(verify).not.toContain('"d"');

    makeKeyFiles(folders);
    expect(read()).toEqual([signing, verify, secrets]);
    rmSync(join(dir, 'shared', 'verify.json'));
    makeKeyFiles(folders);
    expect(createVerifier(parseKeySet(read()[1] ?? '')).verify('decision', jws)).toMatchObject({ a: 1 });
  });
});
