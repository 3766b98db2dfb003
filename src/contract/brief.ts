import type { Impact, Json } from '../domain/action.js';
import type { Brief, Flag } from '../domain/brief.js';
import type { QuestionKind, ReaskReason } from '../domain/escalation.js';
import type { Digest, EscalationId, TaskId, TenantId } from '../domain/ids.js';
import { flagsOf } from '../domain/sanitise.js';
import { quorumOf, type Verdict } from '../domain/verdict.js';
import { argumentLines, fold, isOversized, OVERSIZED_BYTES, strings, wellFormed } from './brief-arguments.js';
import {
  inWords,
  optionsOf,
  questionOf,
  reasonOf,
  reversibilityOf,
  silenceIn,
  isUnreadable,
} from './brief-words.js';
import { lookAt, type Seen } from './detect.js';
import { labelled } from './digest.js';
import { moneyText } from './money.js';
import { hostsOf } from './links.js';
import { maskSecrets } from './secret.js';
import type { Preview } from './tool-definition.js';

/** All that a brief is made of. */
export interface BriefInput {
  readonly escalation: EscalationId;
  readonly task: TaskId;
  readonly tenant: TenantId;
  readonly round: number;
  /** Null for the first asking. */
  readonly reason: ReaskReason | null;
  readonly kind: QuestionKind | 'hand-over';
  readonly tool: {
    readonly name: string;
    readonly version: string;
    readonly known: boolean;
    readonly hasUndo: boolean;
  };
  /** As stored: canonical, secrets as references. */
  readonly args: Json;
  readonly impact: Impact;
  /** From describeCall; null = the tool could not say, or took too long. */
  readonly description: string | null;
  /** Null = the tool has none; `failed` = it threw or took too long, which makes the action uninspectable. */
  readonly preview: Preview | 'failed' | null;
  readonly verdict: Verdict;
  readonly trackRecord: Brief['trackRecord'];
  readonly workDone: Brief['workDone'];
  readonly earlierEffects: readonly string[];
  /** The original request, verbatim. */
  readonly request: string;
  readonly agentText: string | null;
  /** What the agent asks a person; absent or null = nothing. */
  readonly agentQuestion?: string | null;
  readonly authority: Brief['authority'];
  readonly session: string;
}

/** How many changes and pieces of evidence of a preview are kept; more are counted as unknown. */
const MOST_LINES = 200;
/** A tool's words stand in every line of an inbox; what is longer is folded. UTF-16 code units. */
const LONGEST_PROPOSAL = 2_000;
const PROPOSAL_END = 200;
/** Of how many hosts a brief names the links. */
const MOST_HOSTS = 5;

/** Makes what the reviewer sees from the arguments that will run. Pure; the same input gives the same digest. Never throws on hostile text. */
export function buildBrief(input: BriefInput): Brief {
  const { verdict, impact, tool } = input;
  const args = maskSecrets(input.args);
  const preview = previewOf(input.preview);
  const agentText = input.agentText === null ? null : wellFormed(input.agentText);
  const proposal = proposalOf(input, args);
  const reversibility = reversibilityOf(verdict.tier, tool.hasUndo);
  const lines = argumentLines(args);
  const reasons = {
    input,
    args,
    preview,
    opaque: lines.filter((line) => line.sha256 !== undefined).map((line) => line.name),
    seen: seenIn(input, args),
  };
  const cut = { diff: preview.diff.slice(0, MOST_LINES), evidence: preview.evidence.slice(0, MOST_LINES) };
  return {
    escalation: input.escalation,
    task: input.task,
    tenant: input.tenant,
    round: input.round,
    tier: verdict.tier,
    reason: reasonOf(input.reason),
    proposal,
    tool: { name: tool.name, version: tool.version },
    reversibility,
    money: impact.money === undefined ? null : { ...impact.money, text: moneyText(impact.money) },
    rows: impact.rows ?? null,
    recipients: [
      ...new Set([...(impact.recipients ?? []), ...(impact.payee === undefined ? [] : [impact.payee])]),
    ].map(wellFormed),
    environment: impact.environment === undefined ? null : wellFormed(impact.environment),
    fired: verdict.fired,
    ...cut,
    unknowns: [...unknownsOf(reasons), ...preview.unknowns],
    flags: flagsFor(reasons),
    onSilence: silenceIn(input.kind, verdict.ladder),
    options: optionsOf(input.kind, {
      proposal,
      reversibility,
      ladder: verdict.ladder,
      quorum: quorumOf(verdict),
      reason: input.reason,
    }),
    question: questionOf(input.kind, { agent: input.authority.agent, proposal, reason: input.reason }),
    trackRecord: input.trackRecord,
    arguments: lines,
    fullArguments: args,
    request: wellFormed(input.request),
    workDone: input.workDone,
    alternatives: preview.alternatives,
    authority: input.authority,
    session: input.session,
    earlierEffects: input.earlierEffects,
    ...(input.agentQuestion == null ? {} : { agentQuestion: wellFormed(input.agentQuestion) }),
    agentText,
  };
}

function proposalOf({ description, tool }: BriefInput, args: Json): string {
  if (description === null) return inWords(tool.name, args);
  return isLong(description)
    ? fold(description, LONGEST_PROPOSAL - PROPOSAL_END, PROPOSAL_END)
    : wellFormed(description);
}

function isLong(description: string | null): description is string {
  return description !== null && description.length > LONGEST_PROPOSAL;
}

function seenIn({ tool, impact, request, agentText, agentQuestion }: BriefInput, args: Json): Seen {
  return lookAt({ tool: tool.name, args, impact, request, agentText, question: agentQuestion ?? null });
}

/** What a decision says its maker saw. */
export function briefDigest(brief: Brief): Digest {
  // through text once: optional members that are undefined are no part of a brief
  return labelled('brief', JSON.parse(JSON.stringify(brief)) as Json); // JSON by construction
}

interface Reasons {
  readonly input: BriefInput;
  readonly args: Json;
  readonly preview: Required<Preview>;
  /** Names of arguments that hold an encoded blob. */
  readonly opaque: readonly string[];
  readonly seen: Seen;
}

function previewOf(preview: BriefInput['preview']): Required<Preview> {
  const given = preview === null || preview === 'failed' ? {} : preview;
  const texts = (lines: readonly string[] = []) => lines.slice(0, MOST_LINES).map(wellFormed);
  return {
    diff: (given.diff ?? []).map(({ field, before, after }) => ({
      field: wellFormed(field),
      before: wellFormed(before),
      after: wellFormed(after),
    })),
    evidence: (given.evidence ?? []).map(({ what, source, at }) => ({
      what: wellFormed(what),
      source: wellFormed(source),
      at,
    })),
    alternatives: texts(given.alternatives),
    unknowns: texts(given.unknowns),
  };
}

function unknownsOf({ input, args, preview, opaque, seen }: Reasons): readonly string[] {
  const unknowns: string[] = [];
  if (input.kind === 'resolution')
    unknowns.push(input.reason === 'undo-failed' ? 'whether it is undone' : 'whether it happened');
  if (!input.tool.known)
    unknowns.push(`The tool ${input.tool.name} is not declared: nobody vouches for what it does.`);
  else if (input.description === null) unknowns.push('The tool could not put this call into words.');
  if (isLong(input.description))
    unknowns.push('The tool says more of this call than a question shows: read the arguments.');
  if (isUnreadable(input.verdict))
    unknowns.push(
      'The tool could not say what this call would do (`impact` failed): its reach is not known.',
    );
  if (input.preview === 'failed')
    unknowns.push('The preview failed or took too long: what would change is not known.');
  for (const name of opaque) unknowns.push(`Argument ${name} holds encoded data that reading cannot judge.`);
  if (isOversized(args)) unknowns.push(`The arguments are larger than ${OVERSIZED_BYTES / 1024} KiB.`);
  if (seen.wrongNumbers === null)
    unknowns.push("Whether the agent's words contradict the arguments: these are too large to compare.");
  for (const shown of seen.wrongNumbers ?? [])
    unknowns.push(`The agent's words say "${shown}", which the arguments contradict.`);
  const hosts = hostsOf([input.agentText ?? '', input.agentQuestion ?? '', input.request, ...strings(args)]);
  if (hosts.length > 0)
    unknowns.push(
      `Links in these texts lead to ${hosts.slice(0, MOST_HOSTS).join(', ')}: nothing is decided there.`,
    );
  for (const { rule, error } of input.verdict.fired)
    if (error !== undefined) unknowns.push(`Rule ${rule} could not be evaluated: ${error}`);
  const surplus =
    Math.max(0, preview.diff.length - MOST_LINES) + Math.max(0, preview.evidence.length - MOST_LINES);
  if (surplus > 0) unknowns.push(`${surplus} more lines of the preview are not shown.`);
  return unknowns.map(wellFormed);
}

function flagsFor({ input, args, preview, opaque, seen }: Reasons): readonly Flag[] {
  const { description, tool } = input;
  const shown = [
    description ?? '',
    ...preview.alternatives,
    ...preview.unknowns,
    ...preview.diff.flatMap(({ field, before, after }) => [field, before, after]),
    ...preview.evidence.flatMap(({ what, source }) => [what, source]),
  ];
  const found = new Set<Flag>([...seen.flags, ...shown.flatMap(flagsOf)]);
  if (opaque.length > 0) found.add('opaque');
  if (isOversized(args)) found.add('oversized');
  if (
    description === null ||
    input.preview === 'failed' ||
    isUnreadable(input.verdict) ||
    opaque.length > 0 ||
    found.has('oversized')
  )
    found.add('uninspectable');
  if (seen.wrongNumbers !== null && seen.wrongNumbers.length > 0) found.add('number-mismatch');
  if (!tool.known) found.add('unknown-tool');
  if (input.earlierEffects.length > 0) found.add('earlier-effect');
  return FLAG_ORDER.filter((flag) => found.has(flag));
}

const FLAG_ORDER: readonly Flag[] = [
  'unknown-tool',
  'uninspectable',
  'earlier-effect',
  'number-mismatch',
  'control-characters',
  'bidi',
  'invisible-characters',
  'mixed-scripts',
  'normalisation',
  'opaque',
  'oversized',
  'pressure-language',
];
