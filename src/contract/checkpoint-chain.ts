import { checkpointDigest, verifyCheckpoint } from './checkpoint.js';
import type { AttestedHead, CheckpointRecord } from './checkpoint.js';
import type { JournalFault, JournalProblem } from './journal-fault.js';
import type { Verifier } from './sign.js';

/** What the checkpoints attest, and the first thing wrong with each tenant's as a chain. */
export interface CheckpointReading {
  readonly heads: readonly AttestedHead[];
  readonly count: number;
  readonly faults: readonly JournalFault[];
}

/**
 * Reads signed checkpoints, oldest first within each tenant. Whatever is genuine attests its heads even where the chain of checkpoints has
 * a fault. `known` tells per tenant the last number that was written: only then is a missing tail seen.
 */
export function readCheckpoints(
  lines: readonly string[],
  verifier: Verifier,
  known: Readonly<Record<string, number>>,
): CheckpointReading {
  const heads: AttestedHead[] = [];
  const ends = new Map<string, { readonly record: CheckpointRecord; readonly line: string }>();
  const faults: JournalFault[] = [];
  let count = 0;
  for (const [index, line] of lines.entries()) {
    const record = verifyCheckpoint(line, verifier);
    if (record === undefined) {
      faults.push({
        tenant: null,
        task: null,
        seq: index + 1,
        problem: 'checkpoint-forged',
        detail: `line ${index + 1} of the checkpoints is not signed by a known key`,
      });
      continue;
    }
    const fault = linkFault(ends.get(record.tenant), record);
    if (fault !== undefined) faults.push(fault);
    ends.set(record.tenant, { record, line });
    count++;
    for (const head of record.heads)
      heads.push({ ...head, tenant: record.tenant, source: `checkpoint ${record.n}` });
  }
  for (const [tenant, n] of Object.entries(known)) {
    const last = ends.get(tenant)?.record.n ?? 0;
    if (last < n)
      faults.push(
        fault(
          tenant,
          last + 1,
          'checkpoint-truncated',
          `checkpoint ${n} was written, the last one here is ${last}`,
        ),
      );
  }
  return { heads, count, faults: firstOfEach(faults) };
}

/** One that nobody signed counts as no tenant's. */
function firstOfEach(faults: readonly JournalFault[]): readonly JournalFault[] {
  return faults.filter((fault, at) => faults.findIndex(({ tenant }) => tenant === fault.tenant) === at);
}

function linkFault(
  before: { readonly record: CheckpointRecord; readonly line: string } | undefined,
  record: CheckpointRecord,
): JournalFault | undefined {
  const expected = (before?.record.n ?? 0) + 1;
  if (record.n > expected)
    return fault(
      record.tenant,
      expected,
      'checkpoint-missing',
      `after checkpoint ${expected - 1} comes ${record.n}`,
    );
  if (record.n < expected)
    return fault(
      record.tenant,
      record.n,
      'checkpoint-forked',
      `checkpoint ${record.n} comes after ${expected - 1}`,
    );
  if (before !== undefined && record.prev !== checkpointDigest(before.line)) {
    return fault(
      record.tenant,
      record.n,
      'checkpoint-forked',
      `checkpoint ${record.n} follows another checkpoint ${expected - 1} than the one here`,
    );
  }
  return undefined;
}

function fault(tenant: string, seq: number, problem: JournalProblem, detail: string): JournalFault {
  return { tenant, task: null, seq, problem, detail };
}
