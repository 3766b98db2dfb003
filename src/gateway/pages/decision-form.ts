import { REJECT_REASONS } from '../../contract/reject-reasons.js';
import { VERB_WORDS, type Action, type Field } from './actions.js';
import { dated } from './text.js';
import { html, verbatim, type Html } from './html.js';
import { tokenField } from './layout.js';
import type { Reader } from './reader.js';

/** Where a form stands: what its decision is about. */
export interface Subject {
  readonly escalation: string;
  readonly version: number;
  readonly digest: string;
}

/** What was typed into a form that could not be taken; kept, so that nobody types it again. */
export interface Typed {
  readonly form: string;
  readonly values: ReadonlyMap<string, string>;
}

/** The hidden fields of every decision: which question, as it was shown, and the key that makes a second click the same decision. */
export function aboutFields(about: Subject, verb: string, form: string, reader: Reader): Html {
  const hidden = {
    decision: verb,
    form,
    version: String(about.version),
    digest: about.digest,
    key: `${reader.formKey}.${form}`,
  };
  return html`${tokenField(reader)}${hiddenFields(hidden)}`;
}

/** Fields that only carry something. */
export function hiddenFields(values: Readonly<Record<string, string>>): Html {
  return html`${Object.entries(values).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${verbatim(value)}" />`,
  )}`;
}

/** One action as a form, or as the way to its own page. */
export function decisionForm(
  action: Action,
  about: Subject,
  reader: Reader,
  typed: Typed | undefined,
  extra: Html | '' = '',
): Html {
  const { id, verb, label, consequence, tone, elsewhere } = action;
  if (elsewhere !== undefined)
    return html`<section class="action ${tone}" aria-labelledby="${id}-label">
      <h3 id="${id}-label">${headingOf(action)}</h3>
      <p class="consequence">${consequence}</p>
      <p><a class="button ${tone}" href="${elsewhere}" data-verb="${verb}">${label} …</a></p>
    </section>`;
  const kept = typed?.form === id ? typed.values : new Map<string, string>();
  return html`<form
    class="action ${tone}"
    method="post"
    action="/review/${about.escalation}"
    aria-labelledby="${id}-label"
    data-verb="${verb}"
  >
    <h3 id="${id}-label">${headingOf(action)}</h3>
    <p class="consequence cut">${consequence}</p>
    ${aboutFields(about, verb, id, reader)}${hiddenFields(action.sends)}${extra}
    ${action.fields.map((field) => fieldOf(id, field, kept.get(field.name) ?? ''))} ${whyField(action, kept)}
    <button class="${tone}"><span class="cut">${label}</span></button>
  </form>`;
}

/** A verb that several answers share does not tell them apart. */
function headingOf({ verb, label }: Action): string {
  return verb === 'resolve' ? label : VERB_WORDS[verb];
}

/** The reason, which every decision takes; a refusal names it by a code, and its words are optional. */
export function whyField({ id, verb }: Pick<Action, 'id' | 'verb'>, kept: ReadonlyMap<string, string>): Html {
  const reject = verb === 'reject';
  const label = reject ? 'What the agent should know (optional)' : 'Your reason';
  return html`${reject ? reasonField(id, kept.get('reason')) : ''}
    <p class="field">
      <label for="${id}-why">${label}</label
      ><textarea id="${id}-why" name="why" rows="2" maxlength="1900" ${reject ? '' : html` required`}>
${verbatim(kept.get('why') ?? '')}</textarea>
    </p>`;
}

function reasonField(id: string, chosen: string | undefined): Html {
  const options = Object.entries(REJECT_REASONS).map(
    ([code, words]) =>
      html`<option value="${code}" ${code === chosen ? html` selected` : ''}>${words}</option>`,
  );
  return html`<p class="field">
    <label for="${id}-reason">Why</label
    ><select id="${id}-reason" name="reason" required>
      <option value="">Choose a reason</option>
      ${options}
    </select>
  </p>`;
}

function fieldOf(form: string, field: Field, value: string): Html {
  const id = `${form}-${field.name}`;
  const hint = html`<span class="hint" id="${id}-hint">${dated(field.hint)}</span>`;
  return html`<p class="field">
    <label for="${id}">${field.label}</label>${hint}${control(field, id, value)}
  </p>`;
}

function control(field: Field, id: string, value: string): Html {
  switch (field.kind) {
    case 'text':
      return html`<textarea
        id="${id}"
        name="${field.name}"
        rows="3"
        maxlength="${field.most}"
        aria-describedby="${id}-hint"
        required
      >
${verbatim(value)}</textarea>`;
    case 'time':
      return html`<input
        id="${id}"
        name="${field.name}"
        type="datetime-local"
        value="${verbatim(value)}"
        aria-describedby="${id}-hint"
        ${field.required ? html` required` : ''}
      />`;
    case 'typed':
      return nameInput(id, field.name, value);
  }
}

/** Where a name is typed, which no browser may complete or correct; its hint is `ID-hint`. */
export function nameInput(id: string, name: string, value: string): Html {
  return html`<input
    id="${id}"
    name="${name}"
    type="text"
    value="${verbatim(value)}"
    autocomplete="off"
    autocapitalize="none"
    spellcheck="false"
    aria-describedby="${id}-hint"
    required
  />`;
}
