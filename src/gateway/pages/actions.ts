import type { EscalationView } from '../../contract/http.js';
import { nameToType } from '../../contract/confirmation.js';
import type { Verb } from '../../domain/decision.js';

/** What a person fills in beside the reason. */
export type Field =
  | {
      readonly kind: 'text';
      readonly name: string;
      readonly label: string;
      readonly hint: string;
      readonly most: number;
    }
  | {
      readonly kind: 'time';
      readonly name: string;
      readonly label: string;
      readonly hint: string;
      readonly required: boolean;
    }
  | { readonly kind: 'typed'; readonly name: string; readonly label: string; readonly hint: string };

/** One thing that this reader can do with a question now. */
export interface Action {
  /** Of the form, unique on the page. */
  readonly id: string;
  readonly verb: Verb;
  /** An action in words, never "OK". */
  readonly label: string;
  readonly consequence: string;
  readonly tone: 'go' | 'stop' | 'plain';
  readonly fields: readonly Field[];
  /** What the form sends beside what is filled in. */
  readonly sends: Readonly<Record<string, string>>;
  /** A page of its own where the form is larger; absent = the form stands here. */
  readonly elsewhere?: string;
}

/** Each verb as a heading. */
export const VERB_WORDS: Readonly<Record<Verb, string>> = {
  approve: 'Approve',
  reject: 'Reject',
  edit: 'Edit',
  respond: 'Respond',
  'take-over': 'Take over',
  escalate: 'Escalate',
  hold: 'Hold',
  extend: 'Extend',
  withdraw: 'Withdraw',
  resolve: 'Resolve',
};

const RESOLUTIONS = ['happened', 'not-happened', 'leave'] as const;
const TONES: Partial<Record<Verb, Action['tone']>> = { approve: 'go', reject: 'stop' };

/** What else moves a question without being one of its answers. */
const MOVES: Partial<Record<Verb, { readonly label: string; readonly consequence: string }>> = {
  hold: {
    label: 'Hold the question open',
    consequence: 'Nothing runs; the deadline moves, as far as the policy lets where you name none.',
  },
  extend: {
    label: 'Move the deadline',
    consequence: 'Nothing runs; the question stays open until the time you name.',
  },
  withdraw: {
    label: 'Take your approval back',
    consequence: 'Nothing runs, unless the call has started already; then you are told.',
  },
};

/** Everything that this reader may do: the answers that the brief words, in its order, then whatever else is left to them. */
export function actionsOf(view: EscalationView): readonly Action[] {
  const answers = view.brief.options.flatMap(({ verb, label, consequence }, index, options) => {
    if (verb === 'silence' || !view.mayDo.includes(verb)) return [];
    const nth = options.slice(0, index).filter((option) => option.verb === verb).length;
    return [actionOf(view, verb, nth, { label, consequence })];
  });
  const moves = view.mayDo
    .filter((verb) => !answers.some((answer) => answer.verb === verb))
    .map((verb) => actionOf(view, verb, 0, MOVES[verb] ?? { label: VERB_WORDS[verb], consequence: '' }));
  return [...answers, ...moves];
}

function actionOf(
  view: EscalationView,
  verb: Verb,
  nth: number,
  words: { readonly label: string; readonly consequence: string },
): Action {
  const larger = verb === 'edit' || verb === 'take-over';
  return {
    id: nth === 0 ? verb : `${verb}-${nth + 1}`,
    verb,
    ...words,
    tone: TONES[verb] ?? 'plain',
    fields: fieldsOf(view, verb, nth),
    sends: verb === 'resolve' ? { resolution: resolutionOf(view, nth) } : {},
    ...(larger ? { elsewhere: `/review/${view.escalation}/${verb}` } : {}),
  };
}

/** A brief lists the ways to resolve in this order; a hand-over has the one way that runs nothing. */
function resolutionOf({ kind }: EscalationView, nth: number): string {
  return kind === 'hand-over' ? 'leave' : (RESOLUTIONS[nth] ?? 'leave');
}

function fieldsOf(view: EscalationView, verb: Verb, nth: number): readonly Field[] {
  const name = nameToType(verb, view.brief);
  const typed: readonly Field[] =
    name === null
      ? []
      : [
          {
            kind: 'typed',
            name: 'confirm',
            label: `Type ${name}`,
            hint: 'This cannot be undone. The name shows that it is meant.',
          },
        ];
  switch (verb) {
    case 'respond':
      return [
        {
          kind: 'text',
          name: 'answer',
          label: 'Your answer to the agent',
          hint: 'The agent goes on with exactly this text.',
          most: 4000,
        },
      ];
    case 'hold':
    case 'extend':
      return [timeField(view, verb === 'extend')];
    case 'resolve':
      return resolutionOf(view, nth) === 'happened'
        ? [
            {
              kind: 'text',
              name: 'result',
              label: 'What the call gave',
              hint: 'JSON, or plain text.',
              most: 20_000,
            },
          ]
        : [];
    default:
      return typed;
  }
}

function timeField({ extendableUntil }: EscalationView, required: boolean): Field {
  const most =
    extendableUntil === null
      ? ''
      : `, at the latest ${new Date(extendableUntil).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return {
    kind: 'time',
    name: 'until',
    label: 'New deadline (UTC)',
    hint: `Date and time in UTC${most}.`,
    required,
  };
}
