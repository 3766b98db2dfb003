import { nameToType } from '../../contract/confirmation.js';
import { SECRET_MASK } from '../../contract/secret.js';
import type { EscalationView } from '../../contract/http.js';
import type { Change } from '../../domain/brief.js';
import { diffOf } from './brief-fold.js';
import { aboutFields, hiddenFields, whyField, type Typed } from './decision-form.js';
import { html, verbatim, type Html } from './html.js';
import { page } from './layout.js';
import { time, type Reader } from './reader.js';
import type { FieldProblem, SchemaField } from './schema-form.js';
import { tierBadge } from './text.js';

/** The verbs that have a page of their own, since their form is made from a schema of the tool. */
export type LargeVerb = 'edit' | 'take-over';

/** A form of a schema, and what came of it so far. */
export interface LargeForm {
  readonly verb: LargeVerb;
  readonly fields: readonly SchemaField[];
  readonly problems: readonly FieldProblem[];
  readonly typed?: Typed | undefined;
  readonly notice?: Html | undefined;
}

const HEADINGS: Readonly<Record<LargeVerb, string>> = {
  edit: 'Change the arguments',
  'take-over': 'Finish the work yourself',
};

/** The form to change arguments, or to record a result: one input for each member, typed by the tool's own schema. */
export function largeFormPage(view: EscalationView, reader: Reader, form: LargeForm): Html {
  const { verb, fields, problems, notice } = form;
  const kept = form.typed?.values ?? new Map<string, string>();
  const inputs = fields.map((field, index) =>
    input(
      field,
      `value-${index}`,
      kept.get(field.name) ?? field.shown,
      problems.find(({ name }) => name === field.name) ?? lostSecret(field, kept),
    ),
  );
  const send = verb === 'edit' ? 'Show what this changes' : 'Record this result and end the task';
  const content = html`${notice ?? ''}
    <article class="large">
      ${lead(view, reader, HEADINGS[verb])}
      ${problems.length === 0 ? '' : html`<p class="warn" role="alert">${problems.length === 1 ? 'One value does' : `${problems.length} values do`} not fit: see below. Nothing was sent.</p>`}
      <form method="post" action="/review/${view.escalation}">
        ${aboutFields(view, verb, verb, reader)}
        <fieldset>
          <legend>${verb === 'edit' ? 'Arguments' : 'Your result'}</legend>
          ${fields.length === 0 ? plainResult(kept) : inputs}
        </fieldset>
        ${verb === 'edit' ? hiddenFields(keptForLater(kept)) : whyField({ id: verb, verb }, kept)}
        <p class="buttons">
          <button class="plain">${send}</button>
          <a class="button quiet" href="/review/${view.escalation}">Back to the question</a>
        </p>
      </form>
    </article>`;
  return page({ title: HEADINGS[verb], reader, kind: 'form-body' }, content);
}

/** A secret that was typed is in no page again; an input left empty would send the one that it should replace. */
function lostSecret(
  { kind, name, value }: SchemaField,
  kept: ReadonlyMap<string, string>,
): FieldProblem | undefined {
  const replaced = typeof value === 'string' && value !== SECRET_MASK;
  return kind === 'secret' && ((kept.get(name) ?? '') !== '' || replaced)
    ? { name, what: 'Type this secret again: it is not kept.' }
    : undefined;
}

/** A reason that was typed already is not typed again on the next page. */
function keptForLater(kept: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  const why = kept.get('why');
  return why === undefined ? {} : { why };
}

/** A change that is ready to be sent. */
export interface ReadyEdit {
  readonly changes: readonly Change[];
  /** JSON of the whole new arguments. */
  readonly edits: string;
  readonly typed?: Typed | undefined;
  readonly notice?: Html | undefined;
}

/** The change before it is sent: what was, what will be. */
export function changePage(
  view: EscalationView,
  reader: Reader,
  { changes, edits, typed, notice }: ReadyEdit,
): Html {
  const kept = typed?.values ?? new Map<string, string>();
  const name = nameToType('edit', view.brief);
  const content = html`${notice ?? ''}
    <article class="large">
      ${lead(view, reader, inWords(changes))}
      <section class="part">
        <h2>Before and after</h2>
        ${diffOf(changes)}
      </section>
      <form class="action go" method="post" action="/review/${view.escalation}">
        <p class="consequence">
          This call never runs as it was; the changed one is checked and judged anew before it may.
        </p>
        ${aboutFields(view, 'edit', 'edit', reader)}${hiddenFields({ step: 'send', edits })}
        ${
          name === null
            ? ''
            : html`<p class="field">
                <label for="edit-confirm">Type ${name}</label
                ><span class="hint" id="edit-confirm-hint"
                  >This cannot be undone. The name shows that it is meant.</span
                ><input
                  id="edit-confirm"
                  name="confirm"
                  type="text"
                  value="${verbatim(kept.get('confirm') ?? '')}"
                  autocomplete="off"
                  autocapitalize="none"
                  spellcheck="false"
                  aria-describedby="edit-confirm-hint"
                  required
                />
              </p>`
        }
        ${whyField({ id: 'edit', verb: 'edit' }, kept)}
        <p class="buttons">
          <button class="go">Approve it with this change</button>
          <a class="button quiet" href="/review/${view.escalation}/edit">Change something else</a>
          <a class="button quiet" href="/review/${view.escalation}">Back to the question</a>
        </p>
      </form>
    </article>`;
  return page({ title: 'What you change', reader, kind: 'form-body' }, content);
}

function inWords(changes: readonly Change[]): string {
  const [only] = changes;
  return only !== undefined && changes.length === 1
    ? `You change ${only.field} from ${only.before} to ${only.after}`
    : `You change ${changes.length} values: ${changes.map(({ field }) => field).join(', ')}`;
}

function lead(view: EscalationView, reader: Reader, heading: string): Html {
  const { brief, answerBy } = view;
  return html`<header class="lead">
    <p class="meta">${tierBadge(brief.tier)} <a href="/review/${view.escalation}">${brief.proposal}</a></p>
    <h1>${heading}</h1>
    ${answerBy === null ? '' : html`<p class="asked">Deadline ${time(answerBy, reader)}</p>`}
  </header>`;
}

/** For a tool that does not say what it returns. */
function plainResult(kept: ReadonlyMap<string, string>): Html {
  return html`<p class="field">
    <label for="take-over-outcome">What came of it</label
    ><span class="hint" id="take-over-outcome-hint">Plain text, or JSON.</span
    ><textarea
      id="take-over-outcome"
      name="outcome"
      rows="4"
      maxlength="20000"
      aria-describedby="take-over-outcome-hint"
      required
    >
${verbatim(kept.get('outcome') ?? '')}</textarea>
  </p>`;
}

function input(field: SchemaField, id: string, value: string, problem: FieldProblem | undefined): Html {
  const { path, hint } = field;
  const wrong =
    problem === undefined ? '' : html`<span class="wrong" id="${id}-wrong">${problem.what}</span>`;
  const described = html` aria-describedby="${id}-hint${problem === undefined ? '' : ` ${id}-wrong`}"${problem === undefined ? '' : html` aria-invalid="true"`}`;
  return html`<p class="field">
    <label for="${id}">${path.join(' › ')}</label
    ><span class="hint" id="${id}-hint">${hint}</span
    >${wrong}${control(field, id, value, { described, again: problem !== undefined })}
  </p>`;
}

function control(
  { kind, name, required, choices }: SchemaField,
  id: string,
  value: string,
  { described, again }: { readonly described: Html; readonly again: boolean },
): Html {
  const must = required ? html` required` : '';
  switch (kind) {
    case 'integer':
    case 'number':
      return html`<input
        id="${id}"
        name="${name}"
        type="number"
        step="${kind === 'integer' ? '1' : 'any'}"
        value="${verbatim(value)}"
        ${described}${must}
      />`;
    case 'choice':
      return html`<select id="${id}" name="${name}" ${described}>
        ${required ? '' : html`<option value="">(left out)</option>`}${choices.map(
          (choice) =>
            html`<option value="${choice}" ${choice === value ? html` selected` : ''}>
              ${choice.replace(/^"(.*)"$/s, '$1')}
            </option>`,
        )}
      </select>`;
    case 'secret':
      return html`<input
        id="${id}"
        name="${name}"
        type="password"
        value=""
        autocomplete="off"
        ${again ? html` required` : html` placeholder="unchanged"`}${described}
      />`;
    case 'text':
      return html`<input
        id="${id}"
        name="${name}"
        type="text"
        value="${verbatim(value)}"
        autocomplete="off"
        ${described}
      />`;
    case 'lines':
    case 'json':
      return html`<textarea
        id="${id}"
        name="${name}"
        rows="4"
        spellcheck="false"
        ${kind === 'json' ? html` class="code"` : ''}${described}
      >
${verbatim(value)}</textarea>`;
  }
}
