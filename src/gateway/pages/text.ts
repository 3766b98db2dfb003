import { linkSpans } from '../../contract/links.js';
import type { Json, Tier } from '../../domain/action.js';
import type { Flag } from '../../domain/brief.js';
import { html, lines, type Html, type Part } from './html.js';

/** A text of somebody else, of several lines: its links stay text, with the host that they lead to emphasised. */
export function quoted(text: string): Html {
  const parts = linkSpans(text).map((span) =>
    span.host === undefined
      ? dated(span.text)
      : html`<b class="host">${lines(span.text)}</b
          >${span.host === span.text ? '' : html` <span class="note">[host ${span.host}]</span>`}`,
  );
  return html`${parts}`;
}

/** A date, an id or an amount: on one line wherever it fits on one. */
export function whole(text: string): Html {
  return html`<span class="whole">${text}</span>`;
}

const DATE = /(\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?Z?)?\b)/;

/** A text of several lines whose dates are each one word. */
export function dated(text: string): readonly Html[] {
  return text.split(DATE).map((piece, at) => (at % 2 === 1 ? whole(piece) : lines(piece)));
}

/** A sentence of ours whose names of the policy file stand in backticks. */
export function inBackticks(sentence: string): Html {
  const parts = sentence.split('`');
  return html`${parts.map((part, at) => (at % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))}`;
}

/** A JSON value, indented. */
export function jsonText(value: Json): string {
  return JSON.stringify(value, null, 2);
}

const TIERS: Readonly<Record<Tier, string>> = {
  1: 'read-only',
  2: 'reversible',
  3: 'external',
  4: 'irreversible',
};

/** The tier, by number, word and shape. */
export function tierBadge(tier: Tier): Html {
  const steps = [1, 2, 3, 4].map((step) => html`<i${step <= tier ? html` class="on"` : ''}></i>`);
  return html`<span class="tier tier-${tier}"
    ><span class="pips" aria-hidden="true">${steps}</span>Tier ${tier}
    <span class="tier-word">${TIERS[tier]}</span></span
  >`;
}

const FLAGS: Readonly<Record<Flag, string>> = {
  'control-characters': 'hidden control characters',
  bidi: 'text that changes direction',
  'invisible-characters': 'invisible characters',
  'mixed-scripts': 'letters of several alphabets in one word',
  normalisation: 'differs only by Unicode normalisation',
  opaque: 'encoded data',
  oversized: 'too large to read',
  uninspectable: 'cannot be inspected',
  'pressure-language': 'pressure in the words',
  'number-mismatch': 'the words contradict the numbers',
  'unknown-tool': 'unknown tool',
  'earlier-effect': 'had an effect before',
};

/** The flag that the gate raised, in words. */
export function flagWords(flag: Flag): string {
  return FLAGS[flag];
}

/** One line of a list of facts. */
export function fact(label: string, ...content: Part[]): Html {
  return html`<div class="fact">
    <dt>${label}</dt>
    <dd>${content}</dd>
  </div>`;
}
