import { showTime } from '../../contract/show-time.js';
import { html, type Html } from './html.js';

/** Who reads a page, and what it depends on beside its content. */
export interface Reader {
  readonly subject: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** IANA name. */
  readonly zone: string;
  /** Whether single keys do something, for the script. */
  readonly keys: boolean;
  /** Goes into every form, so that no other site can send one. */
  readonly formToken: string;
  /** Drawn anew for every page: what its forms send is the same decision however often it is sent. */
  readonly formKey: string;
}

/** A time as people read it: UTC, their zone, and how far away. A tool's time that is no time is named as that. */
export function time(at: number, { now, zone }: Pick<Reader, 'now' | 'zone'>): Html {
  const date = new Date(at);
  return Number.isNaN(date.getTime())
    ? html`an unknown time`
    : html`<time datetime="${date.toISOString()}">${parts(showTime(at, now, zone))}</time>`;
}

/** UTC, the zone and the distance: a narrow line breaks between them. */
function parts(text: string): Html {
  const [first = '', ...rest] = text.split(/ (?==)|(?<=,) /);
  return html`<span>${first}</span>${rest.map((part) => html` <span>${part}</span>`)}`;
}

/** How near a deadline is, in words and as a class of the style sheet. */
export function urgency(
  answerBy: number | null,
  now: number,
): { readonly name: 'none' | 'calm' | 'soon' | 'urgent' | 'over'; readonly words: string } {
  if (answerBy === null) return { name: 'none', words: 'No deadline' };
  const left = answerBy - now;
  if (left < 0) return { name: 'over', words: 'Time is over' };
  const minutes = Math.floor(left / 60_000);
  if (minutes < 15) return { name: 'urgent', words: `Due in ${minutes} min` };
  if (minutes < 120) return { name: 'soon', words: `Due in ${minutes} min` };
  return {
    name: 'calm',
    words:
      minutes < 2_880 ? `Due in ${Math.floor(minutes / 60)} h` : `Due in ${Math.floor(minutes / 1_440)} d`,
  };
}
