import type { ErrorCode } from '../../domain/errors.js';
import { hiddenFields, type Typed } from './decision-form.js';
import { html, lines, type Html } from './html.js';
import { page } from './layout.js';
import type { Reader } from './reader.js';

const HEADINGS: Partial<Record<ErrorCode, string>> = {
  'not-found': 'There is nothing here',
  'not-stored': 'It may not be stored',
  unreachable: 'The database does not answer',
  forbidden: 'Not allowed',
  unauthenticated: 'You are not signed in',
  stale: 'The question changed while you looked',
  'already-decided': 'Somebody was first',
  'not-open': 'The question is closed',
  'too-late': 'The time to answer is over',
  'step-up-required': 'This takes a fresh sign-in',
  halted: 'A halt is in force',
  'policy-refused': 'The policy does not let this happen',
  'idempotency-conflict': 'This form was sent before, with something else in it',
  invalid: 'Something in the form does not fit',
  usage: 'Something in the form does not fit',
  conflict: 'This cannot be done now',
  'too-large': 'That is too large',
  'in-flight': 'The call is under way',
};

/** What happened, as a heading. */
export function problemHeading(code: ErrorCode): string {
  return HEADINGS[code] ?? 'This did not work';
}

/** A page of a problem alone: what happened, and what to do. `where` is the page it was about. */
export function problemPage(
  reader: Reader | null,
  problem: { readonly code: ErrorCode; readonly detail: string; readonly where?: string },
  again?: Html,
): Html {
  const { code, detail, where } = problem;
  const content = html`<section class="problem" role="alert">
      <h1>${problemHeading(code)}</h1>
      <p>${detail}</p>
    </section>
    ${again ?? ''}
    <p>
      ${where === undefined ? '' : html`<a href="${where}">Open the page again</a> · `}<a href="/inbox"
        >Inbox</a
      >
    </p>`;
  return page({ title: problemHeading(code), reader, kind: 'problem-body' }, content);
}

/** A page of ours that is not there, to whoever asks for one: the same for what one may not see. */
export function noPage(): Html {
  return problemPage(null, { code: 'not-found', detail: NOT_HERE });
}

/** What is told of whatever is not there, or not for this reader. */
export const NOT_HERE =
  'There is nothing here that you may see. Check the address, and as whom you are signed in.';

/** A form that could not be taken now, whole, to be sent once more: with its key, so that it is the same decision. */
export function sendAgain(path: string, typed: Typed, formToken: string, button: string): Html {
  const shown = [...typed.values].filter(([name, value]) => SHOWN.includes(name) && value !== '');
  return html`<form class="again" method="post" action="${path}">
    <input type="hidden" name="csrf" value="${formToken}" />
    ${hiddenFields(Object.fromEntries(typed.values))}
    <h2>What you typed is kept here</h2>
    <dl class="facts">
      ${shown.map(
        ([name, value]) =>
          html`<div class="fact">
            <dt>${name}</dt>
            <dd class="text">${lines(value)}</dd>
          </div>`,
      )}
    </dl>
    <button class="plain">${button}</button>
  </form>`;
}

const SHOWN = [
  'decision',
  'reason',
  'why',
  'answer',
  'result',
  'role',
  'members',
  'subject',
  'to',
  'from',
  'until',
  'resolution',
];
