import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canEnter, type Account } from './account.js';
import { StackError } from './errors.js';
import { executableName, runTool } from './executables.js';
import { SHARED_TMP, type PostgresBinaries } from './postgres-binaries.js';

const INIT_TIMEOUT_MS = 120_000;

/** Where a cluster lies and who may enter it. */
export interface Cluster {
  readonly dir: string;
  readonly password: string;
}

/**
 * The cluster of a data folder, made on first use. What is recorded there decides afterwards: its place and its
 * major version; another version is refused, because Postgres cannot read the files of another one.
 */
export async function openCluster(options: {
  readonly dataDir: string;
  readonly binaries: PostgresBinaries;
  readonly account: Account | undefined;
  readonly durable: boolean;
}): Promise<Cluster> {
  const { dataDir, binaries, account, durable } = options;
  const recordFile = join(dataDir, 'postgres.json');
  const record = readRecord(recordFile);
  const password = ownPassword(join(dataDir, 'postgres.password'));
  const home = record?.home ?? homeFor({ dataDir, password, account });
  if (record !== undefined && record.major !== binaries.major) {
    throw new StackError(
      `The database in ${home} was made by Postgres ${record.major}; the one found here is ${binaries.major} ` +
        `(${binaries.binDir}). Run it with Postgres ${record.major}, or move its content with pg_dump, or use ` +
        'another data folder (COUNTERSIGN_DATA).',
      { exitCode: 2 },
    );
  }
  const dir = join(home, 'cluster');
  if (!existsSync(dir)) {
    if (record !== undefined)
      throw new StackError(`The database folder ${dir} is gone; ${recordFile} names it.`);
    makeHome(home, account);
    await initialise({ home, dir, password, binaries, account, durable });
  }
  if (record === undefined) {
    // As the cluster itself says: a kill may have come between its making and this record.
    const major = Number(readFileSync(join(dir, 'PG_VERSION'), 'utf8'));
    writeFileSync(recordFile, JSON.stringify({ major, home }));
    return await openCluster(options);
  }
  return { dir, password };
}

/**
 * Inside the data folder where the account can reach it, else a folder of its own that it can. The password makes
 * the name: a data folder that was deleted and made anew does not meet the cluster of its predecessor.
 */
function homeFor(wish: { dataDir: string; password: string; account: Account | undefined }): string {
  const { dataDir, password, account } = wish;
  if (canEnter(account, dataDir)) return join(dataDir, 'postgres');
  const hash = createHash('sha256').update(dataDir).update(password).digest('hex');
  return join(SHARED_TMP, `countersign-${hash.slice(0, 16)}`);
}

function makeHome(home: string, account: Account | undefined): void {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const found = lstatSync(home);
  const mine = found.isDirectory() && (found.uid === process.getuid?.() || found.uid === account?.uid);
  if (process.platform !== 'win32' && !mine)
    throw new StackError(`${home} belongs to somebody else. Remove it.`);
  if (account !== undefined) chownSync(home, account.uid, account.gid);
  chmodSync(home, 0o700);
}

/** Initialised under another name and renamed, so that a kill in the middle leaves nothing half made. */
async function initialise(options: {
  readonly home: string;
  readonly dir: string;
  readonly password: string;
  readonly binaries: PostgresBinaries;
  readonly account: Account | undefined;
  readonly durable: boolean;
}): Promise<void> {
  const { home, dir, password, binaries, account, durable } = options;
  const draft = join(home, 'draft');
  const passwordFile = join(home, 'initial-password');
  await rm(draft, { recursive: true, force: true });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (account !== undefined) chownSync(passwordFile, account.uid, account.gid);
  try {
    const args = ['-D', draft, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
    const command = join(binaries.binDir, executableName('initdb'));
    const locale = ['--encoding=UTF8', '--locale=C', ...(durable ? [] : ['--no-sync'])];
    await runTool({ command, args: [...args, ...locale], timeoutMs: INIT_TIMEOUT_MS, cwd: home, account });
    await rename(draft, dir);
  } catch (error) {
    throw new StackError(`Could not make a database in ${dir}: ${String(error)}`, { cause: error });
  } finally {
    await rm(passwordFile, { force: true });
  }
}

function ownPassword(path: string): string {
  if (existsSync(path)) return readFileSync(path, 'utf8');
  const password = randomBytes(24).toString('base64url');
  writeFileSync(path, password, { mode: 0o600, flag: 'wx' });
  return password;
}

function readRecord(path: string): { major: number; home: string } | undefined {
  if (!existsSync(path)) return undefined;
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (typeof value === 'object' && value !== null && 'major' in value && 'home' in value) {
    const { major, home } = value;
    if (typeof major === 'number' && typeof home === 'string') return { major, home };
  }
  throw new StackError(`${path} is damaged: it should name the major version and the place of the database.`);
}
