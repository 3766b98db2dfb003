import { StackError } from './errors.js';

/** Where a server may come from. `environment` is handed to the tools that build it (go, mvn). */
export interface ServerSearch {
  readonly cacheDir: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly temporalCli?: string | undefined;
  readonly testServer?: string | undefined;
  readonly log?: (line: string) => void;
  /** How long a download may take to answer at all; default 4 s. */
  readonly probeTimeoutMs?: number;
  /** Where the SDK's downloads come from; tests point it elsewhere. */
  readonly downloadUrl?: string;
  /** Aborted: a build or download that may take minutes ends at once. */
  readonly stopping?: AbortSignal | undefined;
  /** Epoch milliseconds; default the process's clock. */
  readonly now?: () => number;
}

/** This way does not work here, for a reason worth listing; the search goes on. Any other error ends it. */
export class NotHere extends Error {}

/** One place to look: its name for the person, and the attempt. */
export interface Way<T> {
  readonly name: string;
  readonly find: () => Promise<T>;
}

/** The first way that works, in order; else one error that lists every way and why it did not work. */
export async function firstFound<T>(search: {
  readonly what: string;
  readonly ways: readonly Way<T>[];
}): Promise<T> {
  const reasons: string[] = [];
  for (const way of search.ways) {
    try {
      return await way.find();
    } catch (error) {
      if (!(error instanceof NotHere)) throw error;
      reasons.push(`  ${way.name}: ${error.message}`);
    }
  }
  throw new StackError([`No ${search.what} found. Tried, in this order:`, ...reasons].join('\n'));
}
