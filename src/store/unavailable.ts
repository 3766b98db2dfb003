import { sqlState } from './database.js';

const NETWORK = new Set(
  'ECONNREFUSED ECONNRESET ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH ETIMEDOUT EPIPE ENOENT'.split(' '),
);

/** Whether the database could not be reached or could not work at all, so that trying again later can help. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const state = sqlState(error);
  // Class 08 connection, 53 resources (disk full too), 57P0x shutdown, 25P03 idle too long in a transaction, 25006 read-only
  // (what was the primary before a failover), 55P03 waited too long for a lock, 57014 took too long.
  if (NETWORK.has(state) || /^(08|53)...$|^57P0.$|^57014$|^25P03$|^25006$|^55P03$/.test(state)) return true;
  return /timeout exceeded when trying to connect|Query read timeout|Connection terminated|Client has encountered a connection error/.test(
    error.message,
  );
}
