import type { PolicyFile } from '../contract/policy-file.js';
import { readDocument } from './document.js';
import { draftOf } from './draft.js';
import type { Path } from './problem.js';
import type { CaseOutcome } from './run-cases.js';

/** Something that a policy file says of when to ask, and whether cases show both sides of it. */
export interface Covered {
  /** As verdicts name it: a rule's id, `limit:ID`, `always-ask:CATEGORY`, `tool:NAME`. */
  readonly rule: string;
  /** Its line in the policy. */
  readonly line: number;
  readonly fires: boolean;
  readonly silent: boolean;
}

/**
 * Whether every rule, limit, always-ask category and tool level that the file states fires in at least one case and not in another. What
 * fires only because it could not be evaluated shows neither. The source is one that loads.
 */
export function coverageOf(source: string, outcomes: readonly CaseOutcome[]): readonly Covered[] {
  const document = readDocument(source);
  const { file } = draftOf(document.data);
  const covered = (file === null ? [] : targetsOf(file)).map(({ rule, path }) => {
    const shown = outcomes.map((outcome) => showing(rule, outcome));
    return {
      rule,
      line: document.place({ path, key: true, what: '', todo: '' }).line,
      fires: shown.includes('fires'),
      silent: shown.includes('silent'),
    };
  });
  return covered.toSorted((a, b) => a.line - b.line);
}

/** Whether nothing is left to show. */
export function isCovered({ fires, silent }: Covered): boolean {
  return fires && silent;
}

function showing(rule: string, { tool, verdict }: CaseOutcome): 'fires' | 'silent' | 'neither' {
  // A level that the tier gives anyway is never named by a verdict; it is in use all the same.
  if (rule.startsWith('tool:')) return rule === `tool:${tool}` ? 'fires' : 'silent';
  const fired = verdict.fired.find((each) => each.rule === rule);
  if (fired === undefined) return 'silent';
  return fired.error === undefined ? 'fires' : 'neither';
}

function targetsOf(file: PolicyFile): readonly { readonly rule: string; readonly path: Path }[] {
  return [
    ...(file.rules ?? []).map(({ id }, index) => ({ rule: id, path: ['rules', index, 'id'] })),
    ...(file.limits ?? []).map(({ id }, index) => ({ rule: `limit:${id}`, path: ['limits', index, 'id'] })),
    ...Object.keys(file.always_ask ?? {}).map((category) => ({
      rule: `always-ask:${category}`,
      path: ['always_ask', category],
    })),
    ...Object.entries(file.tools ?? {}).flatMap(([name, { level }]) =>
      level === undefined ? [] : [{ rule: `tool:${name}`, path: ['tools', name, 'level'] }],
    ),
  ];
}
