import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TaskId, TenantId } from '../domain/ids.js';
import { canonicalJson } from './canonical.js';
import { checkpointDigest, signCheckpoint, verifyCheckpoint } from './checkpoint.js';
import { chainEntry, entryHash, GENESIS, sealTexts } from './journal-chain.js';
import type { JournalEntry } from './journal-chain.js';
import type { JournalProblem } from './journal-fault.js';
import { verifyJournal } from './journal-verify.js';
import type { JournalEvidence } from './journal-verify.js';
import { createSigner, createVerifier, generateSigningKey } from './sign.js';

const key = generateSigningKey();
const signer = createSigner({ privateKey: key.privateKey });
const verifier = createVerifier({ keys: [key.publicKey] });
const tenant = 'acme' as TenantId;
const AT = 1_795_000_000_000;

/** `count` entries of one task; every third has sealed texts. */
function aChain(task: string, count: number): JournalEntry[] {
  const entries: JournalEntry[] = [];
  for (let n = 1; n <= count; n++) {
    const salt = `salt-${task}-${n}`;
    const texts = n % 3 === 0 ? { why: `because ${n}`, by: 'amira' } : null;
    const body = canonicalJson(texts === null ? { n } : { n, sealed: sealTexts(texts, salt) });
    const beside = texts === null ? {} : { texts: canonicalJson(texts), salt };
    entries.push(
      chainEntry(entries.at(-1) ?? null, {
        tenant,
        task,
        eventId: `${task}/e${n}`,
        type: 'asked',
        at: AT + n,
        body,
        ...beside,
      }),
    );
  }
  return entries;
}

/** Signs a checkpoint of the heads after each of these lengths. */
function checkpointsOf(chains: readonly (readonly JournalEntry[])[], lengths: readonly number[]): string[] {
  const lines: string[] = [];
  for (const [index, length] of lengths.entries()) {
    const heads = chains.flatMap((chain) => {
      const head = chain[Math.min(length, chain.length) - 1];
      return head === undefined ? [] : [{ task: head.task as TaskId, seq: head.seq, hash: head.hash }];
    });
    const before = lines.at(-1);
    const prev = before === undefined ? null : checkpointDigest(before);
    lines.push(signCheckpoint(signer, { n: index + 1, at: AT + index, tenant, heads, prev }));
  }
  return lines;
}

const one = aChain('t-1', 9);
const two = aChain('t-2', 4);
const entries = [...one.slice(0, 5), ...two, ...one.slice(5)];
const checkpoints = checkpointsOf([one, two], [3, 6, 9]);
const check = (change: Partial<JournalEvidence> = {}) =>
  verifyJournal({ entries, checkpoints, verifier, ...change });
const fault = (change: Partial<JournalEvidence>) => {
  const verdict = check(change);
  if (verdict.ok) return 'nothing';
  return verdict.faults
    .map(({ task, seq, problem }) => `${task ?? 'checkpoint'} ${seq} ${problem}`)
    .join(', ');
};
const rechain = (chain: readonly JournalEntry[]) => {
  const made: JournalEntry[] = [];
  for (const { seq: _seq, prev: _prev, hash: _hash, ...entry } of chain)
    made.push(chainEntry(made.at(-1) ?? null, entry));
  return made;
};
const withOne = (chain: readonly JournalEntry[]) => [...chain, ...two];
const replaced = (n: number, change: Partial<JournalEntry>) =>
  one.map((entry) => (entry.seq === n ? { ...entry, ...change } : entry));

describe('the chain', () => {
  it('hashes exactly the text the store hashes', () => {
    const entry = {
      tenant: 'acme',
      task: 't-1',
      seq: 1,
      eventId: 'run/1',
      type: 'run-started',
      at: AT,
      body: '{"a":"é"}',
      prev: GENESIS,
    };
    const text = `${'0'.repeat(64)}\nacme/t-1\n1\nrun/1\n${AT}\nrun-started\n{"a":"é"}`;
    expect(entryHash(entry)).toBe(createHash('sha256').update(text, 'utf8').digest('hex'));
  });

  it('seals each text under its name and the salt', () => {
    const sealed = sealTexts({ why: 'x', by: 'x' }, 'salt');
    expect(sealed['why']).not.toBe(sealed['by']);
    expect(sealTexts({ why: 'x' }, 'other')['why']).not.toBe(sealed['why']);
  });
});

describe('verifyJournal', () => {
  it('accepts what is sound, and counts what no head outside vouches for', () => {
    expect(check()).toEqual({ ok: true, entries: 13, tasks: 2, checkpoints: 3, unanchored: 0 });
    expect(check({ checkpoints: checkpoints.slice(0, 2) })).toMatchObject({ ok: true, unanchored: 3 });
    expect(check({ entries: [], checkpoints: [] })).toMatchObject({ ok: true, entries: 0 });
    expect(check({ entries: one, only: ['t-1'] })).toMatchObject({ ok: true, entries: 9 });
  });

  it('accepts erased texts when the salt went with them', () => {
    expect(fault({ entries: withOne(replaced(3, { texts: null, salt: null })) })).toBe('nothing');
  });

  const edited = { body: '{"n":77}' };
  const rehashed = (n: number, change: Partial<JournalEntry>) => {
    const entry = one[n - 1];
    if (entry === undefined) throw new Error('no such entry');
    return { ...change, hash: entryHash({ ...entry, ...change }) };
  };
  const otherEnd = rechain([
    ...one.slice(0, 7),
    ...one.slice(7).map((entry) => ({ ...entry, type: 'other' })),
  ]);
  it.each<[string, readonly JournalEntry[], string]>([
    ['an edited body', replaced(5, edited), '5 edited'],
    ['an edited type', replaced(5, { type: 'approved' }), '5 edited'],
    ['an edited time', replaced(5, { at: AT }), '5 edited'],
    ['an edited event id', replaced(5, { eventId: 'x' }), '5 edited'],
    ['an edit with its hash made anew', replaced(5, rehashed(5, edited)), '5 edited'],
    ['an edited predecessor hash', replaced(5, { prev: GENESIS }), '5 edited'],
    ['a deleted entry', one.filter((entry) => entry.seq !== 5), '5 deleted'],
    ['a deleted first entry', one.slice(1), '1 deleted'],
    [
      'two entries exchanged',
      [...one.slice(0, 3), ...one.slice(4, 5), ...one.slice(3, 4), ...one.slice(5)],
      '4 reordered',
    ],
    [
      'two numbers exchanged',
      one
        .map((e) => (e.seq === 4 ? { ...e, seq: 5 } : e.seq === 5 ? { ...e, seq: 4 } : e))
        .sort((a, b) => a.seq - b.seq),
      '4 reordered',
    ],
    ['a doubled entry', [...one.slice(0, 5), ...one.slice(4)], '5 duplicated'],
    ['a doubled event', rechain([...one, { ...(one[0] as JournalEntry) }]), '10 duplicated'],
    [
      'two entries of one number',
      [...one.slice(0, 5), ...otherEnd.slice(7, 8).map((e) => ({ ...e, seq: 5 })), ...one.slice(5)],
      '5 forked',
    ],
    ['a truncated tail', one.slice(0, 7), '8 truncated'],
    ['nothing left', [], '1 truncated'],
    ['another end, chained anew', otherEnd, '9 rewritten'],
    [
      'the whole rewritten and chained anew',
      rechain(one.map((e) => ({ ...e, at: e.at + 1 }))),
      '3 rewritten',
    ],
    ['one entry left out, chained anew', rechain(one.filter((e) => e.seq !== 2)), '3 rewritten'],
    [
      'a changed text',
      replaced(3, { texts: canonicalJson({ why: 'because of something else', by: 'amira' }) }),
      '3 text-changed',
    ],
    [
      'a text more',
      replaced(3, { texts: canonicalJson({ why: 'because 3', by: 'amira', also: 'x' }) }),
      '3 text-changed',
    ],
    ['a text less', replaced(3, { texts: canonicalJson({ why: 'because 3' }) }), '3 text-changed'],
    [
      'texts exchanged',
      replaced(3, { texts: canonicalJson({ why: 'amira', by: 'because 3' }) }),
      '3 text-changed',
    ],
    ['another salt', replaced(3, { salt: 'other' }), '3 text-changed'],
    ['a text without its salt', replaced(3, { salt: null }), '3 text-changed'],
    ['a salt without its text', replaced(3, { texts: null }), '3 text-changed'],
    ['a text that was never sealed', replaced(4, { texts: '{"why":"x"}', salt: 's' }), '4 text-changed'],
    ['a text that is no JSON', replaced(3, { texts: '{' }), '3 text-changed'],
    [
      'a newline in a name',
      rechain(one.map((e) => (e.seq === 5 ? { ...e, type: 'asked\n{}' } : e))),
      '5 malformed',
    ],
    ['a hash of another form', replaced(5, { hash: 'x' }), '5 malformed'],
  ])('H1: names the first bad entry of %s', (_name, chain, expected) => {
    expect(fault({ entries: withOne(chain) })).toBe(`t-1 ${expected}`);
  });

  it('H1: a head in the workflow history alone shows truncation and rewriting after the last checkpoint', () => {
    const last = one.at(-1) as JournalEntry;
    const heads = [{ tenant, task: 't-1', seq: 9, hash: last.hash, source: 'workflow history' }];
    const early = checkpoints.slice(0, 1);
    expect(fault({ checkpoints: early, heads })).toBe('nothing');
    expect(fault({ checkpoints: early, heads, entries: withOne(one.slice(0, 7)) })).toBe('t-1 8 truncated');
    expect(fault({ checkpoints: early, heads, entries: withOne(otherEnd) })).toBe('t-1 9 rewritten');
    expect(fault({ checkpoints: early, entries: withOne(otherEnd) })).toBe('nothing'); // nobody outside vouches yet
    const other = { ...heads[0]!, hash: 'f'.repeat(64), source: 'elsewhere' };
    expect(fault({ heads: [...heads, other] })).toBe('t-1 9 forked');
  });

  it.each<[string, Partial<JournalEvidence>, string]>([
    [
      'one is missing in the middle',
      { checkpoints: [checkpoints[0]!, checkpoints[2]!] },
      'checkpoint 2 checkpoint-missing',
    ],
    ['the first is missing', { checkpoints: checkpoints.slice(1) }, 'checkpoint 1 checkpoint-missing'],
    [
      'the tail is missing',
      { checkpoints: checkpoints.slice(0, 2), lastCheckpoint: { acme: 3 } },
      'checkpoint 3 checkpoint-truncated',
    ],
    [
      'all are missing',
      { checkpoints: [], lastCheckpoint: { acme: 3 } },
      'checkpoint 1 checkpoint-truncated',
    ],
    [
      'one is there twice',
      { checkpoints: [...checkpoints, checkpoints[2]!] },
      'checkpoint 3 checkpoint-forked',
    ],
    [
      'one was replaced',
      { checkpoints: [checkpoints[0]!, ...checkpointsOf([one], [5, 6]).slice(1), checkpoints[2]!] },
      'checkpoint 2 checkpoint-forked',
    ],
    [
      'one is not signed by us',
      { checkpoints: [checkpoints[0]!, `${checkpoints[1]!.slice(0, -6)}AAAAAA`, checkpoints[2]!] },
      'checkpoint 2 checkpoint-forged, checkpoint 2 checkpoint-missing',
    ],
    ['a line is empty', { checkpoints: ['', ...checkpoints] }, 'checkpoint 1 checkpoint-forged'],
  ])('fault 14: says so when of the checkpoints %s', (_name, change, expected) => {
    expect(fault(change)).toBe(expected);
  });

  // Seen to fail: the verdict given with the first chain that has a fault.
  it('names the first bad entry of every chain, and a chain that is gone', () => {
    const cut = { entries: replaced(8, { type: 'x' }).slice(0, 8), checkpoints: checkpoints.slice(1) };
    expect(fault(cut)).toBe('t-1 8 edited, t-2 1 truncated, checkpoint 1 checkpoint-missing');
    expect(check(cut)).toMatchObject({
      faults: [{}, { detail: 'checkpoint 2 attests entry 4, the journal has none of this chain' }, {}],
    });
    const anchors = [one, two].map((chain) => ({ tenant, task: chain[0]!.task, seq: chain.length }));
    const lost = 't-1 7 checkpoint-truncated, t-2 1 checkpoint-truncated';
    expect(fault({ checkpoints: checkpointsOf([one], [3, 6]), anchors })).toBe(lost);
    expect(fault({ checkpoints: checkpointsOf([one], [3, 6]), anchors, only: ['t-2'] })).toBe(
      't-2 1 checkpoint-truncated',
    );
  });

  it('does not take another record of the same key for a checkpoint', () => {
    expect(verifyCheckpoint(signer.sign('decision', { aud: 'countersign' }), verifier)).toBeUndefined();
    expect(() => signCheckpoint(signer, { n: 2, at: AT, tenant, heads: [], prev: null })).toThrow(
      /names the one before/,
    );
  });

  it('H1: finds any single change of a sound journal, and never reports a problem before it', () => {
    const mutations: Record<string, (chain: JournalEntry[], n: number) => readonly JournalEntry[]> = {
      edit: (chain, n) => chain.map((e, i) => (i === n ? { ...e, body: '{"n":0}' } : e)),
      'edit and rehash': (chain, n) =>
        chain.map((e, i) => (i === n ? { ...e, type: 'x', hash: entryHash({ ...e, type: 'x' }) } : e)),
      delete: (chain, n) => chain.filter((_, i) => i !== n),
      'delete and renumber': (chain, n) =>
        chain.filter((_, i) => i !== n).map((e, i) => ({ ...e, seq: i + 1 })),
      'delete and chain anew': (chain, n) => rechain(chain.filter((_, i) => i !== n)),
      swap: (chain, n) =>
        n + 1 < chain.length
          ? [...chain.slice(0, n), chain[n + 1]!, chain[n]!, ...chain.slice(n + 2)]
          : chain.slice(0, n),
      truncate: (chain, n) => chain.slice(0, n),
      fork: (chain, n) => [
        ...chain.slice(0, n + 1),
        { ...chain[n]!, type: 'x', hash: entryHash({ ...chain[n]!, type: 'x' }) },
        ...chain.slice(n + 1),
      ],
      double: (chain, n) => [...chain.slice(0, n + 1), ...chain.slice(n)],
      insert: (chain, n) =>
        rechain([...chain.slice(0, n), { ...chain[n]!, eventId: 'new' }, ...chain.slice(n)]),
      'rewrite as a whole': (chain, n) => rechain(chain.map((e, i) => (i >= n ? { ...e, at: e.at + 1 } : e))),
      'move to another task': (chain, n) => chain.map((e, i) => (i === n ? { ...e, task: 't-9' } : e)),
    };
    const found = new Map<string, Set<JournalProblem>>();
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(mutations)),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(),
        fc.nat({ max: 12 }),
        (name, size, at, mid) => {
          const chain = aChain('t-1', size);
          const anchors = checkpointsOf([chain], [Math.max(1, mid % size), size]);
          expect(verifyJournal({ entries: chain, checkpoints: anchors, verifier })).toMatchObject({
            ok: true,
          });
          const n = at % size;
          const verdict = verifyJournal({
            entries: mutations[name]!(chain, n),
            checkpoints: anchors,
            verifier,
          });
          expect(verdict.ok).toBe(false);
          const [first] = 'faults' in verdict ? verdict.faults : [];
          expect(first?.task === 't-1' ? first.seq : n + 1).toBeGreaterThanOrEqual(n + 1);
          if (first !== undefined) found.set(name, (found.get(name) ?? new Set()).add(first.problem));
        },
      ),
      { numRuns: 300 },
    );
    expect([...found.keys()].sort()).toEqual(Object.keys(mutations).sort());
    expect(found.get('truncate')).toEqual(new Set(['truncated']));
    expect(found.get('double')).toEqual(new Set(['duplicated']));
    expect(found.get('fork')).toEqual(new Set(['forked']));
  });
});
