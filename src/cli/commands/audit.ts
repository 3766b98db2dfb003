import { z } from 'zod';
import { journalHead, type AttestedHead } from '../../contract/checkpoint.js';
import { journalAnchor, journalEntry, type EvidenceOf } from '../../contract/http-evidence.js';
import type { JournalFault } from '../../contract/journal-fault.js';
import { verifyJournal, type JournalEvidence, type JournalVerdict } from '../../contract/journal-verify.js';
import { createVerifier, parseKeySet } from '../../contract/sign.js';
import { parseStrictJson } from '../../contract/strict-json.js';
import { CountersignError } from '../../domain/errors.js';
import { visible } from '../../domain/sanitise.js';
import { openTextFile, readTextFile } from '../../text-file.js';
import { flag, REMOTE, text, usage, type Command, type Input } from '../command.js';
import type { CountersignClient } from '../../sdk/client.js';
import { readCheckpointFiles } from '../checkpoint-files.js';
import { connect } from '../connect.js';
import { wholeChains } from '../whole-chains.js';

/** Exit code when the journal does not verify. */
const BAD = 6;

const part = z.object({
  entries: z.array(journalEntry),
  checkpoints: z.array(z.string()),
  anchors: z.array(journalAnchor).default([]),
});
const attestedHead = journalHead.extend({ tenant: z.string(), source: z.string() });
const bundleSchema = part.extend({
  /** Heads that runs told, from Temporal's histories. */
  heads: z.array(attestedHead).default([]),
  /** The halts over every tenant, for whoever may see them. */
  everything: part.nullable().default(null),
  keys: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }),
  /** What its writer says that it holds; null = everything. */
  only: z.array(z.string()).nullable(),
});

/** Everything that verifying a journal takes, in one file. */
type Bundle = z.infer<typeof bundleSchema>;
type Part = z.infer<typeof part>;

const WHAT = [{ name: 'TASK', help: 'one task, or give --all', optional: true }] as const;
const ALL = { all: { type: 'boolean', help: 'every task of the tenant' } } as const;

export const auditVerifyCommand: Command = {
  meta: {
    name: 'audit verify',
    group: 'evidence',
    summary: 'verify the journal; names the first bad entry of each chain and ends with 6',
    example: 'countersign audit verify --all --checkpoints .countersign/checkpoints/default',
  },
  args: WHAT,
  options: {
    ...ALL,
    bundle: {
      type: 'string',
      value: 'FILE',
      help: 'verify an exported bundle, without any gateway; TASK for one task',
    },
    checkpoints: {
      type: 'string',
      value: 'DIR',
      help: 'the signed checkpoints in this folder, instead of those the gateway names',
    },
    keys: {
      type: 'string',
      value: 'FILE',
      help: 'the public keys you trust (JSON Web Key Set), instead of those that come along',
    },
    ...REMOTE,
  },
  async run(input) {
    const file = text(input, 'bundle');
    const task = scopeOf(input, file !== undefined);
    const bundle = file === undefined ? await fetchBundle(input) : readBundle(file);
    const evidence = evidenceOf(input, bundle, task);
    const verdict = verdictOn(bundle, evidence, task);
    const leftOut = leftOutOf(bundle, task);
    if (flag(input, 'json')) input.io.printJson({ ...verdict, leftOut });
    else
      input.io.print([
        ...verdictLines(verdict, evidence, text(input, 'keys') !== undefined),
        ...olderCopy(input, verdict),
        ...leftOut.map((chain) => `Not looked at: ${chain}, for which a token needs the scope halt:all.`),
      ]);
    return verdict.ok ? 0 : BAD;
  },
};

/** The task that is asked for, undefined = everything: the command line says so, never the bundle, whose writer is not trusted. */
function scopeOf(input: Input, bundled: boolean): string | undefined {
  const [task] = input.args;
  const both = task !== undefined && flag(input, 'all');
  if (both || (!bundled && task === undefined && !flag(input, 'all')))
    throw usage(input.command, 'name a task, or give --all');
  return task;
}

/** The verdict; over evidence of less than what is asked for it is never good. */
function verdictOn(bundle: Bundle, evidence: JournalEvidence, task: string | undefined): JournalVerdict {
  const tooLittle = (detail: string): JournalVerdict => ({
    ok: false,
    faults: [{ tenant: null, task: task ?? null, seq: 0, problem: 'narrower', detail }],
  });
  const { only, entries } = bundle;
  if (only !== null && (task === undefined || !only.includes(task)))
    return tooLittle(
      `the bundle is of ${only.join(', ') || 'nothing'} alone, by its own account, and ${task ?? 'everything'} is asked for. Name the task that it is of, or have everything exported: \`countersign audit export --all\``,
    );
  const verdict = verifyJournal(evidence);
  if (!verdict.ok || task === undefined || entries.some((entry) => entry.task === task)) return verdict;
  return tooLittle(
    `there is no entry of ${task} in it, and nothing attests one: check the name, or have that task exported`,
  );
}

/** What `--all` does not cover, in words: evidence that was fetched without the scope lacks the halts over every tenant. */
function leftOutOf({ only, everything }: Bundle, task: string | undefined): readonly string[] {
  const asked = task === undefined && only === null;
  return asked && everything === null ? ['the halts over every tenant (all-tenants)'] : [];
}

function verdictLines(verdict: JournalVerdict, evidence: JournalEvidence, ownKeys: boolean): string[] {
  if (!verdict.ok) return ['The journal does not verify.', ...faultLines(verdict.faults)];
  const { entries, tasks, checkpoints, unanchored } = verdict;
  const trust = ownKeys
    ? []
    : ['The keys came with the journal: give --keys FILE to rely on keys of your own.'];
  return [
    `Good: ${entries} entries of ${tasks} ${tasks === 1 ? 'chain' : 'chains'}, ${checkpoints} checkpoints; ${unanchored} entries are newer than what is attested outside the database.`,
    ...headLines(evidence),
    ...trust,
  ];
}

/** More chains than these are counted only: `--json` names them all. */
const MOST_SHOWN = 100;

function faultLines(faults: readonly JournalFault[]): string[] {
  const shown = faults.slice(0, MOST_SHOWN).map(({ tenant, task, seq, problem, detail }) => {
    if (problem === 'narrower') return visible(`Too little: ${detail}.`);
    const chain = `${tenant ?? '-'}/${task ?? 'checkpoint'}`;
    return visible(`First bad entry: ${chain} number ${seq}: ${problem}: ${detail}`);
  });
  if (faults.length === shown.length) return shown;
  return [...shown, `And ${faults.length - shown.length} chains more: --json names them all.`];
}

/** Somebody's own folder may just be behind: what the database says of newer ones is no proof against it. */
function olderCopy(input: Input, verdict: JournalVerdict): string[] {
  const folder = text(input, 'checkpoints');
  if (folder === undefined || verdict.ok) return [];
  if (!verdict.faults.some(({ problem }) => problem === 'checkpoint-truncated')) return [];
  return [
    `If ${visible(folder)} is a copy, it may be older than the journal: copy the newer checkpoints into it and verify again.`,
  ];
}

/** What the run of a single task said of its journal's end. */
function headLines({ only, heads = [] }: JournalEvidence): string[] {
  if (only === undefined) return [];
  const head = heads.find(({ task }) => only.includes(task));
  return head === undefined
    ? ['No run told how far the journal goes: only checkpoints vouch for its end.']
    : [visible(`Entry ${head.seq} is the last that ${head.source} knows.`)];
}

function evidenceOf(input: Input, bundle: Bundle, task: string | undefined): JournalEvidence {
  const folder = text(input, 'checkpoints');
  const keys = text(input, 'keys');
  const { everything } = bundle;
  return {
    entries: [...bundle.entries, ...(everything?.entries ?? [])],
    checkpoints: [
      ...(folder === undefined ? bundle.checkpoints : readCheckpointFiles(folder, bundle.entries[0]?.tenant)),
      ...(everything?.checkpoints ?? []),
    ],
    anchors: [...bundle.anchors, ...(everything?.anchors ?? [])],
    heads: bundle.heads,
    ...(task === undefined ? {} : { only: [task] }),
    verifier: createVerifier(
      parseKeySet(
        keys === undefined ? JSON.stringify(bundle.keys) : readTextFile(keys, 'Name a JSON Web Key Set.'),
      ),
    ),
  };
}

function readBundle(path: string): Bundle {
  const json = parseStrictJson(readTextFile(path, 'Name the exported bundle.'), {
    bytes: 1024 * 1024 * 1024,
  });
  const parsed = 'value' in json ? bundleSchema.safeParse(json.value) : undefined;
  if (parsed?.success) return parsed.data;
  throw new CountersignError('usage', `${path} is not a bundle of \`countersign audit export\`.`);
}

async function fetchBundle(input: Input): Promise<Bundle> {
  const task = scopeOf(input, false);
  const client = connect(input);
  const keys = await client.evidence.keys();
  if (task === undefined) {
    const everything = await fetchEverything(client);
    return { ...(await fetchPart(client, { of: 'tenant' })), heads: [], everything, keys, only: null };
  }
  const own = await fetchTask(client, task).catch((error: unknown) => {
    const lost = error instanceof CountersignError && error.code === 'not-found';
    if (!lost || text(input, 'checkpoints') === undefined) throw error;
    input.io.complain(
      `The gateway knows no task ${task}, or this token may not see it: only the checkpoints are looked at.`,
    );
    return LOST;
  });
  return { ...own, everything: null, keys, only: [task] };
}

/** Of a task that the database lacks: checkpoints that somebody kept may still attest it. */
const LOST = { entries: [], checkpoints: [], anchors: [], heads: [] };

async function fetchTask(client: CountersignClient, task: string): Promise<Pick<Bundle, 'heads'> & Part> {
  const heads = await fetchHeads(client, task);
  return { ...(await fetchPart(client, { of: 'tenant', task })), heads };
}

/** In this order, so that what is written meanwhile is only newer than what vouches, never missing. */
async function fetchPart(
  client: CountersignClient,
  query: { readonly of: EvidenceOf; readonly task?: string },
): Promise<Part> {
  const anchors = await client.evidence.anchors(query);
  const checkpoints = await client.evidence.checkpoints(query.of);
  return { entries: await wholeChains(client.journal, query), checkpoints: [...checkpoints], anchors };
}

/** The halts over every tenant; null for a token that may not see them. */
async function fetchEverything(client: CountersignClient): Promise<Part | null> {
  try {
    return await fetchPart(client, { of: 'all' });
  } catch (error) {
    if (error instanceof CountersignError && error.code === 'forbidden') return null;
    throw error;
  }
}

async function fetchHeads(client: CountersignClient, task: string): Promise<AttestedHead[]> {
  if (task.startsWith('~')) return []; // a tenant's own chain has no run
  const { tenant, task: name, head } = await client.tasks.get(task);
  return head === null ? [] : [{ tenant, task: name, ...head, source: "the run's history in Temporal" }];
}

/** Writes a bundle. Throws `too-large` for one that is longer than a text can be (half a gigabyte): then nothing was written. */
function writeBundle(bundle: Bundle, write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CountersignError(
      'too-large',
      `The evidence of ${bundle.entries.length} entries is too large for one file; nothing was written. Export the tasks that are asked for, one file each: \`countersign audit export TASK --out FILE\`; or verify everything where it is: \`countersign audit verify --all\`.`,
    );
  }
}

export const auditExportCommand: Command = {
  meta: {
    name: 'audit export',
    group: 'evidence',
    summary: 'write journal, checkpoints and public keys into one file',
    example: 'countersign audit export --all --out evidence.json',
  },
  args: WHAT,
  options: {
    ...ALL,
    out: { type: 'string', value: 'FILE', help: 'the file; default standard output' },
    ...REMOTE,
  },
  async run(input) {
    const out = text(input, 'out');
    if (out === undefined) {
      const bundle = await fetchBundle(input);
      return writeBundle(bundle, () => input.io.printJson(bundle));
    }
    const file = openTextFile(out, 0o600);
    let bundle: Bundle;
    try {
      bundle = await fetchBundle(input);
      writeBundle(bundle, () => file.write(`${JSON.stringify(bundle)}\n`));
    } catch (error) {
      file.drop();
      throw error;
    }
    if (flag(input, 'json')) input.io.printJson({ file: out, entries: bundle.entries.length });
    else
      input.io.print(
        `Wrote ${bundle.entries.length} entries to ${visible(out)}. Verify: countersign audit verify ${bundle.only === null ? '' : `${visible(bundle.only.join(' '))} `}--bundle ${visible(out)}`,
      );
  },
};
