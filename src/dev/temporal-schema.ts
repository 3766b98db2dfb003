import { join } from 'node:path';
import pg from 'pg';
import { onPath, runTool } from './executables.js';
import { NotHere, type ServerSearch } from './search.js';

const MODULE = 'go.temporal.io/server';
const TOOL_TIMEOUT_MS = 120_000;

/** The folder of the Postgres schema in the Go module of that server version, fetched if it is not there. */
export async function schemaFolder(source: { version: string; search: ServerSearch }): Promise<string> {
  const { version, search } = source;
  const go = onPath('go', search.environment);
  if (go === undefined) throw new NotHere('no `go` on PATH, which brings the schema files');
  const told = await runTool({
    command: go,
    args: ['mod', 'download', '-json', `${MODULE}@${version}`],
    timeoutMs: 10 * 60_000,
    cwd: '/',
    environment: search.environment,
  });
  const found: { Dir?: string } = JSON.parse(told);
  if (found.Dir === undefined) throw new NotHere(`Go did not say where ${MODULE} lies`);
  return join(found.Dir, 'schema', 'postgresql', 'v12');
}

/** Makes a database for the server if it is missing, and brings its schema up to the server's version. */
export async function prepareTemporalDatabase(options: {
  readonly databaseUrl: string;
  readonly name: string;
  readonly sqlTool: string;
  /** The folder with `versioned` in it. */
  readonly schemaDir: string;
  readonly search: ServerSearch;
}): Promise<void> {
  const { databaseUrl, name, sqlTool, schemaDir, search } = options;
  const url = new URL(databaseUrl);
  const exists = await rows(databaseUrl, 'select 1 from pg_database where datname = $1', [name]);
  if (exists === 0) await rows(databaseUrl, `create database ${pg.escapeIdentifier(name)}`);
  const own = new URL(databaseUrl);
  own.pathname = `/${name}`;
  const versioned = await rows(own.href, `select 1 from pg_tables where tablename = 'schema_version'`);
  const environment = {
    ...search.environment,
    SQL_PLUGIN: 'postgres12',
    SQL_HOST: url.hostname,
    SQL_PORT: url.port || '5432',
    SQL_USER: decodeURIComponent(url.username),
    SQL_PASSWORD: decodeURIComponent(url.password),
    SQL_DATABASE: name,
  };
  const run = (args: readonly string[]) =>
    runTool({ command: sqlTool, args, timeoutMs: TOOL_TIMEOUT_MS, cwd: '/', environment });
  if (versioned === 0) await run(['setup-schema', '-v', '0.0']);
  await run(['update-schema', '-d', join(schemaDir, 'versioned')]);
}

async function rows(url: string, sql: string, values: readonly string[] = []): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql, [...values])).rowCount ?? 0;
  } finally {
    await client.end();
  }
}
