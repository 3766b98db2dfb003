import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { holderOf } from './folder-lock.js';

/** What another shell may know of the stack of a data folder: addresses, no secrets. */
export interface StackAddresses {
  readonly pid: number;
  readonly temporalAddress: string;
  readonly uiUrl: string;
  /** Without user and password: those are in `postgres.password` (0600) beside it. */
  readonly database: { readonly host: string; readonly port: number; readonly name: string } | undefined;
  /** Set once the gateway runs. */
  readonly gatewayUrl: string | undefined;
}

const fileOf = (dataDir: string) => join(dataDir, 'stack.json');

/** The addresses of the running stack of this folder; nothing if none runs. */
export function readStack({ dataDir }: { dataDir: string }): StackAddresses | undefined {
  const written = readAddresses(fileOf(dataDir));
  return written !== undefined && holderOf({ dataDir })?.pid === written.pid ? written : undefined;
}

/** The addresses that the last stack of this folder wrote, running or not. */
export function readEarlierStack({ dataDir }: { dataDir: string }): StackAddresses | undefined {
  return readAddresses(fileOf(dataDir));
}

/** Puts the file in place in one step: a reader sees the old one or the new one. */
export function writeStack(file: { dataDir: string; addresses: StackAddresses }): void {
  const draft = `${fileOf(file.dataDir)}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(file.addresses, null, 2)}\n`);
  renameSync(draft, fileOf(file.dataDir));
}

/** The database URL of the running embedded stack, with its password: for processes of the same owner. */
export function readDatabaseUrl({ dataDir }: { dataDir: string }): string | undefined {
  const database = readStack({ dataDir })?.database;
  if (database === undefined) return undefined;
  const password = readFileSync(join(dataDir, 'postgres.password'), 'utf8');
  return `postgres://postgres:${password}@${database.host}:${database.port}/${database.name}`;
}

function readAddresses(path: string): StackAddresses | undefined {
  try {
    const value: StackAddresses = JSON.parse(readFileSync(path, 'utf8'));
    return typeof value.pid === 'number' ? value : undefined;
  } catch {
    return undefined;
  }
}
