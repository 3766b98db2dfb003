import type { GatewayConfig, WorkerConfig } from './config.js';
import { parseSecretKeys, type SecretKeys } from './contract/seal.js';
import { statSync } from 'node:fs';
import { createSigner, createVerifier, parseKeySet, type Signer, type Verifier } from './contract/sign.js';
import { embeddedFiles } from './dev/embedded.js';
import { CountersignError } from './domain/errors.js';
import { readTextFile } from './text-file.js';

type KeyFiles = Pick<WorkerConfig, 'dataDir' | 'verifyKeysFile' | 'secretsKeyFile'>;

/**
 * Checks records with the public keys of all gateways. Before a record is unacceptable, and when somebody asks for the keys, the file is looked
 * at, and read again if it is another one by now: what a new key signs is no forgery to a process that runs since before it was added. A file
 * that no longer fits leaves the keys as they are. Throws `config` that names the setting and the file. So do the others.
 */
export function readVerifier(config: KeyFiles): Verifier {
  const path = verifyKeysOf(config);
  let seen = stateOf(path);
  const read = () =>
    readKey('COUNTERSIGN_VERIFY_KEYS_FILE', path, (text) => createVerifier(parseKeySet(text)));
  let verifier = read();
  const readAgain = () => {
    const now = stateOf(path);
    if (now === seen) return false;
    try {
      verifier = read();
    } catch (error) {
      if (error instanceof CountersignError) return false; // perhaps it is being written: the next look finds it whole
      throw error;
    }
    seen = now;
    return true;
  };
  return {
    get keys() {
      readAgain();
      return verifier.keys;
    },
    verify: (kind, jws) =>
      verifier.verify(kind, jws) ?? (readAgain() ? verifier.verify(kind, jws) : undefined),
  };
}

function verifyKeysOf({ dataDir, verifyKeysFile }: KeyFiles): string {
  return verifyKeysFile ?? embeddedFiles(dataDir).verifyKeys;
}

/** Another one after every change, also by a rename or a link that leads elsewhere; empty while there is none. */
function stateOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.ino} ${stats.mtimeMs} ${stats.size}`;
}

/** The keys of stored secrets. */
export function readSecretKeys(config: KeyFiles): SecretKeys {
  const path = config.secretsKeyFile ?? embeddedFiles(config.dataDir).secretsKey;
  return readKey('COUNTERSIGN_SECRETS_KEY_FILE', path, parseSecretKeys);
}

/** The signing key of a gateway. */
export function readSigner(config: Pick<GatewayConfig, 'dataDir' | 'signingKeyFile'>): Signer {
  const path = config.signingKeyFile ?? embeddedFiles(config.dataDir).signingKey;
  return readKey('COUNTERSIGN_SIGNING_KEY_FILE', path, (privateKey) => createSigner({ privateKey }));
}

/** The API key of the planner `model`; null when its endpoint takes none. No message quotes it. */
export function readModelKey({ keyFile }: NonNullable<WorkerConfig['model']>): string | null {
  if (keyFile === undefined) return null;
  return readKey('COUNTERSIGN_MODEL_KEY_FILE', keyFile, oneLine, 'Name the file that holds the API key');
}

/** The bot token of the Slack app. No message quotes it. */
export function readSlackToken(file: string): string {
  return readKey('COUNTERSIGN_SLACK_TOKEN_FILE', file, oneLine, 'Name the file that holds the bot token');
}

/** What the Slack app signs with. No message quotes it. */
export function readSlackSecret(file: string): string {
  const todo = 'Name the file that holds the signing secret';
  return readKey('COUNTERSIGN_SLACK_SIGNING_SECRET_FILE', file, oneLine, todo);
}

function oneLine(text: string): string {
  if (/^[\x21-\x7e]{1,4096}$/.test(text.trim())) return text.trim();
  throw new CountersignError('config', 'it must hold one key, a line of visible ASCII characters');
}

function readKey<Key>(
  setting: string,
  path: string,
  parse: (text: string) => Key,
  todo = 'Name the key file, or make one with `countersign keys make`',
): Key {
  const text = readTextFile(path, `${todo} (${setting}).`, 'config');
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    throw new CountersignError('config', `${setting}, ${path}: ${error.message}. ${todo}.`);
  }
}
