import type { Json, Tier } from '../domain/action.js';
import type { Brief, Option } from '../domain/brief.js';
import type { QuestionKind, ReaskReason } from '../domain/escalation.js';
import type { Fallback, Ladder, Level } from '../domain/verdict.js';
import { wellFormed } from './brief-arguments.js';
import { canonicalJson } from './canonical.js';

type Kind = QuestionKind | 'hand-over';

const REASONS: Readonly<Record<ReaskReason, string>> = {
  drift: 'Asked anew: the world changed between the decision and the call.',
  'digest-changed': 'Asked anew: the call is not the one that was decided.',
  'approval-expired': 'Asked anew: the approval expired before the call could start.',
  withdrawn: 'Asked anew: an approval was withdrawn.',
  unverified: 'Asked anew: a decision could not be verified.',
  'policy-stricter': 'Asked anew: the policy in force now asks for more than was decided.',
  limit: 'Asked anew: a cumulative limit would be passed.',
  'needs-another-subject': 'Asked anew: somebody else has to decide.',
  quorum: 'Asked anew: more people have to approve.',
  unknown: 'The call was started and nobody knows what became of it.',
  'undo-failed': 'It was to be undone, and that failed: what it did may still stand.',
  'halt-lifted': 'Asked anew: a halt was lifted.',
};

/** A call that no tool puts into words: its name and the beginning of its arguments. */
export function inWords(tool: string, args: Json): string {
  const text = canonicalJson(args);
  const shown = text.length > 300 ? `${text.slice(0, 300)} … ${text.length - 300} more characters` : text;
  return wellFormed(`${tool}(${shown})`);
}

/** Why this round exists, in words. */
export function reasonOf(reason: ReaskReason | null): string {
  return reason === null ? 'Asked for the first time.' : REASONS[reason];
}

/** Whether the call can be taken back, in words. */
export function reversibilityOf(tier: Tier, hasUndo: boolean): string {
  if (tier === 1) return 'Changes nothing (read-only).';
  if (tier === 4) return 'Cannot be undone.';
  if (hasUndo) return 'Can be undone by the tool.';
  return tier === 2
    ? 'Reversible by hand; the tool has no undo.'
    : 'Leaves this system; the tool has no undo.';
}

/** What silence after the last role leads to, in words. */
export const SILENCE: Readonly<Record<Fallback | 'undo', string>> = {
  deny: 'Nothing runs; the agent is told that nobody answered.',
  safe: 'The safe action runs instead; the agent is told that nobody answered.',
  hold: "It waits on the owner's desk without a deadline.",
  fail: 'The task fails and its owner is told.',
  halt: 'The task fails and the agent is halted until somebody lifts it.',
  undo: 'It is undone; the agent is told so.',
};

const SHORT_SILENCE: Readonly<Record<Brief['onSilence'], string>> = {
  deny: 'denied',
  safe: 'safe action',
  hold: 'held',
  fail: 'task fails',
  halt: 'agent halted',
  undo: 'undone',
};

/** What silence until the next deadline leads to, in three words or so. */
export function shortSilence({ onSilence }: Pick<Brief, 'onSilence'>, nextRole: string | null): string {
  return nextRole === null ? SHORT_SILENCE[onSilence] : `${nextRole} is asked`;
}

/** What stands in place of the deadline of a closed question. */
export const CLOSED = 'Closed; nobody is asked any more.';

/** What silence leads to: about a call of unknown outcome it says nothing, whatever the policy lets follow, so that one is held. */
export function silenceIn(kind: Kind, { fallback }: Pick<Ladder, 'fallback'>): Fallback | 'undo' {
  if (kind === 'confirmation') return 'undo';
  return kind === 'resolution' ? 'hold' : fallback;
}

/** What silence leads to once a call was judged: what ran softly is undone, whatever the ladder says. */
export function silenceAt(level: Level, ladder: Pick<Ladder, 'fallback'>): Fallback | 'undo' {
  return silenceIn(level === 'soft' ? 'confirmation' : 'approval', ladder);
}

function onSilence(kind: Kind, ladder: Ladder): string {
  if (kind === 'hand-over') return "It stays on the owner's desk.";
  const fallback = silenceIn(kind, ladder);
  const atLast =
    fallback === 'safe' && ladder.safe
      ? `Instead of it this runs: ${inWords(ladder.safe.tool, ladder.safe.args)}.`
      : SILENCE[fallback];
  const roles = ladder.rungs.map(({ role }) => role);
  return roles.length < 2
    ? atLast
    : `Asked in turn: ${roles.join(', then ')}. When all are silent: ${atLast}`;
}

/** The question itself. */
export function questionOf(
  kind: Kind,
  { agent, proposal, reason }: { agent: string; proposal: string; reason: ReaskReason | null },
): string {
  switch (kind) {
    case 'approval':
      return `May ${agent} do this? ${proposal}`;
    case 'stop':
      return `${agent} was stopped here. Who does the work? ${proposal}`;
    case 'confirmation':
      return `${agent} did this. May it stay? ${proposal}`;
    case 'resolution':
      return reason === 'undo-failed' ? `Is this undone? ${proposal}` : `Did this call happen? ${proposal}`;
    case 'hand-over':
      return `The task of ${agent} failed. Who finishes the work? ${proposal}`;
  }
}

/** What options are made of. */
interface Given {
  readonly proposal: string;
  readonly reversibility: string;
  readonly ladder: Ladder;
  /** How many people must approve. */
  readonly quorum: number;
  readonly reason: ReaskReason | null;
}

/** What can be chosen, with the consequence of each and of choosing nothing. */
export function optionsOf(kind: Kind, given: Given): readonly Option[] {
  const silence: Option = {
    verb: 'silence',
    label: 'Nobody answers',
    consequence: onSilence(kind, given.ladder),
  };
  return [...choicesOf(kind, given), silence];
}

function choicesOf(
  kind: Kind,
  { proposal, reversibility, ladder, quorum, reason }: Given,
): readonly Option[] {
  const roles = ladder.rungs.map((rung) => rung.role);
  const escalate: Option = {
    verb: 'escalate',
    label: `Escalate to the next role (${roles.slice(1).join(', then ')})`,
    consequence: 'Nothing runs; the next role is asked.',
  };
  const further = roles.length > 1 ? [escalate] : [];
  switch (kind) {
    case 'approval': {
      const consequence = `${severally(quorum)}xactly this call runs, at most once. ${reversibility}`;
      return [
        { verb: 'approve', label: proposal, consequence },
        REJECT,
        EDIT,
        RESPOND,
        TAKE_OVER,
        ...further,
      ];
    }
    case 'stop':
      return [TAKE_OVER, REJECT, RESPOND, ...further];
    case 'confirmation':
      return CONFIRMATIONS;
    case 'resolution':
      return reason === 'undo-failed' ? UNDO_RESOLUTIONS : RESOLUTIONS;
    case 'hand-over':
      return [HAND_OVER];
  }
}

/** The beginning of what an approval leads to. */
function severally(quorum: number): string {
  if (quorum === 1) return 'E';
  const words = ['Two', 'Three', 'Four', 'Five'];
  return `${words[quorum - 2] ?? quorum} people must approve, each without seeing the others' answers; then e`;
}

const REJECT: Option = {
  verb: 'reject',
  label: 'Reject and return to the agent',
  consequence: 'Nothing runs; the agent is told why and may propose something else.',
};

const EDIT: Option = {
  verb: 'edit',
  label: 'Change the arguments',
  consequence: 'This call never runs; the changed one is checked and judged anew before it may.',
};

const RESPOND: Option = {
  verb: 'respond',
  label: 'Answer the agent',
  consequence: 'Nothing runs; the agent gets your answer and goes on with it.',
};

const TAKE_OVER: Option = {
  verb: 'take-over',
  label: 'Finish the work yourself',
  consequence: 'Nothing runs; your result is recorded and ends the task.',
};

const CONFIRMATIONS: readonly Option[] = [
  { verb: 'approve', label: 'Confirm it', consequence: 'What ran stays, and the agent goes on.' },
  { verb: 'reject', label: 'Undo it now', consequence: 'The tool takes it back; the agent is told why.' },
];

const RESOLUTIONS: readonly Option[] = [
  {
    verb: 'resolve',
    label: 'It happened',
    consequence: 'Your result is recorded as that of the call; nothing runs again.',
  },
  {
    verb: 'resolve',
    label: 'It did not happen',
    consequence: 'The call is made once more. If it did happen after all, it is doubled.',
  },
  {
    verb: 'resolve',
    label: 'Leave it unknown',
    consequence: 'Nothing runs; the outcome stays unknown and the agent is told so.',
  },
];

const UNDO_RESOLUTIONS: readonly Option[] = [
  {
    verb: 'resolve',
    label: 'It is undone',
    consequence: 'It counts as taken back; nothing runs, and the agent is told.',
  },
  {
    verb: 'resolve',
    label: 'It is not undone: try again',
    consequence: 'The tool is asked once more to take it back.',
  },
  { verb: 'resolve', label: 'Let it stand', consequence: 'What ran stays, and the agent goes on.' },
];

const HAND_OVER: Option = {
  verb: 'resolve',
  label: 'The work is taken care of',
  consequence: 'The hand-over is closed with your reason.',
};

/** Whether the policy was judged without knowing what the call would do; the rule that names arguments is about what a reader cannot see of them. */
export function isUnreadable({ fired }: Pick<Brief, 'fired'>): boolean {
  return fired.some(({ rule, values }) => rule === 'uninspectable' && values['arguments'] === undefined);
}

/** The money that a call moves, in words. A tool that cannot say moves no less for it. */
export function moneyWords(brief: Pick<Brief, 'fired' | 'money'>): string {
  return brief.money?.text ?? (isUnreadable(brief) ? 'not known' : 'none declared');
}

/** What became of a call, in a sentence, from its one word; null where the word is not about one that was made. */
export function callWords(outcome: string | null): string | null {
  if (outcome === 'executed') return 'The call ran.';
  if (outcome === 'undone') return 'The call ran and was undone.';
  if (outcome === 'unknown') return 'The call was started and nobody knows what became of it.';
  return outcome?.startsWith(FAILED) === true
    ? `The call was made and failed: ${outcome.slice(FAILED.length)}.`
    : null;
}

const FAILED = 'failed: ';

/** What stands in place of the reach of a call that declares none. */
export function noReach(brief: Pick<Brief, 'fired'>): string {
  return isUnreadable(brief) ? 'not known.' : 'nothing countable declared.';
}
