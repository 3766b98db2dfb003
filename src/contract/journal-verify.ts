import { readCheckpoints } from './checkpoint-chain.js';
import type { AttestedHead } from './checkpoint.js';
import { chainFault } from './chain-fault.js';
import type { JournalEntry } from './journal-chain.js';
import type { JournalFault } from './journal-fault.js';
import type { Verifier } from './sign.js';

/** A journal and everything outside the database that vouches for it. */
export interface JournalEvidence {
  /** In the order in which they are stored; tasks may be mixed. */
  readonly entries: readonly JournalEntry[];
  /** Signed checkpoints, oldest first within each tenant. */
  readonly checkpoints: readonly string[];
  /** Heads from elsewhere, for instance a workflow's history. */
  readonly heads?: readonly AttestedHead[];
  /** Per tenant, the number of the last checkpoint that is known to have been written. */
  readonly lastCheckpoint?: Readonly<Record<string, number>>;
  /** Entries that the database says stood in a checkpoint: one that is not attested here was in a checkpoint that is gone. */
  readonly anchors?: readonly { readonly tenant: string; readonly task: string; readonly seq: number }[];
  /** The tasks to be verified; absent = everything. Heads of others are then not missed: whoever verifies says it, never whoever brings the entries. */
  readonly only?: readonly string[];
  readonly verifier: Verifier;
}

/** Proof, or the first bad entry of every chain that has one, the chains of checkpoints last. `unanchored` entries came after the last head attested outside: only the chain itself vouches for them. */
export type JournalVerdict =
  | {
      readonly ok: true;
      readonly entries: number;
      readonly tasks: number;
      readonly checkpoints: number;
      readonly unanchored: number;
    }
  | { readonly ok: false; readonly faults: readonly JournalFault[] };

/** Checks every chain, every sealed text that was not erased, every checkpoint, and each against the others. Pure. */
export function verifyJournal(evidence: JournalEvidence): JournalVerdict {
  const anchors = readCheckpoints(evidence.checkpoints, evidence.verifier, evidence.lastCheckpoint ?? {});
  const wanted = [...anchors.heads, ...(evidence.heads ?? [])].filter(
    (head) => evidence.only?.includes(head.task) ?? true,
  );
  const heads = grouped(wanted);
  const chains = grouped(evidence.entries);
  const lost = lostAnchors(evidence, anchors.heads);
  const faults: JournalFault[] = [];
  let unanchored = 0;
  for (const key of new Set([...chains.keys(), ...heads.keys(), ...lost.keys()])) {
    const chain = chains.get(key) ?? [];
    const attested = heads.get(key) ?? [];
    const first = earlier(chainFault(chain), headFault(chain, attested)) ?? lost.get(key);
    if (first !== undefined) faults.push(first);
    unanchored += chain.length - lastOf(attested);
  }
  faults.push(...anchors.faults);
  if (faults.length > 0) return { ok: false, faults };
  return {
    ok: true,
    entries: evidence.entries.length,
    tasks: chains.size,
    checkpoints: anchors.count,
    unanchored,
  };
}

/** Of each chain the first entry that stood in a checkpoint, by the database's account, and that no checkpoint here attests. */
function lostAnchors(
  { anchors = [], only }: JournalEvidence,
  attested: readonly AttestedHead[],
): ReadonlyMap<string, JournalFault> {
  const chains = grouped(attested);
  const lost = new Map<string, JournalFault>();
  for (const { tenant, task, seq } of anchors) {
    if (only?.includes(task) === false) continue;
    const key = `${tenant}/${task}`;
    const last = lastOf(chains.get(key) ?? []);
    if (last >= seq) continue;
    const detail = `entry ${seq} stood in a checkpoint that is not here, the last one here attests entry ${last}`;
    lost.set(key, { tenant, task, seq: last + 1, problem: 'checkpoint-truncated', detail });
  }
  return lost;
}

function lastOf(heads: readonly AttestedHead[]): number {
  return heads.reduce((last, head) => Math.max(last, head.seq), 0);
}

function grouped<Item extends { readonly tenant: string; readonly task: string }>(
  items: readonly Item[],
): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = `${item.tenant}/${item.task}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

function earlier(one: JournalFault | undefined, other: JournalFault | undefined): JournalFault | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return other.seq < one.seq ? other : one;
}

/** Compares a chain with what is attested of it, from the lowest number up. */
function headFault(
  chain: readonly JournalEntry[],
  attested: readonly AttestedHead[],
): JournalFault | undefined {
  const bySeq = new Map(chain.map((entry) => [entry.seq, entry]));
  const last = chain.at(-1)?.seq ?? 0;
  let sound: AttestedHead | undefined;
  for (const head of [...attested].sort((a, b) => a.seq - b.seq)) {
    const { tenant, task } = head;
    const entry = bySeq.get(head.seq);
    if (sound?.seq === head.seq && sound.hash !== head.hash) {
      return {
        tenant,
        task,
        seq: head.seq,
        problem: 'forked',
        detail: `${sound.source} and ${head.source} attest two different entries ${head.seq}`,
      };
    }
    if (entry === undefined && head.seq > last) {
      return {
        tenant,
        task,
        seq: last + 1,
        problem: 'truncated',
        detail: `${head.source} attests entry ${head.seq}, the journal ${last === 0 ? 'has none of this chain' : `ends at ${last}`}`,
      };
    }
    if (entry !== undefined && entry.hash !== head.hash) {
      const detail = `${head.source} attests another entry ${head.seq}: rewritten from an entry between ${(sound?.seq ?? 0) + 1} and ${head.seq} on`;
      return { tenant, task, seq: head.seq, problem: 'rewritten', detail };
    }
    sound = head;
  }
  return undefined;
}
