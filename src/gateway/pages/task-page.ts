import type { TaskView } from '../../contract/http.js';
import type { FailureReason } from '../../domain/escalation.js';
import { roundWords } from '../../policy/rule-words.js';
import { html, type Html } from './html.js';
import { page } from './layout.js';
import { time, type Reader } from './reader.js';
import { fact, inBackticks, quoted, tierBadge, whole } from './text.js';

/** One task: where it stands, whom it waits for, and the history of its calls. */
export function taskPage(view: TaskView, reader: Reader): Html {
  const { task, agent, requester, state, since, goal, deadline, halt, waitsFor, reason, detail } = view;
  const content = html`<article class="task">
    <header class="lead">
      <p class="meta"><span class="state">${STATES[state]}</span> <span>task ${whole(task)}</span></p>
      <h1>${goal === null ? html`Task ${whole(task)}` : firstLine(goal)}</h1>
      ${halt === null ? '' : html`<p class="warn"><b>Halted</b> by ${halt}. Nothing goes on before it is lifted.</p>`}
    </header>
    <dl class="facts">
      ${fact('Agent', agent)} ${fact('For whom', requester)}
      ${fact('State', html`${state}, since ${time(since, reader)}`)}
      ${reason === null ? '' : fact('Ended because', ended(reason, detail))}
      ${fact('Handed in', time(view.submittedAt, reader))}
      ${deadline === null ? '' : fact('Wanted by', time(deadline, reader))}
    </dl>
    ${
      waitsFor.length === 0
        ? ''
        : html`<section class="part">
            <h2>Waits for</h2>
            <ul>
              ${waitsFor.map(waiting(reader))}
            </ul>
          </section>`
    }
    <section class="part">
      <h2>Calls</h2>
      ${calls(view, reader)}
    </section>
    ${
      goal === null
        ? ''
        : html`<section class="part">
            <h2>The original request</h2>
            <blockquote class="text">${quoted(goal)}</blockquote>
          </section>`
    }
  </article>`;
  return page({ title: `Task ${task}`, reader, kind: 'task-body' }, content);
}

const STATES: Readonly<Record<TaskView['state'], string>> = {
  RUNNING: 'Running',
  PAUSED_PENDING_HUMAN: 'Waits for people',
  HUMAN_RESPONDED: 'Answered, being verified',
  RESUMING: 'Going on',
  COMPLETED: 'Completed',
  FAILED: 'Failed',
  TIMED_OUT: 'Nobody answered',
};

const ENDINGS = new Map(
  Object.entries({
    halted: 'A halt on the task ended it.',
    cancelled: 'It was cancelled.',
    fallback: 'Nobody answered, and its policy lets it fail then.',
    error: 'A step of it failed.',
    'taken-over': 'People finished it themselves.',
    terminated: 'Its run in Temporal was ended by force.',
  } satisfies Record<FailureReason | 'terminated', string>),
);

/** In words; behind them what the journal and the command line call it. */
function ended(reason: string, detail: string | null): Html {
  const named = detail === null || detail === '' ? reason : `${reason}: ${detail}`;
  const words = ENDINGS.get(reason);
  return words === undefined ? html`${named}` : html`${words} <span class="note">${named}</span>`;
}

function firstLine(text: string): string {
  const [first = ''] = text.split('\n');
  return first.length > 140 ? `${first.slice(0, 140)} …` : first;
}

function waiting(reader: Reader) {
  return ({ escalation, role, answerBy, reason }: TaskView['waitsFor'][number]): Html =>
    html`<li>
      <a class="whole" href="/review/${escalation}">${escalation}</a>: ${role},
      ${answerBy === null ? 'without deadline' : html`by ${time(answerBy, reader)}`}${reason === null ? '' : html`. ${inBackticks(roundWords(reason))}`}
    </li>`;
}

function calls({ operations }: TaskView, reader: Reader): Html {
  if (operations.length === 0) return html`<p>None so far.</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Calls of this task">
    <table>
      <thead>
        <tr>
          <th scope="col">Call</th>
          <th scope="col">What</th>
          <th scope="col">Tier</th>
          <th scope="col">Status</th>
          <th scope="col">When</th>
        </tr>
      </thead>
      <tbody>
        ${operations.map(
          ({ operation, generation, tool, tier, status, outcome, escalation, proposal, at }) =>
            html`<tr>
              <th scope="row">${operation}.${generation}</th>
              <td>
                ${escalation === null ? tool : html`<a href="/review/${escalation}">${proposal ?? tool}</a>`}
              </td>
              <td>${tier === null ? '' : tierBadge(tier)}</td>
              <td>${status}${outcome === null || outcome === status ? '' : `, ${outcome}`}</td>
              <td>${time(at, reader)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
