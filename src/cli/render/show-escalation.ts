import { callWords, CLOSED, moneyWords } from '../../contract/brief-words.js';
import { aboveTheFold } from '../../contract/brief-fold.js';
import { nameToType } from '../../contract/confirmation.js';
import type { EscalationView } from '../../contract/http.js';
import { isOpen } from '../../contract/question-rules.js';
import { showTime } from '../../contract/show-time.js';
import { visible } from '../../domain/sanitise.js';
import { boxed, columns, labelled, wrap, wrapHanging } from './layout.js';

/** What a page for a person depends on beside its content. */
export interface Screen {
  readonly width: number;
  readonly now: number;
  readonly zone: string;
  /** What else a command to copy needs to act as the same person, such as ` --as amira`. */
  readonly as?: string;
}

/** One question as a reviewer reads it: ten lines first, then every field, what can be done, and last the agent's own words in a box. */
export function showEscalation(view: EscalationView, screen: Screen): string[] {
  const { brief } = view;
  return [
    ...heading(view, screen),
    '',
    ...aboveTheFold(brief, { ...view, open: isOpen(view), now: screen.now, zone: screen.zone }).flatMap(
      (line, at) => labelled(String(at + 1).padStart(2), line, screen.width, 3),
    ),
    '',
    ...changes(view, screen),
    ...argumentsOf(view, screen),
    ...fields(view, screen),
    ...earlier(view, screen),
    ...doors(view, screen),
    ...agentBox(view, screen),
  ];
}

function heading(view: EscalationView, screen: Screen): string[] {
  const { brief } = view;
  const { width } = screen;
  const facts = [
    `tier ${brief.tier}`,
    view.kind,
    `version ${view.version}`,
    `${brief.tool.name} ${brief.tool.version}`.trim(),
    view.state,
  ];
  const flags = brief.flags.length === 0 ? [] : wrap(`! look twice: ${brief.flags.join(', ')}`, width);
  const halted =
    view.halt === null ? [] : wrap(`! halted: ${view.halt}; nobody can decide before it is lifted`, width);
  const folded = brief.arguments.filter((argument) => argument.folded).length;
  const said = callWords(view.outcome);
  const unread = folded === 0 ? [] : wrap(`! folded arguments: ${folded}; --full shows all`, width);
  return [
    ...wrap(visible(`${view.escalation}  ${facts.filter((fact) => fact !== '').join(' · ')}`), width),
    ...flags,
    ...unread,
    ...halted,
    ...(isOpen(view) || said === null ? [] : wrap(visible(said), width)),
    ...together(view, screen),
  ];
}

/** How many people it takes, and who looks into it. */
function together({ quorum, claimedBy, claimedUntil }: EscalationView, screen: Screen): string[] {
  const several = `${quorum} people must approve, each without seeing the others' answers`;
  const until = claimedUntil === null ? '' : ` until ${showTime(claimedUntil, screen.now, screen.zone)}`;
  return [
    ...(quorum > 1 ? [several] : []),
    ...(claimedBy === null ? [] : [`${claimedBy} looks into it${until}`]),
  ].flatMap((line) => wrap(visible(line), screen.width));
}

function changes({ brief, kind }: EscalationView, { width }: Screen): string[] {
  if (brief.diff.length === 0) return [];
  const lines = brief.diff.flatMap(({ field, before, after }) => [
    ...wrap(visible(field), width, '  '),
    ...wrap(`- ${visible(before)}`, width, '    '),
    ...wrap(`+ ${visible(after)}`, width, '    '),
  ]);
  return [kind === 'confirmation' ? 'What changed' : 'What would change', ...lines, ''];
}

/** Of an open question, by what it is about. */
const OPEN_ARGUMENTS: Readonly<Record<EscalationView['kind'], string>> = {
  approval: 'Arguments that will run',
  stop: 'Arguments of the call that was stopped',
  confirmation: 'Arguments that ran',
  resolution: 'Arguments of the call',
  'hand-over': 'Arguments',
};

/** Of a closed question: an edit may have put others in their place. */
const ASKED_ABOUT = 'Arguments that were asked about';

function argumentsOf({ brief, state, kind }: EscalationView, { width }: Screen): string[] {
  const lines = brief.arguments.flatMap(({ name, value, bytes, folded, sha256 }) => {
    const rest = folded
      ? ` … (${bytes} bytes${sha256 === undefined ? '' : `, sha256 ${sha256}`}; --full shows all)`
      : '';
    return wrap(`${visible(name)} = ${visible(value)}${rest}`, width, '  ');
  });
  return [
    `${isOpen({ state }) ? OPEN_ARGUMENTS[kind] : ASKED_ABOUT} (${brief.arguments.length})`,
    ...(lines.length === 0 ? ['  none'] : lines),
    '',
  ];
}

/** The arguments that a brief folds, in full; nothing when it folds none. */
export function openedArguments(view: EscalationView, width: number): string[] {
  const folded = view.brief.arguments.filter((argument) => argument.folded);
  return folded.length === 0
    ? []
    : [`Folded in the brief: ${folded.length}. All arguments in full:`, ...fullArguments(view, { width })];
}

/** All arguments, nothing folded; secrets stay masked. */
export function fullArguments({ brief }: EscalationView, { width }: Pick<Screen, 'width'>): string[] {
  return JSON.stringify(brief.fullArguments, null, 2)
    .split('\n')
    .flatMap((line) => wrapHanging(visible(line), width));
}

function fields(view: EscalationView, screen: Screen): string[] {
  const { brief, kind, role } = view;
  const { width } = screen;
  const time = (at: number) => showTime(at, screen.now, screen.zone);
  const { authority } = brief;
  const line = (label: string, text: string) => labelled(label, visible(text), width);
  return [
    ...quoted('Request', brief.request, width),
    ...line(
      'Work done',
      [
        ...brief.workDone.map((step) => `${step.what}: ${step.outcome} (${time(step.at)})`),
        ...(kind === 'confirmation' ? [`${brief.tool.name}: this call ran before it was asked about`] : []),
      ].join('; ') || 'nothing yet',
    ),
    ...brief.earlierEffects.flatMap((effect) => line('Earlier', effect)),
    ...line(
      'Stopped by',
      brief.fired
        .map(({ rule, trigger, values }) => `${rule} (${trigger}) ${valuesText(values)}`.trimEnd())
        .join('; ') || 'nothing but the owner’s wish',
    ),
    ...line('Reason', brief.reason),
    ...line('Action', brief.proposal),
    ...line('Question', brief.question),
    ...brief.options.flatMap((option) => line(`  ${option.verb}`, `${option.label}: ${option.consequence}`)),
    ...brief.alternatives.flatMap((alternative) => line('Or else', alternative)),
    ...line('Money', moneyWords(brief)),
    ...line('Undo', brief.reversibility),
    ...line(
      'For whom',
      `${authority.requester}, by agent ${authority.agent}, tenant ${brief.tenant}, credentials ${authority.credentials}`,
    ),
    ...line('May decide', `${authority.mayDecide.join(', ')}; now asked: ${role}`),
    ...line('Session', brief.session),
    ...line('Deadline', deadlineOf(view, screen)),
    '',
  ];
}

function deadlineOf(view: EscalationView, { now, zone }: Screen): string {
  if (!isOpen(view)) return CLOSED;
  return view.answerBy === null
    ? 'none: it waits until somebody decides'
    : showTime(view.answerBy, now, zone);
}

/** `limit=10000 action.tier=4`: breaks between values, never inside a number. */
function valuesText(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(' ');
}

/** A person's text of several lines; none of them can pass for one of ours. */
function quoted(label: string, text: string, width: number): string[] {
  const lines = visible(text, { block: true }).replaceAll('\t', '  ').split('\n');
  const [first = '', ...rest] = lines.flatMap((line) => wrap(line, width - 15, '> '));
  return [`${label.padEnd(13)}${first}`.trimEnd(), ...rest.map((line) => `${''.padEnd(13)}${line}`)];
}

function earlier({ decisions }: EscalationView, screen: Screen): string[] {
  if (decisions.length === 0) return [];
  const lines = decisions.map(
    ({ verb, by, onBehalfOf, at, version, outcome }) =>
      `${verb} by ${by}${onBehalfOf === null ? '' : ` for ${onBehalfOf}`}, version ${version}, ${showTime(at, screen.now, screen.zone)}: ${outcome ?? 'on its way'}`,
  );
  return ['Decisions so far', ...lines.flatMap((line) => wrap(visible(line), screen.width, '  ')), ''];
}

type Verb = EscalationView['mayDo'][number];

/** What else a decision needs, by its verb. */
const NEEDED: Partial<Record<Verb, string>> = {
  edit: '--set NAME=JSON',
  respond: '--answer "..."',
  'take-over': '--outcome "..."',
  extend: '--for 2h',
  resolve: '--leave',
};

/** The options of a verb, once for each form of it. */
function formsOf(verb: Verb, { kind, brief }: EscalationView): readonly (readonly string[])[] {
  if (verb === 'resolve' && kind === 'resolution')
    return [['--happened "RESULT"'], ['--not-happened'], ['--leave']];
  const needed = NEEDED[verb];
  // Its name is left for the reviewer to type: what is copied whole confirms nothing.
  return [
    [
      ...(needed === undefined ? [] : [needed]),
      ...(nameToType(verb, brief) === null ? [] : ['--confirm "..."']),
    ],
  ];
}

function doors(view: EscalationView, { width, as = '' }: Screen): string[] {
  const no = view.mayNot === null ? [] : wrap(visible(`You may not: ${view.mayNot}`), width);
  const [verb] = view.mayDo;
  if (verb === undefined) return [...no, ''];
  const seen = `--version ${view.version} --digest ${shortDigest(view.digest)}`;
  return [
    ...no,
    ...wrap(`You may: ${view.mayDo.join(', ')}`, width),
    ...formsOf(verb, view).flatMap((options) =>
      toCopy(
        `  countersign ${verb} ${visible(view.escalation)}${visible(as)}`,
        [seen, ...options, '--why "..."'],
        width,
      ),
    ),
    '',
  ];
}

/** A command on one line, or on several that a shell reads as one; no option is torn apart. */
function toCopy(head: string, options: readonly string[], width: number): string[] {
  const line = [head, ...options].join(' ');
  if (columns(line) <= width) return [line];
  const lines = options.reduce<readonly string[]>(
    ([...made], option) => {
      const last = made.pop() ?? '';
      const longer = `${last} ${option}`;
      return made.length > 0 && columns(longer) <= width - 2
        ? [...made, longer]
        : [...made, last, `    ${option}`];
    },
    [head],
  );
  return lines.map((text, at) => (at === lines.length - 1 ? text : `${text} \\`));
}

/** As much of a digest as tells two versions of a question apart. */
export function shortDigest(digest: string): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 12);
}

function agentBox({ brief }: EscalationView, { width }: Screen): string[] {
  const box = (label: string, text: string | null) =>
    text === null
      ? []
      : boxed(label, visible(text, { block: true }).replaceAll('\t', '  ').split('\n'), width);
  return [
    ...box('the agent asks a person, unverified', brief.agentQuestion ?? null),
    ...box("the agent's own words, unverified", brief.agentText),
  ];
}
