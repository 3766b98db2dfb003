import { CLOSED, noReach, shortSilence } from '../../contract/brief-words.js';
import { aboveTheFold } from '../../contract/brief-fold.js';
import type { EscalationView } from '../../contract/http.js';
import type { Change } from '../../domain/brief.js';
import { html, type Html } from './html.js';
import { isOpen } from '../../contract/question-rules.js';
import { time, urgency, type Reader } from './reader.js';
import { dated, fact, flagWords } from './text.js';

/** What was left out of a line is counted at its end. */
const CUT = /…\(\+\d+\)/;

/** Lines that did not fit whole. */
export interface CutLines {
  readonly changes: boolean;
  readonly unknown: boolean;
}

interface Fold {
  readonly heading: string;
  readonly facts: Html;
  readonly cut: CutLines;
}

/**
 * The ten lines that a reviewer reads first, of which the proposal is the page's heading: at most 120 words, with structure where a line
 * stands whole and its counted beginning where it does not.
 */
export function fold(view: EscalationView, reader: Reader): Fold {
  const { brief, answerBy, nextRole } = view;
  const [
    proposal = '',
    undo = '',
    reach = '',
    grounds = '',
    changes = '',
    evidence = '',
    unknown = '',
    ,
    record = '',
    agent = '',
  ] = aboveTheFold(brief, { answerBy, nextRole, open: isOpen(view), now: reader.now, zone: reader.zone });
  const whole = (line: string, structured: () => Html): Html =>
    CUT.test(line) ? html`${afterLabel(line)} <a href="#details">all of it</a>` : structured();
  return {
    heading: proposal,
    facts: html`<dl class="fold">
      ${fact('Undo', afterLabel(undo))}
      ${fact(
        'Reach',
        whole(reach, () => reachOf(view)),
      )}
      ${fact(
        'Stopped by',
        whole(grounds, () => groundsOf(view)),
      )}
      ${fact(
        'Changes',
        whole(changes, () => changesOf(view, changes)),
      )}
      ${fact('Evidence', dated(afterLabel(evidence)))}
      ${fact(
        'Unknown',
        whole(unknown, () => unknownsOf(view)),
      )}
      ${fact('Deadline', deadlineOf(view, reader))} ${fact('Record', afterLabel(record))}
      ${fact('Agent', html`<a href="#agent">${afterLabel(agent)}</a>`)}
    </dl>`,
    cut: { changes: CUT.test(changes), unknown: CUT.test(unknown) },
  };
}

/** The lines name themselves; here the label stands beside. */
function afterLabel(line: string): string {
  return line
    .replace(/^(Reach|Stopped by|Changes|Evidence|Unknown|Record|Agent): /, '')
    .replace(/^Agent /, '');
}

function reachOf({ brief }: EscalationView): Html {
  const { money, rows, recipients, environment } = brief;
  const parts = [
    money && html`<li class="money">${money.text}</li>`,
    rows !== null && html`<li>${rows} rows</li>`,
    ...recipients.map((recipient) => html`<li>to ${recipient}</li>`),
    environment !== null && html`<li>in ${environment}</li>`,
  ].filter((part) => part !== null && part !== false);
  return parts.length === 0
    ? html`${noReach(brief)}`
    : html`<ul class="chips">
        ${parts}
      </ul>`;
}

function groundsOf({ brief }: EscalationView): Html {
  if (brief.fired.length === 0) return html`none`;
  return html`<ul class="grounds">
    ${brief.fired.map(({ rule, values }) => html`<li><code>${rule}</code> ${valuesOf(values)}</li>`)}
  </ul>`;
}

/** The values that made a rule fire, as they were. */
export function valuesOf(values: Readonly<Record<string, unknown>>): Html {
  return html`${Object.entries(values).map(
    ([key, value]) => html`<code class="value">${key}=${JSON.stringify(value) ?? ''}</code> `,
  )}`;
}

function changesOf({ brief }: EscalationView, line: string): Html {
  return brief.diff.length === 0 ? html`${afterLabel(line)}` : diffOf(brief.diff);
}

/** Before and after, field by field; told apart by sign and word, not by colour alone. */
export function diffOf(diff: readonly Change[]): Html {
  return html`<ul class="diff">
    ${diff.map(
      ({ field, before, after }) =>
        html`<li>
          <span class="field">${field}</span> <del>${before}</del>
          <span class="arrow" aria-label="becomes">→</span> <ins>${after}</ins>
        </li>`,
    )}
  </ul>`;
}

function unknownsOf({ brief }: EscalationView): Html {
  if (brief.flags.length + brief.unknowns.length === 0) return html`none`;
  return html`<ul class="unknowns">
    ${brief.flags.map((flag) => html`<li class="flag">${flagWords(flag)}</li>`)}${brief.unknowns.map((text) => html`<li>${text}</li>`)}
  </ul>`;
}

function deadlineOf(view: EscalationView, reader: Reader): Html {
  const { brief, answerBy, nextRole } = view;
  if (!isOpen(view)) return html`${CLOSED}`;
  if (answerBy === null) return html`None; waits until somebody decides.`;
  const { name, words } = urgency(answerBy, reader.now);
  return html`<span class="due ${name}">${words}</span> ${time(answerBy, reader)}; else
    <b>${shortSilence(brief, nextRole)}</b>`;
}
