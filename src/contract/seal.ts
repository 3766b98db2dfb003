import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { CountersignError } from '../domain/errors.js';
import type { TenantId } from '../domain/ids.js';
import type { Json } from '../domain/action.js';
import { maskedSecrets, replaceSecrets, scrubberOf, secretMac } from './secret.js';
import { parseStrictJson } from './strict-json.js';

const key = z
  .base64url()
  .refine((text) => Buffer.from(text, 'base64url').length === 32, 'must be 32 bytes of base64url');
const keyFile = z
  .strictObject({
    /** Encrypts what is stored from now on. */
    current: z.string().regex(/^[A-Za-z0-9_-]{1,32}$/),
    /** AES-256 keys by id; old ones stay to decrypt what they encrypted. */
    keys: z.record(z.string().regex(/^[A-Za-z0-9_-]{1,32}$/), key),
    /** The key of secretMac; never rotated, since digests depend on it. */
    mac: key,
  })
  .refine((file) => Object.hasOwn(file.keys, file.current), '`current` must name one of `keys`');

/** The keys of stored secrets, as gateway and workers hold them. */
export interface SecretKeys {
  readonly current: string;
  readonly keys: ReadonlyMap<string, Uint8Array>;
  readonly mac: Uint8Array;
}

/** Whose secret it is, and under which reference: bound to the cipher text, so that rows cannot be exchanged. */
export interface SecretPlace {
  readonly tenant: TenantId;
  readonly reference: string;
}

/** The text of a new key file. */
export function generateSecretKeys(): string {
  const fresh = () => randomBytes(32).toString('base64url');
  return `${JSON.stringify({ current: '1', keys: { '1': fresh() }, mac: fresh() }, null, 2)}\n`;
}

/** Reads a key file's text. Throws CountersignError `config`, without any part of the keys in its message. */
export function parseSecretKeys(text: string): SecretKeys {
  const json = parseStrictJson(text, { bytes: 65_536 });
  const parsed = 'value' in json ? keyFile.safeParse(json.value) : undefined;
  if (!parsed?.success) {
    const where =
      parsed?.error.issues.map((issue) => `${issue.path.join('.') || 'file'}: ${issue.message}`).join('; ') ??
      'not JSON';
    throw new CountersignError(
      'config',
      `the secrets key file does not fit {"current", "keys": {id: key}, "mac"}: ${where}`,
    );
  }
  const { current, keys, mac } = parsed.data;
  return {
    current,
    keys: new Map(Object.entries(keys).map(([id, text]) => [id, bytes(text)])),
    mac: bytes(mac),
  };
}

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64url'));
}

/** AES-256-GCM, NIST SP 800-38D, with a random 96-bit nonce: `1.{key id}.{nonce}.{cipher text and tag}`. */
export function sealSecret(keys: SecretKeys, place: SecretPlace, value: string): string {
  const secret = keys.keys.get(keys.current);
  if (!secret) throw new CountersignError('config', `the secrets key file has no key ${keys.current}`);
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(aad(place));
  const sealed = Buffer.concat([cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return ['1', keys.current, nonce.toString('base64url'), sealed.toString('base64url')].join('.');
}

/** The value again. Throws CountersignError `internal` when it was altered, moved, or its key is gone. */
export function openSecret(keys: SecretKeys, place: SecretPlace, sealed: string): string {
  const [form, id = '', nonce = '', text = ''] = sealed.split('.');
  const secret = keys.keys.get(id);
  if (form !== '1' || !secret)
    throw new CountersignError(
      'internal',
      `a stored secret is under key ${id}, which the secrets key file lacks`,
    );
  const data = Buffer.from(text, 'base64url');
  try {
    const decipher = createDecipheriv('aes-256-gcm', secret, Buffer.from(nonce, 'base64url'), {
      authTagLength: 16,
    });
    decipher.setAAD(aad(place)).setAuthTag(data.subarray(-16));
    return Buffer.concat([decipher.update(data.subarray(0, -16)), decipher.final()]).toString('utf8');
  } catch {
    throw new CountersignError('internal', 'a stored secret was altered: restore the table from a backup');
  }
}

/** Arguments without their secrets. */
export interface TakenSecrets {
  /** A reference stands in the place of every secret. */
  readonly args: Json;
  /** To be stored with them. */
  readonly secrets: readonly { readonly reference: string; readonly sealed: string }[];
  /** Masks the same secrets where a text beside the arguments repeats them. */
  readonly scrub: (text: string) => string;
  /** The secrets themselves, to mask them in texts beside other calls (scrubberOf). */
  readonly values: readonly string[];
}

/** Takes the strings that the schema marks as secret out of arguments. Throws `invalid` when they hold a reference, or a mask as a secret. */
export function takeSecrets(
  keys: SecretKeys,
  call: { readonly tenant: TenantId; readonly schema: Json; readonly args: Json },
): TakenSecrets {
  refuseMasks(call.schema, call.args);
  const values = new Map<string, string>();
  const args = replaceSecrets(call.schema, call.args, (value) => {
    const reference = secretMac(keys.mac, value);
    values.set(reference, value);
    return reference;
  });
  const secrets = [...values].map(([reference, value]) => ({
    reference,
    sealed: sealSecret(keys, { tenant: call.tenant, reference }, value),
  }));
  const plain = [...values.values()];
  return { args, secrets, scrub: scrubberOf(plain), values: plain };
}

/** Throws `invalid` with the places where a mask stands as a secret. */
export function refuseMasks(schema: Json, args: Json): void {
  const problems = maskedSecrets(schema, args);
  if (problems.length === 0) return;
  throw new CountersignError(
    'invalid',
    'A mask is no secret. An edit keeps a secret by its mask only where it was, and in a list or an entry only while all of that is left as it was: see `problems`.',
    { problems: problems.slice(0, 20) },
  );
}

function aad(place: SecretPlace): Buffer {
  return Buffer.from(JSON.stringify(['countersign/secret/1', place.tenant, place.reference]), 'utf8');
}
