import { isOpen } from '../../contract/question-rules.js';
import type { InboxItem, InboxPage } from '../../contract/http.js';
import { html, type Html } from './html.js';
import { page } from './layout.js';
import { time, urgency, type Reader } from './reader.js';
import { KINDS } from './review-page.js';
import { flagWords, tierBadge, whole } from './text.js';

/** What the inbox was asked for. */
export interface InboxAsked {
  readonly role: string | undefined;
  readonly state: 'open' | 'closed' | 'all';
  /** The roles of the reader, to choose from. */
  readonly roles: readonly string[];
  readonly cursor: string | undefined;
}

/** The questions in the order of the store: those that wait by deadline, then by tier; closed ones the latest first. */
export function inboxPage(inbox: InboxPage, reader: Reader, asked: InboxAsked): Html {
  const { escalations, next } = inbox;
  const content = html`<div class="inbox-head">
      <h1>Inbox</h1>
      ${filter(asked)}
    </div>
    ${
      escalations.length === 0
        ? html`<p class="empty">
            ${asked.state === 'open' ? 'Nothing waits for you.' : 'There is nothing here.'}
          </p>`
        : html`<ol class="inbox">
            ${escalations.map((item) => line(item, reader))}
          </ol>`
    }
    <nav class="pages" aria-label="Pages">
      ${asked.cursor === undefined ? '' : html`<a class="button" href="${address(asked, undefined)}">First page</a>`}${
        next === null ? '' : html`<a class="button" rel="next" href="${address(asked, next)}">Next page</a>`
      }
    </nav>
    <p class="keys note">
      Keys: <kbd>j</kbd> <kbd>k</kbd> move, <kbd>Enter</kbd> opens. <a href="/settings">Turn off</a>
    </p>`;
  return page(
    {
      title: `Inbox, ${escalations.length}${next === null ? '' : '+'}`,
      reader,
      at: 'inbox',
      kind: 'inbox-body',
    },
    content,
  );
}

function address({ role, state }: InboxAsked, cursor: string | undefined): string {
  const query = new URLSearchParams({
    ...(role === undefined ? {} : { role }),
    state,
    ...(cursor === undefined ? {} : { cursor }),
  });
  return `/inbox?${query.toString()}`;
}

function filter({ role, state, roles }: InboxAsked): Html {
  const option = (value: string, label: string, chosen: boolean) =>
    html`<option value="${value}" ${chosen ? html` selected` : ''}>${label}</option>`;
  return html`<form class="filter" method="get" action="/inbox">
    <label for="role">Role</label
    ><select id="role" name="role">
      ${option('', 'All my roles', role === undefined)}${roles.map((name) => option(name, name, name === role))}
    </select>
    <label for="state">Show</label
    ><select id="state" name="state">
      ${option('open', 'Open', state === 'open')}${option('closed', 'Closed', state === 'closed')}
    </select>
    <button class="quiet">Show</button>
  </form>`;
}

function line(item: InboxItem, reader: Reader): Html {
  const { escalation, proposal, kind, flags, agent, role, tier, answerBy } = item;
  const open = isOpen(item);
  const due = open ? urgency(answerBy, reader.now) : { name: 'none', words: item.state };
  return html`<li class="line tier-${tier}">
    <p class="when"><span class="due ${due.name}">${due.words}</span></p>
    <p class="risk">${tierBadge(tier)}</p>
    <p class="what">
      <a href="/review/${escalation}">${proposal}</a
      >${kind === 'approval' ? '' : html` <span class="kind">${KINDS[kind]}</span>`}${
        flags.length === 0
          ? ''
          : html` <span class="look">Look twice: ${flags.map(flagWords).join(', ')}</span>`
      }
    </p>
    <p class="whose note">
      ${agent} asks ${role} ·
      ${whole(escalation)}${lookedInto(item, reader)}${answerBy === null || !open ? '' : html` · ${time(answerBy, reader)}`}
    </p>
  </li>`;
}

function lookedInto({ quorum, claimedBy, claimedUntil }: InboxItem, { now, subject }: Reader): string {
  const looks = claimedBy !== null && (claimedUntil ?? 0) > now;
  const who = claimedBy === subject ? 'you look' : `${claimedBy ?? ''} looks`;
  return `${quorum > 1 ? ` · ${quorum} must approve` : ''}${looks ? ` · ${who} into it` : ''}`;
}
