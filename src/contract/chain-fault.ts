import { entryHash, GENESIS, sealTexts } from './journal-chain.js';
import type { JournalEntry } from './journal-chain.js';
import type { JournalFault, JournalProblem } from './journal-fault.js';

/** The first thing wrong with one task's entries, taken in the order in which they are stored. Heads attested elsewhere are not looked at. */
export function chainFault(chain: readonly JournalEntry[]): JournalFault | undefined {
  const ids = new Set<string>();
  for (const [index, entry] of chain.entries()) {
    const found = placeFault(chain, index) ?? contentFault(chain, index) ?? textFault(entry);
    if (found !== undefined) return found;
    if (ids.has(entry.eventId))
      return fault(entry, entry.seq, 'duplicated', `event ${entry.eventId} is there twice`);
    ids.add(entry.eventId);
  }
  return undefined;
}

function placeFault(chain: readonly JournalEntry[], index: number): JournalFault | undefined {
  const entry = chain[index];
  const expected = index + 1;
  if (entry === undefined) return undefined;
  if (!isWellFormed(entry))
    return fault(entry, expected, 'malformed', 'a field is missing or has a form that no entry can have');
  if (entry.seq === expected) return undefined;
  if (entry.seq < expected) {
    const same = chain[entry.seq - 1]?.hash === entry.hash;
    return same
      ? fault(entry, entry.seq, 'duplicated', `entry ${entry.seq} is there twice`)
      : fault(entry, entry.seq, 'forked', `two different entries have the number ${entry.seq}`);
  }
  const later = chain.slice(index + 1).some((other) => other.seq === expected);
  return later
    ? fault(entry, expected, 'reordered', `entry ${expected} comes after entry ${entry.seq}`)
    : fault(entry, expected, 'deleted', `after entry ${expected - 1} comes entry ${entry.seq}`);
}

function contentFault(chain: readonly JournalEntry[], index: number): JournalFault | undefined {
  const entry = chain[index];
  if (entry === undefined) return undefined;
  if (entryHash(entry) !== entry.hash) {
    const was = chain.findIndex((_, other) => entryHash({ ...entry, seq: other + 1 }) === entry.hash);
    if (was >= 0)
      return fault(
        entry,
        entry.seq,
        'reordered',
        `entry ${entry.seq} was entry ${was + 1} when it was written`,
      );
    return fault(entry, entry.seq, 'edited', 'its content does not fit its hash');
  }
  const before = chain[index - 1];
  if (entry.prev === (before?.hash ?? GENESIS)) return undefined;
  if (before === undefined)
    return fault(entry, entry.seq, 'deleted', 'what stands first was written after another entry');
  return fault(
    before,
    before.seq,
    'edited',
    `entry ${entry.seq} was written after another entry ${before.seq} than the one here`,
  );
}

/** Texts beside the chain are those that were sealed, or gone together with their salt. */
function textFault(entry: JournalEntry): JournalFault | undefined {
  const { texts = null, salt = null } = entry;
  if (texts === null && salt === null) return undefined;
  if (texts === null || salt === null)
    return fault(entry, entry.seq, 'text-changed', 'texts and salt are erased together or not at all');
  const sealed = sealedOf(entry.body);
  const there = textsOf(texts);
  const names = Object.keys(there ?? {});
  const fits =
    there !== undefined &&
    names.length === Object.keys(sealed).length &&
    Object.entries(sealTexts(there, salt)).every(([name, digest]) => sealed[name] === digest);
  return fits
    ? undefined
    : fault(entry, entry.seq, 'text-changed', 'the texts beside it are not those that were sealed');
}

function sealedOf(body: string): Readonly<Record<string, unknown>> {
  const sealed = objectOf(body)?.['sealed'];
  return typeof sealed === 'object' && sealed !== null ? (sealed as Record<string, unknown>) : {}; // an object, checked here
}

function textsOf(text: string): Readonly<Record<string, string>> | undefined {
  const texts = objectOf(text);
  if (
    texts === undefined ||
    !Object.values(texts).every((value) => typeof value === 'string' && !/\p{Surrogate}/u.test(value))
  )
    return undefined;
  return texts as Record<string, string>; // every member was just checked
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined; // an object, checked here
  } catch {
    return undefined;
  }
}

/** No part before the body may hold a newline, or two different entries could have one hash. */
function isWellFormed(entry: JournalEntry): boolean {
  const line = (text: unknown) => typeof text === 'string' && text !== '' && !/[\n\0]/.test(text);
  return (
    line(entry.tenant) &&
    !entry.tenant.includes('/') &&
    line(entry.task) &&
    line(entry.eventId) &&
    line(entry.type) &&
    Number.isSafeInteger(entry.seq) &&
    Number.isSafeInteger(entry.at) &&
    typeof entry.body === 'string' &&
    /^[0-9a-f]{64}$/.test(entry.prev) &&
    /^[0-9a-f]{64}$/.test(entry.hash)
  );
}

function fault(entry: JournalEntry, seq: number, problem: JournalProblem, detail: string): JournalFault {
  return { tenant: entry.tenant, task: entry.task, seq, problem, detail };
}
