import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CountersignError } from '../domain/errors.js';
import { fileFault, readTextFile } from '../text-file.js';

/**
 * The signed checkpoints in the folder of one tenant, oldest first. Throws `usage` for one that holds none: it would vouch for nothing, and
 * is most likely the folder above that of `tenant`.
 */
export function readCheckpointFiles(folder: string, tenant: string | undefined): string[] {
  const names = namesIn(folder).filter(isCheckpoint);
  if (names.length === 0) throw none(folder, tenant);
  return names
    .toSorted()
    .map((name) => readTextFile(join(folder, name), 'It is one of the checkpoints.').trimEnd());
}

function none(folder: string, tenant: string | undefined): CountersignError {
  const tenants = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && namesIn(join(folder, entry.name)).some(isCheckpoint))
    .map(({ name }) => name);
  const such = tenants.find((name) => name === tenant) ?? tenants[0];
  return usage(
    `${folder} holds no checkpoint (.jws). Name the folder of one tenant's checkpoints${such === undefined ? '' : `, such as ${join(folder, such)}`}.`,
  );
}

const isCheckpoint = (name: string) => name.endsWith('.jws');

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw usage(
      `${folder} cannot be read: ${fileFault(error)}. Name the folder of one tenant's checkpoints.`,
    );
  }
}

function usage(detail: string): CountersignError {
  return new CountersignError('usage', detail);
}
