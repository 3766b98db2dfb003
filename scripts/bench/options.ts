import { parseArgs } from 'node:util';

/** What one call of the bench is to measure. */
export interface BenchOptions {
  readonly server: 'dev' | 'real';
  /** Runs of each side at each concurrency; at least eight rounds of all slots are made. */
  readonly runs: number;
  readonly concurrency: readonly number[];
  /** How often each side gets its turn at each concurrency. */
  readonly blocks: number;
  readonly json: boolean;
  /** So many waiting tasks of each side instead of a load. */
  readonly park: number | undefined;
  /** How long each window is in which idle CPU is watched with `park`, seconds. */
  readonly idleSeconds: number;
  readonly profile: boolean;
  /** Verdicts a second of one core, without any server. */
  readonly verdicts: boolean;
  /** What a reviewer's pages cost over so many open questions. */
  readonly desk: number | undefined;
}

/** A wrong option, in words. */
export class UsageError extends Error {}

export const USAGE = `npm run bench -- [options]
  --server dev|real     the dev server, or a whole Temporal server on Postgres (default real)
  --runs N              runs of each side at each concurrency (default 800)
  --concurrency 1,16,64 tasks under way at once
  --blocks N            turns of each side at each concurrency, interleaved (default 5)
  --park N              N waiting tasks instead of a load: memory, bytes, idle CPU, resume after kill -9
  --idle N              seconds of each window in which idle CPU is watched with --park (default 30)
  --profile             where our share of the CPU and the round trips go
  --verdicts            verdicts a second of one core; starts no server
  --desk N              queries and CPU of inbox and review over N open questions; needs Postgres alone
  --json                one JSON object instead of tables
  --help                this`;

/** Reads the command line; `help` when the usage is asked for. Throws UsageError that names the option. */
export function readOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values } = parse(args);
  if (values.help) return 'help';
  if (values.server !== 'dev' && values.server !== 'real')
    throw new UsageError(`--server: "${values.server}" is neither dev nor real`);
  return {
    server: values.server,
    runs: whole('--runs', values.runs),
    concurrency: values.concurrency.split(',').map((text) => whole('--concurrency', text)),
    blocks: whole('--blocks', values.blocks),
    json: values.json,
    park: values.park === undefined ? undefined : whole('--park', values.park),
    idleSeconds: whole('--idle', values.idle),
    profile: values.profile,
    verdicts: values.verdicts,
    desk: values.desk === undefined ? undefined : whole('--desk', values.desk),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        server: { type: 'string', default: 'real' },
        runs: { type: 'string', default: '800' },
        concurrency: { type: 'string', default: '1,16,64' },
        blocks: { type: 'string', default: '5' },
        park: { type: 'string' },
        desk: { type: 'string' },
        idle: { type: 'string', default: '30' },
        profile: { type: 'boolean', default: false },
        verdicts: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function whole(name: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new UsageError(`${name}: "${text}" is not a whole number above 0`);
  return Number(text);
}
