import { isTyped, nameToType } from '../../contract/confirmation.js';
import type { DecisionRequest, EscalationView, InboxItem } from '../../contract/http.js';
import { REJECT_CODES, REJECT_REASONS, type RejectReason } from '../../contract/reject-reasons.js';
import type { Verb } from '../../domain/decision.js';
import { CountersignError } from '../../domain/errors.js';
import { visible } from '../../domain/sanitise.js';
import type { CountersignClient } from '../../sdk/client.js';
import { flag, REMOTE, usage, type Command, type Input } from '../command.js';
import { connect } from '../connect.js';
import type { Terminal } from '../prompts.js';
import { wrap } from '../render/layout.js';
import { fullArguments, openedArguments, showEscalation } from '../render/show-escalation.js';
import { whatIsDecided, whatWasDecided } from './deciding.js';
import { openQuestions } from './inbox.js';
import { screenOf } from './tasks.js';

export const reviewCommand: Command = {
  meta: {
    name: 'review',
    group: 'review',
    summary: 'go through the questions that wait for you, one by one',
    example: 'countersign review --as amira',
    notes: [
      'Keys: j next, k previous, s skip, o all arguments, ? help, q quit; a approve, r reject, e escalate, h hold, p answer the agent. A decision takes a reason and Enter beside its key, a refusal its number before, at tier 4 the name of the tool too; Esc takes it back.',
      'Without a terminal: inbox, show ESC, and approve ESC --why "..." do the same; --json prints each question as one line of JSON.',
    ],
  },
  args: [],
  options: {
    role: { type: 'string', value: 'ROLE', help: 'only those put to this role' },
    plain: { type: 'boolean', help: 'no single keys, nothing drawn: type a letter and Enter' },
    ...REMOTE,
  },
  async run(input) {
    if (flag(input, 'json')) return stream(input, connect(input, 'person'));
    const { terminal } = input.io;
    if (terminal === undefined)
      throw usage(
        input.command,
        'review needs a terminal. Without one use `countersign inbox`, `countersign show ESC` and `countersign approve ESC --why "..."`, or `countersign review --json`',
      );
    const client = connect(input, 'person');
    await walk({ input, client, terminal: terminal(flag(input, 'plain')), passed: new Set() });
  },
};

interface Session {
  readonly input: Input;
  readonly client: CountersignClient;
  readonly terminal: Terminal;
  /** Rounds that were decided or skipped: they are not shown again. */
  readonly passed: Set<string>;
}

const roundOf = ({ escalation, version }: InboxItem) => `${escalation}@${version}`;

async function pending({ input, client, passed }: Session): Promise<InboxItem[]> {
  const items: InboxItem[] = [];
  for await (const item of openQuestions(input, client)) if (!passed.has(roundOf(item))) items.push(item);
  return items;
}

async function stream(input: Input, client: CountersignClient): Promise<void> {
  for await (const { escalation } of openQuestions(input, client))
    input.io.printJsonLine(await client.escalations.get(escalation));
}

/** What a person did with a question. `settled`: it needs no more of them. */
type Done = 'next' | 'previous' | 'settled' | 'quit';

async function walk(session: Session): Promise<void> {
  const { io } = session.input;
  for (let items = await pending(session); items.length > 0; items = await pending(session)) {
    let at = 0;
    while (items.length > 0) {
      const item = items[at];
      if (item === undefined) break;
      io.print(['', `Question ${at + 1} of ${items.length}`]);
      const done = await attend(session, item);
      if (done === 'quit') return;
      if (done === 'settled') {
        session.passed.add(roundOf(item));
        items.splice(at, 1);
        at = Math.min(at, items.length - 1);
      } else at = (at + (done === 'next' ? 1 : items.length - 1)) % items.length;
    }
  }
  io.print('Nothing more waits for you.');
}

/** Shows one question and does what the keys say, until the person is done with it. */
async function attend(session: Session, { escalation }: InboxItem): Promise<Done> {
  const { io } = session.input;
  for (;;) {
    const view = await looked(session, escalation);
    if (view === undefined) return 'settled';
    io.print([...showEscalation(view, screenOf(session.input)), ...keysOf(view, io.width)]);
    const done = await obey(session, view);
    if (done !== 'changed') return done;
  }
}

async function looked({ client, input }: Session, escalation: string): Promise<EscalationView | undefined> {
  try {
    return await client.escalations.get(escalation);
  } catch (error) {
    if (!(error instanceof CountersignError) || error.code !== 'not-found') throw error;
    input.io.print(`${visible(escalation)} is not there any more.`);
    return undefined;
  }
}

/** The decisions that a key makes; the others need more than a line, and have commands. */
const DECIDING: Readonly<Record<string, Verb>> = {
  a: 'approve',
  r: 'reject',
  e: 'escalate',
  h: 'hold',
  p: 'respond',
};
const MOVING: Readonly<Record<string, Done>> = { j: 'next', k: 'previous', s: 'settled', q: 'quit' };

function keysOf({ mayDo }: EscalationView, width: number): string[] {
  const verbs = Object.entries(DECIDING).filter(([, verb]) => mayDo.includes(verb));
  const keys = [
    ...verbs.map(([key, verb]) => `${key} ${verb}`),
    'j next',
    'k previous',
    's skip',
    'o all arguments',
  ];
  return wrap(`Keys: ${[...keys, '? help', 'q quit'].join(' · ')}`, width);
}

async function obey(session: Session, view: EscalationView): Promise<Done | 'changed'> {
  const { input, terminal } = session;
  const { io } = input;
  for (;;) {
    const key = await terminal.key();
    const move = key === undefined ? 'quit' : MOVING[key];
    if (move !== undefined) return move;
    const verb = DECIDING[key ?? ''];
    if (key === 'o') io.print(fullArguments(view, { width: io.width }));
    else if (verb === undefined) io.print(helpOf(view, io.width));
    else if (!view.mayDo.includes(verb)) io.print(wrap(refusal(verb, view), io.width));
    else {
      const done = await decide(session, view, verb);
      if (done !== 'undecided') return done;
      io.print('Nothing was decided.');
    }
  }
}

function refusal(verb: Verb, { mayDo, mayNot }: EscalationView): string {
  const instead = mayDo.length === 0 ? '' : ` You may: ${mayDo.join(', ')}.`;
  return visible(`You may not ${verb} this.${mayNot === null ? '' : ` ${mayNot}`}${instead}`);
}

function helpOf(view: EscalationView, width: number): string[] {
  const rest = view.mayDo.filter((verb) => !Object.values(DECIDING).includes(verb));
  const more = rest.map((verb) => `  countersign ${verb} ${visible(view.escalation)} --help`);
  return [
    ...keysOf(view, width),
    ...wrap(
      'Deciding asks for a reason, at tier 4 for the name of the tool before; Esc or an empty line decides nothing. A refusal asks for the number of its reason; words are optional then.',
      width,
    ),
    ...(more.length === 0 ? [] : ['By a command of its own:', ...more]),
  ];
}

async function decide(
  session: Session,
  view: EscalationView,
  verb: Verb,
): Promise<'settled' | 'changed' | 'undecided'> {
  const { client, input } = session;
  const { io } = input;
  io.print(whatIsDecided(verb, view, {}, io.width));
  const request = await asked(session, view, verb);
  if (request === undefined) return 'undecided';
  try {
    const receipt = await client.escalations.decide(view.escalation, request);
    io.print(whatWasDecided(receipt, view, io.width));
    return verb === 'hold' ? 'changed' : 'settled';
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    io.print(wrap(visible(error.message), io.width));
    if (error.code === 'stale') return 'changed';
    return OVER.has(error.code) ? 'settled' : 'undecided';
  }
}

/** Refusals after which nobody can decide this question any more. */
const OVER: ReadonlySet<string> = new Set(['already-decided', 'not-open', 'too-late', 'not-found']);

/** Everything that a decision takes beside its key; undefined = it is not meant after all. */
async function asked(
  session: Session,
  view: EscalationView,
  verb: Verb,
): Promise<DecisionRequest | undefined> {
  const {
    terminal,
    input: { io },
  } = session;
  const name = nameToType(verb, view.brief);
  if (name !== null) {
    io.print(openedArguments(view, io.width));
    if (!isTyped(name, await terminal.line(`This cannot be undone. Type ${name} to go on:`)))
      return undefined;
  }
  const typed = async (question: string) => (await terminal.line(question))?.trim() ?? '';
  const answer = verb === 'respond' ? await typed('What is the agent told?') : undefined;
  const reason = verb === 'reject' ? await reasonByKey(session) : undefined;
  if (answer === '' || reason === null) return undefined;
  const why = await whyOf(session, verb, reason);
  if (why === undefined) return undefined;
  const said = { ...(answer === undefined ? {} : { answer }), ...(reason === undefined ? {} : { reason }) };
  const { digest, version } = view;
  return { decision: verb, why, digest, version, ...said };
}

/** The person's own words; a code may do without them. Undefined = it is not meant after all. */
async function whyOf(
  { terminal }: Session,
  verb: Verb,
  reason: RejectReason | undefined,
): Promise<string | undefined> {
  if (reason !== undefined)
    return (await terminal.line('What should the agent know? Enter alone adds nothing.'))?.trim();
  const why = (await terminal.line(`Why do you ${verb}?`))?.trim();
  return why === '' ? undefined : why;
}

/** Why they reject, by the number of the reason; null = any other key, and nothing is decided. */
async function reasonByKey({ terminal, input: { io } }: Session): Promise<RejectReason | null> {
  const lines = REJECT_CODES.map((code, index) => `  ${index + 1}  ${code}: ${REJECT_REASONS[code]}`);
  io.print(['Why? A number; any other key decides nothing.', ...lines]);
  return REJECT_CODES[Number(await terminal.key()) - 1] ?? null;
}
