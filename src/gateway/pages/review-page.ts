import { isOpen } from '../../contract/question-rules.js';
import { callWords } from '../../contract/brief-words.js';
import type { EscalationView } from '../../contract/http.js';
import { actionsOf, VERB_WORDS, type Action } from './actions.js';
import { fold } from './brief-fold.js';
import { details } from './brief-details.js';
import { decisionForm, type Typed } from './decision-form.js';
import { html, lines, type Html } from './html.js';
import { page } from './layout.js';
import { became, outcomeWords, ownAnswer } from './outcome.js';
import { urgency, type Reader } from './reader.js';
import { flagWords, quoted, tierBadge } from './text.js';
import { whoForms, whoLooks } from './who-form.js';

/** What a review page shows beside the question. */
export interface ReviewExtra {
  /** Something that just happened, on top. */
  readonly notice?: Html;
  /** What was typed into a form that could not be taken. */
  readonly typed?: Typed;
  /** Whether the arguments are shown in full. */
  readonly full?: boolean;
  /** Whether what was typed came to nothing for good: no form takes it again. */
  readonly over?: boolean;
}

/** One question: the ten lines, what can be done with it, everything else, and last the agent's own words. */
export function reviewPage(view: EscalationView, reader: Reader, extra: ReviewExtra = {}): Html {
  const { heading, facts, cut } = fold(view, reader);
  const { brief } = view;
  const content = html`${extra.notice ?? ''}
    <article
      class="review"
      data-version="${view.version}"
      data-state="${view.state}"
      data-escalation="${view.escalation}"
    >
      <header class="lead">
        <p class="meta">
          ${tierBadge(brief.tier)}
          <span class="due ${urgency(view.answerBy, reader.now).name}">${dueWords(view, reader)}</span>
          <span class="kind">${KINDS[view.kind]}</span> <span>${brief.tool.name} ${brief.tool.version}</span>
          <span>version ${view.version}</span> <a href="/tasks/${brief.task}">task ${brief.task}</a>
        </p>
        <h1>${heading}</h1>
        <p class="asked">
          ${brief.authority.agent} asks ${view.role}, for ${brief.authority.requester}. ${brief.reason}
        </p>
        ${warnings(view)}
        ${actionsFor(view, reader).length === 0 ? '' : html`<a class="button jump" href="#decide">Go to the decision</a>`}
      </header>
      <section class="brief" aria-label="The brief">${facts}</section>
      ${decidePanel(view, reader, extra)} ${details(view, reader, extra.full === true, cut)}
      ${agentWords(view)}
    </article>`;
  return page({ title: `${heading}`, reader, kind: 'review-body' }, content);
}

/** Each kind of question in words. */
export const KINDS: Readonly<Record<EscalationView['kind'], string>> = {
  approval: 'Approval',
  stop: 'Stopped',
  confirmation: 'Confirmation',
  resolution: 'Unknown outcome',
  'hand-over': 'Hand-over',
};

function dueWords(view: EscalationView, reader: Reader): string {
  return isOpen(view) ? urgency(view.answerBy, reader.now).words : 'Closed';
}

function warnings({ brief, halt }: EscalationView): Html {
  const look =
    brief.flags.length === 0
      ? ''
      : html`<p class="warn"><b>Look twice:</b> ${brief.flags.map(flagWords).join(', ')}.</p>`;
  const halted =
    halt === null
      ? ''
      : html`<p class="warn"><b>Halted</b> by ${halt}. Nothing runs before it is lifted.</p>`;
  return html`${look}${halted}`;
}

/** What this reader can still do: whoever has answered this round takes the answer back at most. */
function actionsFor(view: EscalationView, { subject }: Reader): readonly Action[] {
  const all = actionsOf(view);
  return ownAnswer(view, subject) === undefined ? all : all.filter(({ verb }) => verb === 'withdraw');
}

function decidePanel(view: EscalationView, reader: Reader, { typed, full, over }: ReviewExtra): Html {
  const actions = over === true ? [] : actionsFor(view, reader);
  const answered = ownAnswer(view, reader.subject);
  const open = isOpen(view);
  const said = callWords(view.outcome);
  return html`<section class="decide" aria-labelledby="decide">
    <h2 id="decide">${open ? (answered ? 'You have decided' : 'Decide') : `Closed: ${view.state}`}</h2>
    <p class="question cut">${view.brief.question}</p>
    ${view.mayNot === null || (over === true && open) ? '' : html`<p class="may-not">${actions.length === 0 ? 'You may not decide this. ' : 'You may not do everything here. '}${view.mayNot}</p>`}
    ${open || said === null ? '' : html`<p>${said}</p>`} ${earlier(view)}
    ${keptWords(
      actions.filter((action) => isHere(view, action, full === true)),
      typed,
    )}
    ${whoLooks(view, reader)}
    ${over === true && open ? html`<p><a href="/review/${view.escalation}">Look where the question stands</a></p>` : ''}
    ${
      answered && open
        ? html`<p>
            ${became(view, answered)} <a href="/review/${view.escalation}">Look again where it stands</a>
          </p>`
        : ''
    }
    ${forms(actions, view, reader, typed, full === true)}
    ${answered || over === true ? '' : html`${whoForms(view, reader, typed)}${silenceOf(view)}`}
    ${keysOf(actions.filter((action) => full === true || !mustOpen(view, action)))}
  </section>`;
}

/** What happens when nobody answers. */
function silenceOf(view: EscalationView): Html | '' {
  const silence = view.brief.options.find((option) => option.verb === 'silence');
  return silence === undefined || !isOpen(view)
    ? ''
    : html`<p class="silence"><b>${silence.label}:</b> ${silence.consequence}</p>`;
}

/** The second key of each answer; the script in assets/ holds the same letters. */
const KEYS: Partial<Record<Action['verb'], string>> = {
  approve: 'a',
  reject: 'r',
  edit: 'e',
  respond: 's',
  'take-over': 't',
  hold: 'h',
};

function keysOf(actions: readonly Action[]): Html | '' {
  const known = actions.flatMap(({ verb }) => {
    const key = KEYS[verb];
    return key === undefined ? [] : [html`<kbd>${key}</kbd> ${verb} `];
  });
  return known.length === 0
    ? ''
    : html`<p class="keys note">
        Keys: <kbd>d</kbd>, then ${known} goes to the form; <kbd>u</kbd> to the inbox.
        <a href="/settings">Turn off</a>
      </p>`;
}

/** The first answers stand open, approval and refusal side by side; the others are one step away. */
function forms(
  actions: readonly Action[],
  view: EscalationView,
  reader: Reader,
  typed: Typed | undefined,
  full: boolean,
): Html {
  const first = actions.filter(
    (action, index) => action.tone !== 'plain' || action.verb === 'resolve' || index === 0,
  );
  const others = actions.filter((action) => !first.includes(action));
  const one = (action: Action) =>
    mustOpen(view, action) && !full
      ? openFirst(view, action)
      : decisionForm(action, view, reader, typed, opened(view, action));
  if (actions.length === 0) return html``;
  return html`${first.map(one)}${
    others.length === 0
      ? ''
      : html`<div class="others" role="group" aria-label="Other answers">
          ${others.map(
            (action) =>
              html`<details name="others" ${typed?.form === action.id ? html` open` : ''}>
                <summary>${action.label}</summary>
                ${one(action)}
              </details>`,
          )}
        </div>`
  }`;
}

/** What cannot be undone is approved by whoever has seen all of it. */
function mustOpen({ brief }: EscalationView, { verb }: Action): boolean {
  return brief.tier === 4 && verb === 'approve' && foldedIn(brief) > 0;
}

/** Whether the form of an action stands on this page, to be filled in. */
function isHere(view: EscalationView, action: Action, full: boolean): boolean {
  return action.elsewhere === undefined && (full || !mustOpen(view, action));
}

/** How many arguments a brief shows by their beginning only. */
export function foldedIn(brief: EscalationView['brief']): number {
  return brief.arguments.filter((argument) => argument.folded).length;
}

function opened(view: EscalationView, action: Action): Html | '' {
  return mustOpen(view, action)
    ? html`<input type="hidden" name="opened" value="${foldedIn(view.brief)}" />`
    : '';
}

function openFirst(view: EscalationView, action: Action): Html {
  const count = foldedIn(view.brief);
  return html`<section class="action ${action.tone}" aria-labelledby="${action.id}-label">
    <h3 id="${action.id}-label">${VERB_WORDS[action.verb]}</h3>
    <p class="consequence cut">${action.consequence}</p>
    <p>
      ${count} ${count === 1 ? 'argument is' : 'arguments are'} folded. This cannot be undone, so all of it is
      read first.
    </p>
    <p><a class="button" href="/review/${view.escalation}?full=1#arguments">Open all arguments</a></p>
  </section>`;
}

/** The decision of a form that is not here any more leaves its words. */
function keptWords(here: readonly Action[], typed: Typed | undefined): Html | '' {
  if (typed === undefined || here.some(({ id }) => id === typed.form)) return '';
  const words = [...typed.values].filter(
    ([name, value]) => (TYPED_FIELDS.includes(name) || name.startsWith(ARGUMENT)) && value.trim() !== '',
  );
  if (words.length === 0) return '';
  return html`<div class="kept">
    <h3>What you typed</h3>
    <dl>
      ${words.map(
        ([name, value]) =>
          html`<dt>${name.replace(ARGUMENT, '')}</dt>
            <dd class="text">${lines(value)}</dd>`,
      )}
    </dl>
  </div>`;
}

/** How the inputs begin that a tool's schema makes. */
const ARGUMENT = 'arg:/';

const TYPED_FIELDS = ['why', 'answer', 'result', 'until', 'edits', 'outcome'];

function earlier(view: EscalationView): Html | '' {
  if (view.decisions.length === 0) return '';
  return html`<ul class="decisions">
    ${view.decisions.map(
      (made) =>
        html`<li>
          <b>${made.verb}</b> by
          ${made.by}${made.onBehalfOf === null ? '' : ` on behalf of ${made.onBehalfOf}`}, version
          ${made.version}: ${outcomeWords(view, made)}
        </li>`,
    )}
  </ul>`;
}

function agentWords({ brief }: EscalationView): Html {
  const box = (label: string, text: string) =>
    html`<figure class="agent-box">
      <figcaption>${label} <b>Unverified</b></figcaption>
      <blockquote class="text">${quoted(text)}</blockquote>
    </figure>`;
  const asks = brief.agentQuestion === undefined ? '' : box('The agent asks a person.', brief.agentQuestion);
  const says =
    brief.agentText === null
      ? html`<p class="note">The agent said nothing.</p>`
      : box("The agent's own words.", brief.agentText);
  return html`<section class="agent" id="agent" aria-labelledby="agent-heading">
    <h2 id="agent-heading">What the agent says</h2>
    ${asks}${says}
  </section>`;
}
