import { z } from 'zod';
import { caseFile, type PolicyCase } from '../contract/case-file.js';
import { plainJsonProblem } from '../contract/plain-json.js';
import { forgedReferences } from '../contract/secret.js';
import type { Tool } from '../contract/tool.js';
import type { Json } from '../domain/action.js';
import { readDocument } from './document.js';
import { schemaFindings } from './schema-findings.js';
import type { Policy } from './policy.js';
import type { Finding, Problem } from './problem.js';

/** The tools that cases are judged with, by name; null = the cases say themselves what their tools are. */
export type CaseTools = ReadonlyMap<string, Tool> | null;

/** One case and the line it begins at. */
export interface PlacedCase {
  readonly line: number;
  readonly case: PolicyCase;
}

/** A case table that may be judged, or all that stands against it. */
export type CaseTable = { readonly cases: readonly PlacedCase[] } | { readonly problems: readonly Problem[] };

/** What cases are written for. */
export interface Judged {
  readonly policy: Policy;
  readonly tools: CaseTools;
}

/** Reads a case table with the care that a policy is read with. Never throws on bad input: every error is told at once, by line. */
export function readCases(source: string, { policy, tools }: Judged): CaseTable {
  const document = readDocument(source, 'cases');
  if (document.problems.length > 0) return { problems: document.problems };
  const parsed = z.safeParse(caseFile, document.data);
  const cases = parsed.success ? parsed.data.cases : [];
  const findings = parsed.success
    ? [
        ...repeatedNames(cases),
        ...cases.flatMap((each, index) => caseFindings(each, index, { policy, tools })),
      ]
    : parsed.error.issues.flatMap((issue) => schemaFindings(issue, document.data));
  const problems = findings
    .map((finding) => document.place(finding))
    .toSorted((a, b) => a.line - b.line || a.column - b.column);
  if (problems.length > 0) return { problems };
  const lineOf = (index: number) => document.place({ path: ['cases', index], what: '', todo: '' }).line;
  return { cases: cases.map((each, index) => ({ line: lineOf(index), case: each })) };
}

function repeatedNames(cases: readonly PolicyCase[]): Finding[] {
  const names = cases.map(({ name }) => name);
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [
          {
            path: ['cases', index, 'name'],
            what: `the name \`${name}\` stands twice`,
            todo: 'give each case its own: failures and --case name it',
          },
        ],
  );
}

function caseFindings(given: PolicyCase, index: number, { policy, tools }: Judged): Finding[] {
  const at = ['cases', index];
  return [
    ...argsFindings(given.args ?? {}, [...at, 'args']),
    ...factsFindings(given, at, tools),
    ...countedFindings(given, at, policy),
    ...knownFindings(given, at, policy),
    ...expectFindings(given, at),
    ...playFindings(given, at),
  ];
}

function argsFindings(args: Json, path: Finding['path']): Finding[] {
  const problem = plainJsonProblem(args);
  if (problem !== undefined)
    return [{ path, what: `${problem.path}: ${problem.message}`, todo: 'write plain JSON values' }];
  const todo = 'write the value: the gate makes the reference';
  return forgedReferences(args).map((at) => ({ path, what: `${at}: a reference to a secret`, todo }));
}

/** Either the tools module says what a call is, or the case does: of two sayings one would be ignored. */
function factsFindings(
  { facts, impact, tool }: PolicyCase,
  at: Finding['path'],
  tools: CaseTools,
): Finding[] {
  if (tools === null) {
    const todo =
      'add facts: { tier: 1 to 4, categories: [...] } or facts: unknown, or name a tools module (--tools)';
    return facts === undefined ? [{ path: at, what: `nothing says what \`${tool}\` is`, todo }] : [];
  }
  const todo = 'remove it, or do without the tools module';
  return [
    ...(facts === undefined
      ? []
      : [{ path: [...at, 'facts'], key: true as const, what: 'the tools module says it', todo }]),
    ...(impact === undefined
      ? []
      : [{ path: [...at, 'impact'], key: true as const, what: 'the tools module says it', todo }]),
  ];
}

function countedFindings({ counted = {} }: PolicyCase, at: Finding['path'], policy: Policy): Finding[] {
  const known = policy.limits.map(({ id }) => id);
  return Object.keys(counted)
    .filter((id) => !known.includes(id))
    .map((id) => ({
      path: [...at, 'counted', id],
      key: true,
      what: `no limit \`${id}\``,
      todo: `use one of the policy's: ${known.join(', ') || 'it has none'}`,
    }));
}

/** Only such a rule can be known: another would go on asking, whatever the case says. */
function knownFindings({ known = [] }: PolicyCase, at: Finding['path'], { rules }: Policy): Finding[] {
  const anomalies = rules.filter(({ trigger }) => trigger === 'anomaly').map(({ id }) => id);
  return known.flatMap((id, index) =>
    anomalies.includes(id)
      ? []
      : [
          {
            path: [...at, 'known', index],
            what: `no rule \`${id}\` of trigger anomaly`,
            todo: `use one of the policy's: ${anomalies.join(', ') || 'it has none'}`,
          },
        ],
  );
}

/** A row that expects nothing shows nothing. */
function playFindings({ plays = [] }: PolicyCase, at: Finding['path']): Finding[] {
  return plays.flatMap(({ expect }, index) =>
    Object.keys(expect).length > 0
      ? []
      : [
          {
            path: [...at, 'plays', index, 'expect'],
            what: 'nothing is expected',
            todo: 'say at least the outcome',
          },
        ],
  );
}

function expectFindings({ expect }: PolicyCase, at: Finding['path']): Finding[] {
  const path = [...at, 'expect'];
  if (Object.values(expect).every((value) => value === undefined))
    return [{ path, what: 'nothing is expected', todo: 'say at least the level' }];
  return expect.rules === undefined || expect.includes === undefined
    ? []
    : [
        {
          path,
          what: 'both rules and includes',
          todo: 'keep rules (exactly these) or includes (these among others)',
        },
      ];
}
