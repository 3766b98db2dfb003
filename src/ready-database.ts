import { CountersignError } from './domain/errors.js';
import { openDatabase, sqlState, type Database } from './store/database.js';
import { requireMigrated } from './store/migrate.js';
import { isUnavailable } from './store/unavailable.js';

/** What stands in the way of a process' start, with the address (never the password) and what to do. */
function startFault(url: string, error: unknown): unknown {
  if (error instanceof CountersignError || !(error instanceof Error)) return error;
  const state = sqlState(error);
  const reason = reasonOf(error, state);
  const at = `The database at ${placeOf(url)} cannot be used: ${reason}.`;
  // Class 28: user or password; 3D000: no such database.
  if (/^28...$|^3D000$|^42501$/.test(state))
    return new CountersignError('config', `${at} Correct COUNTERSIGN_DATABASE_URL.`);
  if (isUnavailable(error) || /SSL|certificate|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH/.test(`${state} ${reason}`))
    return new CountersignError('unreachable', `${at} Start it, or correct COUNTERSIGN_DATABASE_URL.`);
  return error;
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the host name cannot be looked up now',
  ECONNRESET: 'what listens there closed the connection',
};

/** A connection tried on several addresses fails with an error that has no message of its own. */
function reasonOf(error: Error, state: string): string {
  return WORDS[state] ?? (error.message.replace(/\.$/, '') || state || error.name);
}

function placeOf(url: string): string {
  if (!URL.canParse(url)) return 'COUNTERSIGN_DATABASE_URL';
  const { hostname, port, pathname } = new URL(url);
  return `${hostname || 'localhost'}:${port || '5432'}${pathname}`;
}

/** Runs the first work on a database; what its address, its server or its rights spoil is told as `config` or `unreachable`. */
export async function firstUse<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw startFault(url, error);
  }
}

/** A database that answers and has the tables of this version. Throws `unreachable` or `config` and leaves nothing open. */
export async function openReadyDatabase(options: Parameters<typeof openDatabase>[0]): Promise<Database> {
  const database = openDatabase(options);
  try {
    await firstUse(options.url, () => requireMigrated(database));
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}
