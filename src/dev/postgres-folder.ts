import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, isAbsolute, join, resolve } from 'node:path';
import { canEnter, type Account } from './account.js';
import { StackError } from './errors.js';
import { executableName, runTool } from './executables.js';
import { SHARED_TMP, type PostgresBinaries } from './postgres-binaries.js';

const INIT_TIMEOUT_MS = 120_000;

/** Where a cluster lies and who may enter it. */
export interface Cluster {
  /** Everything of it; outside of the data folder where the account of Postgres cannot enter that. */
  readonly home: string;
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
  const password = ownPassword(join(dataDir, 'postgres.password'), record !== undefined);
  if (record !== undefined) claimFor(dataDir, record, recordFile);
  const home = resolve(dataDir, record?.home ?? homeFor({ dataDir, password, account }));
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
    const inside = home === join(dataDir, INSIDE);
    writeWhole(recordFile, JSON.stringify({ major, home: inside ? INSIDE : home, of: dataDir }));
    return await openCluster(options);
  }
  return { home, dir, password };
}

/** The usual place, relative to the data folder: so it goes where that goes. */
const INSIDE = 'postgres';

/** A copy of a data folder must not work on the database of the original, where that lies outside of it; one that was moved may. */
function claimFor(dataDir: string, record: Recorded, recordFile: string): void {
  const { home, of } = record;
  if (!isAbsolute(home) || of === dataDir) return;
  if (of === undefined || !existsSync(join(of, 'postgres.json')))
    return writeWhole(recordFile, JSON.stringify({ ...record, of: dataDir }));
  throw new StackError(
    `The data folder ${dataDir} is a copy of ${of}, whose database lies outside of it, in ${home}. Give this one a new folder (COUNTERSIGN_DATA), and move what you need with pg_dump.`,
    { exitCode: 2 },
  );
}

/**
 * Inside the data folder where the account can reach it, else a folder of its own that it can. The password makes
 * the name: a data folder that was deleted and made anew does not meet the cluster of its predecessor.
 */
function homeFor(wish: { dataDir: string; password: string; account: Account | undefined }): string {
  const { dataDir, password, account } = wish;
  if (canEnter(account, dataDir)) return INSIDE;
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

/** Made once; what a full disk left empty is made again while nothing was made with it. */
function ownPassword(path: string, used: boolean): string {
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (before !== '') return before;
  if (used)
    throw new StackError(`${path} is empty: it held the password of the database beside it. Restore it.`);
  const password = randomBytes(24).toString('base64url');
  writeWhole(path, password);
  return password;
}

/** Under another name first: a kill or a full disk in the middle leaves nothing half written. */
function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.draft`, text, { mode: 0o600 });
  renameSync(`${path}.draft`, path);
}

/** What `postgres.json` says: where the cluster lies, relative to the data folder or outside of it, and whose it is. */
interface Recorded {
  readonly major: number;
  readonly home: string;
  readonly of?: string;
}

function readRecord(path: string): Recorded | undefined {
  if (!existsSync(path)) return undefined;
  const value = parsed(readFileSync(path, 'utf8'));
  if (typeof value === 'object' && value !== null && 'major' in value && 'home' in value) {
    const { major, home } = value;
    const of = 'of' in value && typeof value.of === 'string' ? { of: value.of } : {};
    // Records of before named the usual place by its whole path.
    if (typeof major === 'number' && typeof home === 'string')
      return { major, home: basename(home) === INSIDE ? INSIDE : home, ...of };
  }
  throw new StackError(`${path} is damaged: it should name the major version and the place of the database.`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
