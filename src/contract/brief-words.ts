import type { Tier } from '../domain/action.js';
import type { Option } from '../domain/brief.js';
import type { ReaskReason } from '../domain/escalation.js';
import type { Fallback, Ladder } from '../domain/verdict.js';

type Kind = 'approval' | 'resolution' | 'hand-over';

const REASONS: Readonly<Record<ReaskReason, string>> = {
  drift: 'Asked anew: the world changed between the decision and the call.',
  'digest-changed': 'Asked anew: the call is not the one that was decided.',
  'approval-expired': 'Asked anew: the approval expired before the call could start.',
  withdrawn: 'Asked anew: an approval was withdrawn.',
  unverified: 'Asked anew: a decision could not be verified.',
  'policy-stricter': 'Asked anew: the policy in force now asks for more than was decided.',
  limit: 'Asked anew: a cumulative limit would be passed.',
  'needs-another-subject': 'Asked anew: somebody else has to decide.',
  unknown: 'The call was started and nobody knows what became of it.',
  'halt-lifted': 'Asked anew: a halt was lifted.',
};

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

const SILENCE: Readonly<Record<Fallback, string>> = {
  deny: 'Nothing runs; the agent is told that nobody answered.',
  hold: "It waits on the owner's desk without a deadline.",
  fail: 'The task fails and its owner is told.',
  halt: 'The task fails and the agent is halted until somebody lifts it.',
};

/** What silence leads to: about a call of unknown outcome it says nothing, whatever the policy lets follow, so that one is held. */
export function silenceIn(kind: Kind, { fallback }: Pick<Ladder, 'fallback'>): Fallback {
  return kind === 'resolution' ? 'hold' : fallback;
}

/** The question itself. */
export function questionOf(kind: Kind, agent: string, proposal: string): string {
  if (kind === 'resolution') return `Did this call happen? ${proposal}`;
  if (kind === 'hand-over') return `The task of ${agent} failed. Who finishes the work? ${proposal}`;
  return `May ${agent} do this? ${proposal}`;
}

/** What can be chosen, with the consequence of each and of choosing nothing. */
export function optionsOf(
  kind: Kind,
  given: { readonly proposal: string; readonly reversibility: string; readonly ladder: Ladder },
): readonly Option[] {
  const silence: Option = {
    verb: 'silence',
    label: 'Nobody answers',
    consequence: SILENCE[silenceIn(kind, given.ladder)],
  };
  if (kind === 'resolution') return [...RESOLUTIONS, silence];
  if (kind === 'hand-over') return [HAND_OVER, { ...silence, consequence: "It stays on the owner's desk." }];
  const roles = given.ladder.rungs.map((rung) => rung.role);
  const escalate: Option = {
    verb: 'escalate',
    label: `Escalate to the next role (${roles.join(', then ')})`,
    consequence: 'Nothing runs; the next role is asked.',
  };
  return [
    {
      verb: 'approve',
      label: given.proposal,
      consequence: `Exactly this call runs, at most once. ${given.reversibility}`,
    },
    {
      verb: 'reject',
      label: 'Reject and return to the agent',
      consequence: 'Nothing runs; the agent is told why and may propose something else.',
    },
    {
      verb: 'edit',
      label: 'Change the arguments',
      consequence: 'This call never runs; the changed one is checked and judged anew before it may.',
    },
    ...(roles.length > 1 ? [escalate] : []),
    silence,
  ];
}

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

const HAND_OVER: Option = {
  verb: 'resolve',
  label: 'The work is taken care of',
  consequence: 'The hand-over is closed with your reason.',
};
