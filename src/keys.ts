import type { GatewayConfig, WorkerConfig } from './config.js';
import { parseSecretKeys, type SecretKeys } from './contract/seal.js';
import { createSigner, createVerifier, parseKeySet, type KeySet, type Signer } from './contract/sign.js';
import { embeddedFiles } from './dev/embedded.js';
import { CountersignError } from './domain/errors.js';
import { readTextFile } from './text-file.js';

type KeyFiles = Pick<WorkerConfig, 'dataDir' | 'verifyKeysFile' | 'secretsKeyFile'>;

/** The public keys of all gateways. Throws `config` that names the setting and the file. So do the others. */
export function readVerifyKeys(config: KeyFiles): KeySet {
  const path = config.verifyKeysFile ?? embeddedFiles(config.dataDir).verifyKeys;
  return readKey('COUNTERSIGN_VERIFY_KEYS_FILE', path, (text) => {
    const keys = parseKeySet(text);
    createVerifier(keys);
    return keys;
  });
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
  todo = 'Name the key file, or let `countersign dev` make one',
): Key {
  const text = readTextFile(path, `${todo} (${setting}).`, 'config');
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    throw new CountersignError('config', `${setting}, ${path}: ${error.message}. ${todo}.`);
  }
}
