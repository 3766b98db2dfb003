import { checkpointDigest, signCheckpoint } from '../contract/checkpoint.js';
import type { Signer } from '../contract/sign.js';
import type { TaskId, TenantId } from '../domain/ids.js';
import type { Database, Transaction } from '../store/database.js';
import { aloneAtCheckpoints, headsToCheckpoint, markCheckpointed } from '../store/journal.js';
import type { CheckpointFolder } from './checkpoint-folder.js';
import type { Log } from './deps.js';

/** What writing checkpoints needs. */
export interface CheckpointerDeps {
  readonly database: Database;
  readonly signer: Signer;
  readonly folder: CheckpointFolder;
  readonly log: Log;
}

/** Writes checkpoints at intervals; `stop` writes a last one. */
export interface Checkpointer {
  /** One round now: the number of checkpoints written. Throws nothing: what fails is logged, kept and tried again. */
  round(): Promise<number>;
  stop(): Promise<void>;
}

const HEADS_AT_ONCE = 10_000;

/** Starts the rounds. While the folder cannot be written nothing is lost: the heads stay due until they stand in a file. */
export function startCheckpointer(deps: CheckpointerDeps, everyMs = 5_000): Checkpointer {
  let running: Promise<number> = Promise.resolve(0);
  const round = () => (running = running.then(() => oneRound(deps)));
  const timer = setInterval(() => void round(), everyMs);
  return {
    round,
    async stop() {
      clearInterval(timer);
      await round();
    },
  };
}

async function oneRound(deps: CheckpointerDeps): Promise<number> {
  try {
    return (await aloneAtCheckpoints(deps.database, (tx) => writeAll(deps, tx))) ?? 0;
  } catch (error) {
    deps.log('alarm', 'checkpoint-not-written', { error: error instanceof Error ? error.name : 'unknown' });
    return 0;
  }
}

type Head = { readonly tenant: TenantId; readonly task: TaskId; readonly seq: number; readonly hash: string };

/** One checkpoint for each tenant that moved; the chain of halts over every tenant has a folder of its own, like a tenant's. */
async function writeAll(deps: CheckpointerDeps, tx: Transaction): Promise<number> {
  const byTenant = new Map<TenantId, Head[]>();
  for (const head of await headsToCheckpoint(tx, HEADS_AT_ONCE)) {
    byTenant.set(head.tenant, [...(byTenant.get(head.tenant) ?? []), head]);
  }
  for (const [tenant, heads] of byTenant) {
    await writeOne(deps, tenant, heads, await tx.now());
    await markCheckpointed(tx, heads);
  }
  return byTenant.size;
}

async function writeOne(
  deps: CheckpointerDeps,
  tenant: TenantId,
  heads: readonly Head[],
  at: number,
): Promise<void> {
  const newest = await deps.folder.newest(tenant);
  const n = (newest?.n ?? 0) + 1;
  const prev = newest ? checkpointDigest(newest.jws) : null;
  const named = heads.map(({ task, seq, hash }) => ({ task, seq, hash }));
  await deps.folder.write(tenant, n, signCheckpoint(deps.signer, { n, at, tenant, heads: named, prev }));
}
