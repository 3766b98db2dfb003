import { sha256Digest } from '../contract/digest.js';
import type { ToolFacts } from '../domain/action.js';
import type { Digest } from '../domain/ids.js';
import { adviceOn } from './advice.js';
import { amountFindings } from './amounts.js';
import { policyOf } from './build.js';
import { compileDraft } from './compile-draft.js';
import { readDocument } from './document.js';
import { draftOf } from './draft.js';
import { fallbackFindings } from './fallbacks.js';
import type { Policy } from './policy.js';
import type { Finding, Problem } from './problem.js';
import { peopleFindings } from './people-findings.js';
import { referenceFindings } from './references.js';
import { quorumFindings } from './quorum.js';
import { staffingFindings } from './staffing.js';

/** A policy that may be used, or all that stands against it. Warnings are told in both cases. */
export type Loaded = { readonly warnings: readonly Problem[] } & (
  | { readonly policy: Policy }
  | { readonly problems: readonly Problem[] }
);

/** The hash under which a policy is stored, named in verdicts and compared: SHA-256 of its text as it stands, comments too. */
export function policyHash(source: string): Digest {
  return sha256Digest(source);
}

/**
 * Reads, checks and compiles a policy file. Never throws on bad input: every error is told at once, by line. With the registered tools,
 * their tiers and names are checked too; with the day (`2026-11-21`), whether sign-offs have to be reviewed.
 */
export function loadPolicy(
  source: string,
  tools: readonly ToolFacts[] | null = null,
  today: string | null = null,
): Loaded {
  const document = readDocument(source);
  if (document.problems.length > 0) return { problems: document.problems, warnings: [] };
  const { file, findings, draft } = draftOf(document.data);
  const compiled = compileDraft(draft);
  const further = [
    ...referenceFindings(draft, tools),
    ...amountFindings(draft),
    ...fallbackFindings(draft),
    ...staffingFindings(draft),
    ...quorumFindings({ draft, conditions: compiled.conditions, tools }),
    ...peopleFindings(draft),
    ...compiled.findings,
    ...adviceOn(draft, { conditions: compiled.conditions, today }),
  ];
  const all = [
    ...findings,
    ...further.filter((finding) => !findings.some((told) => isWithin(told, finding))),
  ];
  const told = (wanted: boolean) =>
    all
      .filter(({ warning }) => (warning === true) === wanted)
      .map((finding) => document.place(finding))
      .toSorted((a, b) => a.line - b.line || a.column - b.column);
  const problems = told(false);
  const warnings = told(true);
  if (file === null || problems.length > 0) return { problems, warnings };
  return { policy: policyOf(policyHash(source), file, compiled), warnings };
}

/** Whether an error was told of a part of what another is about, or of the whole: that one may come of it. */
function isWithin(told: Finding, { path }: Finding): boolean {
  const common = Math.min(told.path.length, path.length);
  return path.slice(0, common).every((part, index) => told.path[index] === part);
}

/** Policies by hash, each compiled once; a source that cannot be loaded throws, since only good ones are ever stored. Keeps the last 32. */
export function createPolicyCache(): (hash: Digest, source: () => Promise<string>) => Promise<Policy> {
  const kept = new Map<Digest, Promise<Policy>>();
  return (hash, source) => {
    const found = kept.get(hash) ?? source().then((text) => loadStored(hash, text));
    kept.delete(hash);
    kept.set(hash, found);
    found.catch(() => kept.delete(hash));
    for (const oldest of kept.keys()) if (kept.size > 32) kept.delete(oldest);
    return found;
  };
}

function loadStored(hash: Digest, source: string): Policy {
  const loaded = loadPolicy(source);
  if (!('policy' in loaded))
    throw new Error(`the stored policy ${hash} cannot be used: ${loaded.problems[0]?.what}`);
  if (loaded.policy.hash !== hash)
    throw new Error(`the stored policy ${hash} has another text than its hash says`);
  return loaded.policy;
}
