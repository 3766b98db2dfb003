import { callWords } from '../../contract/brief-words.js';
import type { OwnDecision } from '../../store/own-decisions.js';
import { escalationId } from '../../domain/ids.js';
import { outcomeOf } from '../task-state.js';
import { html, lines, type Html } from './html.js';
import { page } from './layout.js';
import { time, type Reader } from './reader.js';
import { whole } from './text.js';

/** What this reader decided, newest first, and what became of it. */
export function historyPage(decisions: readonly OwnDecision[], next: string | null, reader: Reader): Html {
  const content = html`<h1>My decisions</h1>
    ${
      decisions.length === 0
        ? html`<p class="empty">You have decided nothing yet.</p>`
        : html`<ol class="history">
            ${decisions.map((decision) => line(decision, reader))}
          </ol>`
    }
    <nav class="pages" aria-label="Pages">
      ${next === null ? '' : html`<a class="button" rel="next" href="/history?cursor=${next}">Older decisions</a>`}
    </nav>`;
  return page({ title: 'My decisions', reader, at: 'history', kind: 'history-body' }, content);
}

function line(decision: OwnDecision, reader: Reader): Html {
  const { task, operation, verb, at, why, outcome, outcomeCode, call, proposal } = decision;
  const escalation = escalationId(task, operation);
  const said = outcome !== 'applied' || call === null ? null : callWords(outcomeOf(call, undefined));
  return html`<li>
    <p class="what">
      <b class="verb">${verb}</b> <a href="/review/${escalation}">${proposal ?? whole(escalation)}</a>
    </p>
    <p class="note">
      ${outcome ?? 'on its way'}${outcomeCode === null ? '' : ` (${outcomeCode})`}${said === null ? '' : ` · ${said}`}
      · ${time(at, reader)} · version ${decision.round}
    </p>
    <blockquote class="text">${lines(why)}</blockquote>
  </li>`;
}
