import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateSecretKeys } from '../contract/seal.js';
import { generateSigningKey } from '../contract/sign.js';

/**
 * Makes the keys of an installation where they are missing; what is there stays. `signing.json` goes to its own
 * folder, because only the gateway may read it; `verify.json` and `secrets.json` are for gateway and workers.
 */
export function makeKeyFiles({ signingDir, sharedDir }: { signingDir: string; sharedDir: string }): void {
  for (const dir of [signingDir, sharedDir]) mkdirSync(dir, { recursive: true, mode: 0o700 });
  const signing = join(signingDir, 'signing.json');
  const verify = join(sharedDir, 'verify.json');
  if (!existsSync(signing)) put(signing, JSON.stringify(generateSigningKey().privateKey, null, 2));
  if (!existsSync(verify)) {
    const { d: _private, ...publicKey }: Record<string, unknown> = JSON.parse(readFileSync(signing, 'utf8'));
    put(verify, JSON.stringify({ keys: [publicKey] }, null, 2));
  }
  const secrets = join(sharedDir, 'secrets.json');
  if (!existsSync(secrets)) put(secrets, generateSecretKeys());
}

/** In one step: a key file is there completely or not at all. */
function put(path: string, text: string): void {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, path);
}
