import type { EvidenceOf } from '../contract/http-evidence.js';
import type { CountersignClient } from '../sdk/client.js';

type Journal = Pick<CountersignClient['journal'], 'all'>;
type Entry = ReturnType<Journal['all']> extends AsyncIterable<infer Each> ? Each : never;

/**
 * All entries of one chain or of every chain. A listing of many is ordered by time, and may pass over an entry that commits behind its page.
 * A chain by itself is read in its own order, in which nothing comes behind: those with a hole are read again, and what is missing then is
 * missing.
 */
export async function wholeChains(
  journal: Journal,
  query: { readonly of: EvidenceOf; readonly task?: string },
): Promise<Entry[]> {
  const entries = await collect(journal.all(query));
  if (query.task !== undefined) return entries;
  const chains = new Map<string, Entry[]>();
  for (const entry of entries) {
    const chain = chains.get(entry.task);
    if (chain === undefined) chains.set(entry.task, [entry]);
    else chain.push(entry);
  }
  const whole: Entry[][] = [];
  for (const [task, chain] of chains)
    whole.push(hasHole(chain) ? await collect(journal.all({ ...query, task })) : chain);
  return whole.flat();
}

function hasHole(chain: readonly Entry[]): boolean {
  const seqs = chain.map((entry) => entry.seq).toSorted((a, b) => a - b);
  return seqs.some((seq, at) => seq !== at + 1);
}

async function collect(all: AsyncIterable<Entry>): Promise<Entry[]> {
  const entries = [];
  for await (const entry of all) entries.push(entry);
  return entries;
}
