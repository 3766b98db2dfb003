import type pg from 'pg';
import { childrenOf, statOf } from './proc.js';

/** The application name of the bench's own connections: what they use is nobody's share. */
export const BENCH = 'countersign-bench';

/** CPU time of Postgres, ms, by what its processes serve. */
export type PostgresShares = Readonly<Record<'temporal' | 'countersign' | 'background' | 'bench', number>>;
type Share = keyof PostgresShares;

/** What is known of the processes of a Postgres at one moment. */
export interface Sighting {
  /** CPU of the first process and of all its children that have ended. */
  readonly rootMs: number;
  readonly endedMs: number;
  readonly living: readonly { readonly pid: number; readonly share: Share; readonly ms: number }[];
}

/**
 * Splits the CPU time of one Postgres by what its processes serve, although they come and go: one that ended counts with what was last
 * seen of it, and what it used after that is background's. Look often enough for this to be little.
 */
export class ShareLedger {
  readonly #seen = new Map<number, { share: Share; ms: number }>();
  readonly #ended: Record<Share, number> = { temporal: 0, countersign: 0, background: 0, bench: 0 };
  #first: number | undefined;

  look(sighting: Sighting): PostgresShares {
    const now = new Set(sighting.living.map((process) => process.pid));
    for (const [pid, { share, ms }] of this.#seen) {
      if (now.has(pid)) continue;
      this.#ended[share] += ms;
      this.#seen.delete(pid);
    }
    for (const { pid, share, ms } of sighting.living) this.#seen.set(pid, { share, ms });
    const shares: Record<Share, number> = { ...this.#ended };
    const known = Object.values(this.#ended).reduce((total, ms) => total + ms, 0);
    this.#first ??= sighting.endedMs - known;
    shares.background += sighting.rootMs + Math.max(0, sighting.endedMs - this.#first - known);
    for (const { share, ms } of this.#seen.values()) shares[share] += ms;
    return shares;
  }
}

/** Reads the shares of a running Postgres. */
export interface PostgresMeter {
  read(): Promise<PostgresShares>;
}

/** A meter over `client`, an open connection to any database of the server whose first process is `pid`. */
export function postgresMeter(options: { pid: number; client: pg.Client; ours: string }): PostgresMeter {
  const { pid, client, ours } = options;
  const ledger = new ShareLedger();
  const shares = new Map<number, Share>();
  return {
    async read() {
      const children = childrenOf(pid);
      if (children.some((child) => !shares.has(child))) {
        // Whoever is still logging in has no database yet: look again next time.
        const { rows } = await client.query<{ pid: number; datname: string | null; name: string }>(
          `select pid, datname, application_name as name from pg_stat_activity
           where backend_type <> 'client backend' or datname is not null`,
        );
        for (const row of rows) shares.set(row.pid, shareOf(row, ours));
      }
      const root = statOf(pid);
      const living = children.flatMap((child) => {
        const stat = statOf(child);
        return stat ? [{ pid: child, share: shares.get(child) ?? 'background', ms: stat.ownMs }] : [];
      });
      return ledger.look({ rootMs: root?.ownMs ?? 0, endedMs: root?.endedChildrenMs ?? 0, living });
    },
  };
}

function shareOf(row: { datname: string | null; name: string }, ours: string): Share {
  if (row.name === BENCH) return 'bench';
  if (row.datname === null) return 'background';
  if (row.datname === ours) return 'countersign';
  return row.datname.startsWith('temporal') ? 'temporal' : 'background';
}
