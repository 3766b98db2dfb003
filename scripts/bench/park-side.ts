import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Bench } from './block.js';
import type { Watched } from './idle.js';
import { monotonicMs } from './marks.js';
import type { Stored } from './report.js';
import type { Side } from './side.js';

/** One kill -9 of the worker while all the others wait, and the decision of the task that began to wait last. */
export interface Resume {
  /** From the kill until a new worker polls. */
  readonly readyMs: number;
  /** From there, the decision sent at once, to the executed call. */
  readonly resumeMs: number;
}

/** What was seen of the waiting tasks of one side. */
export interface ParkedTasks {
  readonly watched: Watched;
  /** Bytes of all of them. */
  readonly stored: Stored['bare'];
  readonly resumes: readonly Resume[];
}

export const AT_ONCE = 16;
const KILLS = 3;
/** A worker looks again at what has waited for a minute; it has begun to by then. */
const AGED_MS = 65_000;
/** The workflow task in which a run began to wait is over by then. */
const SETTLE_MS = 1_000;

/** Parks tasks and has them watched, kills the worker a few times, then decides them all. */
export async function parkSide(
  bench: Bench,
  side: Side,
  count: number,
  watch: () => Promise<Watched>,
): Promise<ParkedTasks> {
  const { servers, client } = bench;
  const before = await servers.storedBytes();
  const ids = Array.from({ length: count }, () => bench.newId());
  await forEach(ids, (id) => side.park(id));
  await untilWaiting(client, count);
  await sleep(AGED_MS);
  const watched = await watch();
  await untilWaiting(client, count);
  const after = await servers.storedBytes();
  const resumes: Resume[] = [];
  for (let kill = 0; kill < KILLS; kill++) resumes.push(await resume(bench, side));
  await forEach(ids, (id) => side.release(id));
  const stored = {
    temporal: after.temporal - before.temporal,
    countersign: after.countersign - before.countersign,
  };
  return { watched, stored, resumes };
}

async function resume(bench: Bench, side: Side): Promise<Resume> {
  const id = bench.newId();
  await side.park(id);
  await sleep(SETTLE_MS);
  const killed = monotonicMs();
  const ready = await side.replaceWorker();
  const executed = await side.release(id);
  return { readyMs: ready - killed, resumeMs: executed - ready };
}

async function forEach(ids: readonly string[], work: (id: string) => Promise<unknown>): Promise<void> {
  const left = [...ids];
  const slot = async () => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) await work(id);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, slot));
}

const COUNTED_MS = 60_000;
const LOOK_EVERY_MS = 250;

/** Waits until so many runs are open on the server, by its own account, which lags. Throws when it stays another number. */
export async function untilWaiting(client: Client, expected: number): Promise<void> {
  const until = monotonicMs() + COUNTED_MS;
  for (;;) {
    const { count } = await client.workflow.count(`ExecutionStatus = 'Running'`);
    if (count === expected) return;
    if (monotonicMs() > until) throw new Error(`${count} runs are open on the server, not ${expected}`);
    await sleep(LOOK_EVERY_MS);
  }
}
