import { setTimeout as sleep } from 'node:timers/promises';
import { checkpointDigest, signCheckpoint } from '../contract/checkpoint.js';
import type { Signer } from '../contract/sign.js';
import type { TenantId } from '../domain/ids.js';
import type { Database, Transaction } from '../store/database.js';
import {
  aloneAtCheckpoints,
  headsToCheckpoint,
  lastCheckpoint,
  markCheckpointed,
  noteCheckpoint,
  tenantsToCheckpoint,
  type WrittenCheckpoint,
} from '../store/journal.js';
import type { CheckpointFolder } from './checkpoint-folder.js';
import type { Log } from './deps.js';
import { faultName } from '../domain/failure-facts.js';

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
  /** Ends within `stopMs`, whatever the folder does. */
  stop(): Promise<void>;
}

/** How often, and for how long at most: one tenant's write, and the last round. A transaction that is idle for longer than 10 s is ended. */
export interface CheckpointTimes {
  readonly everyMs?: number;
  readonly writeMs?: number;
  readonly stopMs?: number;
}

const HEADS_AT_ONCE = 10_000;
/** A write that hangs holds one of the four threads that every file operation of the process shares. */
const HANGING_AT_MOST = 2;

/** Starts the rounds. While the folder cannot be written nothing is lost: the heads stay due until they stand in a file. */
export function startCheckpointer(
  deps: CheckpointerDeps,
  { everyMs = 5_000, writeMs = 8_000, stopMs = 9_000 }: CheckpointTimes = {},
): Checkpointer {
  const over = new AbortController();
  const writer: Writer = { ...deps, writeMs, over: over.signal, hanging: new Set() };
  let running: Promise<number> = Promise.resolve(0);
  const round = () => (running = running.then(() => oneRound(writer)));
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    void round().finally(() => (busy = false));
  }, everyMs);
  return {
    round,
    async stop() {
      clearInterval(timer);
      await within(stopMs, round()).catch(() => deps.log('alarm', 'checkpoint-not-written', { error: SLOW }));
      over.abort();
    },
  };
}

interface Writer extends CheckpointerDeps {
  readonly writeMs: number;
  /** Aborted when the last round has no time left. */
  readonly over: AbortSignal;
  /** Tenants whose last write has not ended: it is not repeated before it has. */
  readonly hanging: Set<TenantId>;
}

const SLOW = 'the folder does not answer in time';

/** One checkpoint for each tenant that moved; the chain of halts over every tenant has a folder of its own, like a tenant's. */
async function oneRound(writer: Writer): Promise<number> {
  let written = 0;
  try {
    for (const tenant of await tenantsToCheckpoint(writer.database)) {
      if (writer.over.aborted) return written;
      if (await writeTenant(writer, tenant)) written += 1;
    }
  } catch (error) {
    alarm(writer, error);
  }
  return written;
}

/** In a transaction of its own: a tenant whose folder fails holds up no other, and what was written before it is remembered. */
async function writeTenant(writer: Writer, tenant: TenantId): Promise<boolean> {
  try {
    return (await aloneAtCheckpoints(writer.database, (tx) => writeDue(writer, tenant, tx))) ?? false;
  } catch (error) {
    alarm(writer, error, tenant);
    return false;
  }
}

function alarm({ log }: Writer, error: unknown, tenant?: TenantId): void {
  const told = error instanceof SlowFolder || error instanceof OtherFolder;
  const known = told ? error.message : faultName(error);
  log('alarm', 'checkpoint-not-written', { ...(tenant === undefined ? {} : { tenant }), error: known });
}

async function writeDue(writer: Writer, tenant: TenantId, tx: Transaction): Promise<boolean> {
  const heads = await headsToCheckpoint(tx, tenant, HEADS_AT_ONCE);
  if (heads.length === 0) return false;
  const { hanging } = writer;
  if (hanging.has(tenant) || hanging.size >= HANGING_AT_MOST) throw new SlowFolder();
  hanging.add(tenant);
  const [before, at] = await Promise.all([lastCheckpoint(tx, tenant), tx.now()]);
  const writing = writeOne(writer, { tenant, heads, before, at }).finally(() => hanging.delete(tenant));
  const written = await within(writer.writeMs, writing);
  await Promise.all([markCheckpointed(tx, heads), noteCheckpoint(tx, { tenant, ...written })]);
  return true;
}

class SlowFolder extends Error {
  override readonly message = SLOW;
}

/** Two chains of one tenant cannot be told from one that was tampered with: whoever holds the other folder goes on. */
class OtherFolder extends Error {
  constructor(n: number) {
    super(`the folder lacks checkpoint ${n}, or holds another: all gateways share one folder`);
  }
}

/** Throws `SlowFolder` when it takes longer; what it does goes on, and nobody waits for it. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  work.catch(() => undefined); // told by whoever still waits
  const timer = new AbortController();
  const late = sleep(ms, undefined, { signal: timer.signal }).then(() => {
    throw new SlowFolder();
  });
  late.catch(() => undefined); // nobody waits any more
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}

async function writeOne(
  { folder, signer }: CheckpointerDeps,
  due: {
    readonly tenant: TenantId;
    readonly heads: Awaited<ReturnType<typeof headsToCheckpoint>>;
    readonly before: WrittenCheckpoint | undefined;
    readonly at: number;
  },
): Promise<WrittenCheckpoint> {
  const { tenant, heads, before, at } = due;
  const newest = await folder.newest(tenant);
  const prev = newest ? checkpointDigest(newest.jws) : null;
  const n = newest?.n ?? 0;
  // It may be ahead by what was written and could not be remembered.
  if (before && (n < before.n || (n === before.n && prev !== before.digest))) throw new OtherFolder(before.n);
  const named = heads.map(({ task, seq, hash }) => ({ task, seq, hash }));
  const jws = signCheckpoint(signer, { n: n + 1, at, tenant, heads: named, prev });
  await folder.write(tenant, n + 1, jws);
  return { n: n + 1, digest: checkpointDigest(jws) };
}
