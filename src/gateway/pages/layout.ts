import { ASSETS } from './assets.js';
import { html, type Html } from './html.js';
import type { Reader } from './reader.js';

/** What a page is beside its content. */
export interface Frame {
  readonly title: string;
  /** Null for whoever is not signed in. */
  readonly reader: Reader | null;
  /** Which entry of the menu it belongs to. */
  readonly at?: 'inbox' | 'history' | 'roster' | 'settings';
  /** Of the body, for the style sheet and the script. */
  readonly kind: string;
  /** Whether the script is with it; it is with every page of somebody signed in. */
  readonly scripted?: boolean;
}

/** A whole document. Everything works without the script; it adds keys and a look for changes. */
export function page({ title, reader, at, kind, scripted = reader !== null }: Frame, content: Html): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <meta name="robots" content="noindex, nofollow" />
        <title>${title} · Countersign</title>
        <link rel="stylesheet" href="${ASSETS.css.path}" />
        ${!scripted ? '' : html`<script src="${ASSETS.js.path}" defer></script>`}
      </head>
      <body class="${kind}" data-keys="${reader?.keys === false ? 'off' : 'on'}">
        <a class="skip" href="#main">Skip to the content</a>
        ${header(reader, at)}
        <main id="main" tabindex="-1">
          <p id="live" class="live" role="status"></p>
          ${content}
        </main>
        <footer class="foot">
          <p>
            ${reader ? html`Times in UTC${reader.zone === 'UTC' ? '' : ` and ${reader.zone}`}. <a href="/settings">Change</a>` : 'Countersign'}
          </p>
        </footer>
      </body>
    </html> `;
}

function header(reader: Reader | null, at: Frame['at']): Html {
  if (reader === null) return html`<header class="top"><span class="brand">Countersign</span></header>`;
  const entry = (name: 'inbox' | 'history' | 'roster' | 'settings', label: string) =>
    html`<li><a href="/${name}" ${at === name ? html` aria-current="page"` : ''}>${label}</a></li>`;
  return html`<header class="top">
    <a class="brand" href="/inbox">Countersign</a>
    <nav aria-label="Main">
      <ul>
        ${entry('inbox', 'Inbox')}${entry('history', 'My decisions')}${entry('roster', 'Roster')}${entry('settings', 'Settings')}
      </ul>
    </nav>
    <form class="who" method="post" action="/sign-out">
      ${tokenField(reader)}<span>Signed in as <b>${reader.subject}</b></span
      ><button class="quiet">Sign out</button>
    </form>
  </header>`;
}

/** The hidden field without which no form of ours is taken. */
export function tokenField({ formToken }: Pick<Reader, 'formToken'>): Html {
  return html`<input type="hidden" name="csrf" value="${formToken}" />`;
}

/** Something that happened, on top of a page: read out at once by a screen reader. */
export function notice(tone: 'good' | 'bad' | 'plain', heading: string, content: Html): Html {
  const role = tone === 'bad' ? 'alert' : 'status';
  return html`<section class="notice ${tone}" role="${role}">
    <h2>${heading}</h2>
    ${content}
  </section>`;
}
