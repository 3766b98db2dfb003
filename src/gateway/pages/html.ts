import { html as escaped } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import { visible } from '../../domain/sanitise.js';

/** Markup of ours; whatever came from outside is text in it. */
export type Html = HtmlEscapedString;

/** What stands between the markup. */
export type Part = string | number | false | null | undefined | Html | readonly Part[];

/** Markup from a template. Every text between goes through the sanitiser and is then escaped, for elements and quoted attributes alike. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return escaped(strings, ...parts.map(safe)) as Html; // a promise only where a part is one
}

/** A text of several lines: newline and tab stay, all else as in `html`. */
export function lines(text: string): Html {
  return escaped`${visible(text, { block: true })}` as Html; // no part is a promise
}

/** The value of an input, which goes back as it came: escaped and not sanitised. Nobody reads it as a statement of ours. */
export function verbatim(text: string): Html {
  return escaped`${text}` as Html; // no part is a promise
}

function safe(part: Part): unknown {
  if (typeof part === 'string') return visible(part);
  return Array.isArray(part) ? part.map(safe) : part;
}
