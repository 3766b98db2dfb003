import { isOpen } from '../../contract/question-rules.js';
import type { EscalationView } from '../../contract/http.js';
import { aboutFields, whyField, type Typed } from './decision-form.js';
import { html, verbatim, type Html } from './html.js';
import { time, type Reader } from './reader.js';

/** What a person can do about who looks into a question, beside deciding it. */
export type WhoStep = 'claim' | 'release' | 'delegate';

/** How many have to approve, and who looks into it now. */
export function whoLooks(view: EscalationView, reader: Reader): Html {
  const { quorum, claimedBy, claimedUntil } = view;
  const several =
    quorum > 1
      ? html`<p class="note">
          ${quorum} people must approve this, each without hearing of the others before their own word is in.
        </p>`
      : '';
  const looking =
    claimedBy === null || claimedUntil === null || claimedUntil < reader.now
      ? ''
      : html`<p class="note">
          <b>${claimedBy === reader.subject ? 'You look' : `${claimedBy} looks`}</b> into it until
          ${time(claimedUntil, reader)}. That keeps nobody from deciding.
        </p>`;
  const others = quorum > 1 ? ', or of another you stand in for, whose approval can still count' : '';
  const stead =
    view.standsInFor === undefined
      ? ''
      : html`<p class="note">
          You stand in for <b>${view.standsInFor}</b>: whatever you decide here is recorded as yours on behalf
          of ${view.standsInFor}${others}.
        </p>`;
  return html`${several}${stead}${looking}`;
}

/** The forms of it: look into it, leave it to others, or let somebody stand in. */
export function whoForms(view: EscalationView, reader: Reader, typed: Typed | undefined): Html | '' {
  if (!isOpen(view) || view.mayDo.length === 0) return '';
  const mine = view.claimedBy === reader.subject && (view.claimedUntil ?? 0) > reader.now;
  return html`${small(view, reader, mine ? 'release' : 'claim', mine ? 'Leave it to others' : 'I look into it')}
  ${view.standsInFor === undefined ? passOn(view, reader, typed) : ''}`;
}

/** What one holds because somebody passed it on goes no further. */
function passOn(view: EscalationView, reader: Reader, typed: Typed | undefined): Html {
  return html`<details name="others" ${typed?.form === 'delegate' ? html` open` : ''}>
    <summary>Let somebody stand in for you</summary>
    ${delegation(view, reader, typed?.form === 'delegate' ? typed.values : new Map())}
  </details>`;
}

function small(view: EscalationView, reader: Reader, step: WhoStep, label: string): Html {
  return html`<form class="small" method="post" action="/review/${view.escalation}">
    ${aboutFields(view, step, step, reader)}<button class="quiet">${label}</button>
  </form>`;
}

function delegation(view: EscalationView, reader: Reader, kept: ReadonlyMap<string, string>): Html {
  return html`<form class="action plain" method="post" action="/review/${view.escalation}">
    <p class="consequence">
      They decide this question on your behalf until then, with no more authority than you have; both names
      are recorded.
    </p>
    ${aboutFields(view, 'delegate', 'delegate', reader)}
    <p class="field">
      <label for="delegate-to">Who</label
      ><input
        id="delegate-to"
        name="to"
        type="text"
        value="${verbatim(kept.get('to') ?? '')}"
        autocomplete="off"
        required
      />
    </p>
    <p class="field">
      <label for="delegate-until">Until (UTC)</label
      ><input
        id="delegate-until"
        name="until"
        type="datetime-local"
        value="${verbatim(kept.get('until') ?? '')}"
        required
      />
    </p>
    ${whyField({ id: 'delegate', verb: 'extend' }, kept)}
    <button class="plain">Let them stand in</button>
  </form>`;
}
