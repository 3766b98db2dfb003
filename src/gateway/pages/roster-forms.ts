import { hiddenFields } from './decision-form.js';
import { html, type Html } from './html.js';
import { tokenField } from './layout.js';
import type { Reader } from './reader.js';

/** What a person can change on the roster's page. */
export const ROSTER_STEPS = ['members', 'absence', 'back', 'delegate', 'revoke'] as const;
/** One of them. */
export type RosterStep = (typeof ROSTER_STEPS)[number];

/** One change as a form; a small one is a button alone. */
export function rosterForm(
  reader: Reader,
  step: RosterStep,
  form: {
    readonly hidden: Readonly<Record<string, string>>;
    readonly content: Html | '';
    readonly button: string;
    readonly small?: boolean;
  },
): Html {
  const { hidden, content, button, small = false } = form;
  return html`<form class="${small ? 'small' : 'action plain'}" method="post" action="/roster">
    ${tokenField(reader)}${hiddenFields({ form: step, ...hidden })}${content}<button
      class="${small ? 'quiet' : 'plain'}"
    >
      ${button}
    </button>
  </form>`;
}

/** A form that opens when it is wanted, or holds what was typed. */
export function box(summary: string, open: boolean, form: Html): Html {
  return html`<details ${open ? html` open` : ''}>
    <summary>${summary}</summary>
    ${form}
  </details>`;
}
