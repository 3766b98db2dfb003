import { isTyped, nameToType } from '../../contract/confirmation.js';
import { parseDuration } from '../../contract/duration.js';
import type { DecisionRequest, EscalationView } from '../../contract/http.js';
import { REJECT_CODES, type RejectReason } from '../../contract/reject-reasons.js';
import { isMembers } from '../../contract/schema-at.js';
import { parseStrictJson } from '../../contract/strict-json.js';
import type { Json } from '../../domain/action.js';
import type { Verb } from '../../domain/decision.js';
import { CountersignError, ERRORS } from '../../domain/errors.js';
import {
  flag,
  needed,
  REMOTE,
  text,
  texts,
  usage,
  type Command,
  type Input,
  type OptionSpec,
} from '../command.js';
import { connect } from '../connect.js';
import { openedArguments, shortDigest } from '../render/show-escalation.js';
import { argsOf, ARGS_OPTION, ESCALATION_ARGUMENT, escalationArg, parsed } from './arguments.js';
import { type Details, whatIsDecided, whatWasDecided } from './deciding.js';

const DECIDING = {
  why: { type: 'string', value: 'TEXT', help: 'the reason; required' },
  version: { type: 'string', value: 'N', help: 'the version you looked at; another one is refused' },
  digest: {
    type: 'string',
    value: 'HEX',
    help: 'the beginning of the digest you looked at; another one is refused',
  },
  key: { type: 'string', value: 'KEY', help: 'Idempotency-Key: the same again is the same decision' },
  yes: { type: 'boolean', help: 'do not ask whether it is meant' },
  ...REMOTE,
} as const satisfies Record<string, OptionSpec>;

const CONFIRM = {
  confirm: { type: 'string', value: 'NAME', help: "tier 4: the tool's name, to show that it is meant" },
} as const satisfies Record<string, OptionSpec>;

/** Of the verbs that take --confirm. */
const YES_BESIDE_CONFIRM = {
  yes: { ...DECIDING.yes, help: `${DECIDING.yes.help}; tier 4 takes --confirm all the same` },
} as const satisfies Record<string, OptionSpec>;

/** What else a command line needs to be one. */
const EXAMPLES: Partial<Record<Verb, string>> = {
  approve: '--confirm issue_refund ',
  edit: '--set amountCents=900 --confirm issue_refund ',
  respond: '--answer "The blue one." ',
  'take-over': '--outcome \'{"refundId":"r-9"}\' ',
  extend: '--for 2h ',
  resolve: '--leave ',
};

function decision(
  verb: Verb,
  summary: string,
  options: Record<string, OptionSpec>,
  details: (input: Input, view: EscalationView) => Details | Promise<Details>,
): Command {
  return {
    meta: {
      name: verb,
      group: 'review',
      summary,
      example: `countersign ${verb} refund-7:1 ${EXAMPLES[verb] ?? ''}--why "..."`,
    },
    args: [ESCALATION_ARGUMENT],
    options: { ...options, ...DECIDING, ...('confirm' in options ? YES_BESIDE_CONFIRM : {}) },
    run: (input) => decide(input, verb, details),
  };
}

async function decide(
  input: Input,
  verb: Verb,
  details: (input: Input, view: EscalationView) => Details | Promise<Details>,
): Promise<number> {
  const escalation = escalationArg(input);
  const reason = reasonOf(input);
  const why = reason === undefined ? needed(input, 'why') : (text(input, 'why') ?? '');
  const client = connect(input, 'person');
  const view = await client.escalations.get(escalation);
  requireSeen(input, view);
  const more = await details(input, view);
  if (!flag(input, 'json')) input.io.print(whatIsDecided(verb, view, more, input.io.width));
  await requireMeant(input, verb, view);
  const request: DecisionRequest = {
    decision: verb,
    why,
    ...(reason === undefined ? {} : { reason }),
    digest: view.digest,
    version: view.version,
    ...more,
  };
  const receipt = await client.escalations.decide(view.escalation, request, {
    idempotencyKey: text(input, 'key'),
  });
  if (flag(input, 'json')) input.io.printJson(receipt);
  else input.io.print(whatWasDecided(receipt, view, input.io.width));
  return receipt.applied ? 0 : ERRORS.pending.exit;
}

/** Why something is rejected, by its code. */
function reasonOf(input: Input): RejectReason | undefined {
  const given = text(input, 'reason');
  const code = REJECT_CODES.find((one) => one === given);
  if (given !== undefined && code === undefined)
    throw usage(input.command, `--reason ${given} is none of ${REJECT_CODES.join(', ')}`);
  return code;
}

/** What was looked at must be what is decided. */
function requireSeen(input: Input, view: EscalationView): void {
  const version = text(input, 'version');
  const digest = text(input, 'digest')?.replace(/^sha256:/, '');
  const other =
    (version !== undefined && version !== String(view.version)) ||
    (digest !== undefined && !view.digest.startsWith(`sha256:${digest}`));
  if (!other) return;
  throw new CountersignError(
    'stale',
    `The question is now version ${view.version}, digest ${shortDigest(view.digest)}: read it again with \`countersign show ${view.escalation}\`.`,
  );
}

/**
 * Approving what cannot be undone takes the tool's name, typed, with every folded argument opened before the eyes; other decisions at a
 * terminal take a yes.
 */
async function requireMeant(input: Input, verb: Verb, view: EscalationView): Promise<void> {
  const { terminal } = input.io;
  const name = nameToType(verb, view.brief);
  if (name !== null) {
    if (!flag(input, 'json')) input.io.print(openedArguments(view, input.io.width));
    const typed =
      text(input, 'confirm') ??
      (await terminal?.(false).line(`This cannot be undone. Type ${name} to go on:`));
    if (isTyped(name, typed)) return;
    throw new CountersignError(
      'usage',
      `Tier 4: nothing was decided. Add --confirm ${name} to show that it is meant.`,
    );
  }
  if (flag(input, 'yes') || terminal === undefined) return;
  const answer = await terminal(false).line(`${verb}? [y/N]`);
  if (!/^y(es)?$/i.test(answer?.trim() ?? '')) throw new CountersignError('usage', 'Nothing was decided.');
}

export const approveCommand = decision('approve', 'let exactly this action run, once', CONFIRM, () => ({}));
export const rejectCommand = decision(
  'reject',
  'refuse the action; the agent gets your reason',
  {
    reason: {
      type: 'string',
      value: 'CODE',
      help: `why, in short: ${REJECT_CODES.join(', ')}; with it --why is optional`,
    },
  },
  () => ({}),
);
export const respondCommand = decision(
  'respond',
  'answer the agent in place of the call',
  { answer: { type: 'string', value: 'TEXT', help: 'what the agent is told; required' } },
  (input) => ({ answer: needed(input, 'answer') }),
);
export const takeOverCommand = decision(
  'take-over',
  'finish the work yourself; your result ends the task',
  { outcome: { type: 'string', value: 'RESULT', help: 'your result (JSON, or plain text); required' } },
  (input) => ({ outcome: jsonOrText(needed(input, 'outcome')) }),
);
export const escalateCommand = decision('escalate', 'pass the question on to the next role', {}, () => ({}));
export const withdrawCommand = decision(
  'withdraw',
  'take your own approval back, until the call is claimed',
  {},
  () => ({}),
);

export const editCommand = decision(
  'edit',
  'let the action run with other arguments',
  {
    set: {
      type: 'string',
      value: 'NAME=JSON',
      help: 'change one top-level argument; may be given several times',
      multiple: true,
    },
    args: { ...ARGS_OPTION, help: `the whole new arguments: ${ARGS_OPTION.help}` },
    ...CONFIRM,
  },
  async (input, view) => ({ edits: await edited(input, view) }),
);

async function edited(input: Input, { brief }: EscalationView): Promise<Json> {
  const whole = await argsOf(input);
  const changes = texts(input, 'set');
  if ((whole === undefined) === (changes.length === 0))
    throw usage(input.command, 'give either --set or --args');
  if (whole !== undefined) return whole;
  const base = brief.fullArguments;
  if (!isMembers(base)) throw usage(input.command, 'these arguments have no names: use --args');
  return { ...base, ...Object.fromEntries(changes.map((change) => assignment(input, change))) };
}

function assignment(input: Input, change: string): [string, Json] {
  const at = change.indexOf('=');
  if (at < 1) throw usage(input.command, `--set ${change} is not NAME=JSON`);
  return [change.slice(0, at), parsed(change.slice(at + 1), `--set ${change.slice(0, at)}`)];
}

const UNTIL = {
  until: { type: 'string', value: 'TIME', help: 'the new deadline, such as 2026-11-22T09:00:00Z' },
  for: { type: 'string', value: 'SPAN', help: 'the new deadline from now on, such as 2h or 3d' },
} as const satisfies Record<string, OptionSpec>;

export const holdCommand = decision(
  'hold',
  'keep the question open longer; without a time, as long as the policy lets',
  UNTIL,
  (input) => deadlineOf(input) ?? {},
);
export const extendCommand = decision('extend', 'move the deadline', UNTIL, (input) => {
  const deadline = deadlineOf(input);
  if (deadline === undefined) throw usage(input.command, 'give --until or --for');
  return deadline;
});

function deadlineOf(input: Input): { until: number } | undefined {
  const [until, span] = [text(input, 'until'), text(input, 'for')];
  if (until === undefined && span === undefined) return undefined;
  const lastsMs = span === undefined ? undefined : parseDuration(span);
  const at = until === undefined ? input.io.now() + (lastsMs ?? Number.NaN) : Date.parse(until);
  if (until !== undefined && span !== undefined)
    throw usage(input.command, 'give --until or --for, not both');
  if (!Number.isFinite(at))
    throw usage(
      input.command,
      until === undefined
        ? `--for ${span} is not a span such as 2h or 3d`
        : `--until ${until} is not a time such as 2026-11-22T09:00:00Z`,
    );
  return { until: Math.round(at) };
}

export const resolveCommand = decision(
  'resolve',
  'say what became of a call whose outcome is unknown, or close a hand-over',
  {
    happened: {
      type: 'string',
      value: 'RESULT',
      help: 'it happened, with this result (JSON, or plain text)',
    },
    'not-happened': { type: 'boolean', help: 'it did not happen: run it' },
    leave: { type: 'boolean', help: 'leave it as it is' },
  },
  (input) => resolutionOf(input),
);

function resolutionOf(input: Input): Details {
  const happened = text(input, 'happened');
  const chosen = [happened !== undefined, flag(input, 'not-happened'), flag(input, 'leave')].filter(
    (on) => on,
  ).length;
  if (chosen !== 1) throw usage(input.command, 'give one of --happened RESULT, --not-happened, --leave');
  if (happened === undefined) return { resolution: flag(input, 'leave') ? 'leave' : 'not-happened' };
  return { resolution: 'happened', result: jsonOrText(happened) };
}

function jsonOrText(given: string): Json {
  const json = parseStrictJson(given);
  return 'value' in json ? json.value : given;
}
