import { sha256Hex, saltedDigest } from './digest.js';
import { canonicalJson } from './canonical.js';
import type { Digest } from '../domain/ids.js';

/** `prev` of the first entry of a task. */
export const GENESIS = '0'.repeat(64);

/** One entry of a task's journal, as stored and exported. */
export interface JournalEntry {
  readonly tenant: string;
  /** The task, or a tenant's own chain (`~tenant`). */
  readonly task: string;
  /** 1, 2, 3 ... within the task. */
  readonly seq: number;
  readonly eventId: string;
  readonly type: string;
  /** Epoch milliseconds, the database's clock. */
  readonly at: number;
  /** Canonical JSON text; hashed as these bytes. */
  readonly body: string;
  /** Hash of the entry before; GENESIS for the first. */
  readonly prev: string;
  /** 64 hex digits. */
  readonly hash: string;
  /** Names and free text beside the chain: JSON text of an object of strings; null once erased, or when there are none. */
  readonly texts?: string | null;
  /** What their digests in the body are salted with; erased with them. */
  readonly salt?: string | null;
}

/**
 * SHA-256 (hex) over the UTF-8 of `prev \n tenant/task \n seq \n eventId \n at \n type \n body`, joined by single newlines, numbers in
 * decimal. The store's SQL computes exactly the same. No part before the body holds a newline (isWellFormed of journal-verify.ts).
 */
export function entryHash(entry: Omit<JournalEntry, 'hash' | 'texts' | 'salt'>): string {
  const { prev, tenant, task, seq, eventId, at, type, body } = entry;
  return sha256Hex([prev, `${tenant}/${task}`, seq, eventId, at, type, body].join('\n'));
}

/** An entry with its place in the chain, as the database makes it. */
export function chainEntry(
  previous: Pick<JournalEntry, 'seq' | 'hash'> | null,
  entry: Omit<JournalEntry, 'seq' | 'prev' | 'hash'>,
): JournalEntry {
  const placed = { ...entry, seq: (previous?.seq ?? 0) + 1, prev: previous?.hash ?? GENESIS };
  return { ...placed, hash: entryHash(placed) };
}

/** What goes into a body as `sealed` in place of names and free text: a digest of each under the entry's salt, bound to its name. */
export function sealTexts(
  texts: Readonly<Record<string, string>>,
  salt: string,
): Readonly<Record<string, Digest>> {
  return Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, saltedDigest(canonicalJson([key, text]), salt)]),
  );
}
