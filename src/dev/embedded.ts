import { join } from 'node:path';
import { CountersignError } from '../domain/errors.js';
import { readDatabaseUrl } from './stack-file.js';

/** Where the embedded stack keeps its keys and tokens; all 0600, made by `countersign dev`. */
export function embeddedFiles(dataDir: string) {
  return {
    signingKey: join(dataDir, 'keys', 'signing.json'),
    verifyKeys: join(dataDir, 'keys', 'verify.json'),
    secretsKey: join(dataDir, 'keys', 'secrets.json'),
    tokens: join(dataDir, 'tokens.json'),
    checkpoints: join(dataDir, 'checkpoints'),
  };
}

/** The configured database, or the embedded one of the data folder. Throws `config` when there is neither. */
export function databaseUrlOf(config: {
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
}): string {
  const url = config.databaseUrl ?? readDatabaseUrl({ dataDir: config.dataDir });
  if (url !== undefined) return url;
  throw new CountersignError(
    'config',
    `there is no database: set COUNTERSIGN_DATABASE_URL, or start the embedded stack of ${config.dataDir} with \`countersign dev\``,
  );
}
