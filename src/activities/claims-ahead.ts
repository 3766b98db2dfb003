import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { workflowId } from '../domain/ids.js';
import type { ExecuteInput, Head } from './api.js';
import { journal } from './carry.js';
import { claim, type Claim, type Claimed } from './claim.js';
import type { Transaction } from '../store/database.js';
import type { ActivityDeps } from './ports.js';

/** A claim that is in force, or what else came of it. */
export interface Made<Kind extends Claim = Claim> {
  readonly claim: Kind;
  readonly head: Head;
  /** By `performance.now()`, before the database told the claim its time. */
  readonly startedAt: number;
}

/**
 * Claims that a worker makes ready while the activity that is to call is still on its way to it from Temporal: locked, read and
 * judged, its own rows written and nothing committed. Before `take` nothing of it holds, so a worker that dies then has claimed nothing.
 */
export interface ClaimsAhead {
  /** Starts to make one ready for the call that a run has just asked for; for what another says of it, nothing. Never throws. */
  begin(by: RunRef, input: ExecuteInput): void;
  /** Completes the one that is ready for exactly this call. Undefined = there is none, for whatever reason, and nothing more comes of it. */
  take(input: ExecuteInput): Promise<Made<Claimed> | undefined>;
}

/** A claim holds its locks no longer than so for a call that does not come. */
const HOLD_MS = 100;
/** Of the pool's ten connections. */
const AT_ONCE = 4;
/** After a call that went to another worker, for which ours was only in the way, none is made ready for this long. */
const REST_MS = 10 * 60_000;

/** A run, as Temporal knows it. */
interface RunRef {
  readonly workflowId: string;
  readonly runId: string;
}

/** A claim in an open transaction. */
interface Parked {
  readonly input: ExecuteInput;
  /** Rejects when it comes to nothing. */
  readonly made: Promise<Made<Claimed>>;
  end(as: 'called' | 'given-up'): void;
}

export function claimsAhead(deps: ActivityDeps): ClaimsAhead {
  const parked = new Map<string, Parked>();
  let restsUntil = 0;
  /** The call that came too late, or to another worker, last. */
  let missed = '';
  return {
    begin({ workflowId: id, runId }, input) {
      if (id !== workflowId(input.tenant, input.task) || runId !== input.runId) return;
      const key = keyOf(input);
      if (parked.size >= AT_ONCE || parked.has(key) || performance.now() < restsUntil) return;
      const one = park(deps, input, () => {
        missed = key;
        restsUntil = performance.now() + REST_MS;
      });
      parked.set(key, one);
      const gone = () => {
        if (parked.get(key) === one) parked.delete(key);
      };
      one.made.then(gone, gone);
    },
    async take(input) {
      const key = keyOf(input);
      if (key === missed) restsUntil = 0; // late, so the others are not in another worker's way either
      const one = parked.get(key);
      if (!one) return undefined;
      parked.delete(key); // one claim is for one attempt
      one.end(isDeepStrictEqual(one.input, input) ? 'called' : 'given-up');
      return one.made.catch(() => undefined); // the activity finds out by itself what was in the way
    },
  };
}

function park(deps: ActivityDeps, input: ExecuteInput, miss: () => void): Parked {
  let end: Parked['end'] = () => undefined;
  const ended = new Promise<'called' | 'given-up'>((resolve) => (end = resolve));
  const timer = setTimeout(() => {
    miss();
    end('given-up');
  }, HOLD_MS);
  const called = async () => {
    await deps.point?.('claim-ready', input);
    if ((await ended) === 'given-up') throw new Error('the call did not come');
  };
  const work = async (tx: Transaction): Promise<Made<Claimed>> => {
    const startedAt = performance.now();
    const claimed = await claim(tx, deps, input, called);
    if (claimed.kind !== 'claimed') throw new Error(`the call is ${claimed.kind}`);
    const head = await tx.last(journal(tx, input, claimed.claimedAt, claimed.events));
    return { claim: claimed, head, startedAt };
  };
  // What the run asked for goes to Temporal first: the worker sends it when its sinks are through.
  const made = setImmediate().then(() => deps.database.transaction(work));
  const settled = () => clearTimeout(timer);
  void ended.then(settled);
  made.then(settled, settled);
  return { input, made, end };
}

function keyOf({ tenant, task, operation }: ExecuteInput): string {
  return `${tenant}/${task}/${operation}`;
}
