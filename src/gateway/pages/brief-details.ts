import { isOpen } from '../../contract/question-rules.js';
import { moneyWords } from '../../contract/brief-words.js';
import type { EscalationView } from '../../contract/http.js';
import { ruleWords } from '../../policy/rule-words.js';
import { diffOf, valuesOf, type CutLines } from './brief-fold.js';
import { html, lines, type Html } from './html.js';
import { time, type Reader } from './reader.js';
import { fact, flagWords, inBackticks, jsonText, quoted, whole } from './text.js';

/** Everything of a brief, whole; the arguments folded unless `full`. What `cut` names is open at once. */
export function details(view: EscalationView, reader: Reader, full: boolean, cut: CutLines): Html {
  const { brief } = view;
  return html`<section class="details" id="details" aria-label="All details">
    ${argumentsOf(view, full)}
    ${part('The original request', html`<blockquote class="text">${brief.request === '' ? '(empty)' : quoted(brief.request)}</blockquote>`)}
    ${brief.evidence.length === 0 ? '' : part('Evidence', evidence(view, reader))}
    ${part('Work done before', workDone(view, reader))}
    <div class="mores">
      ${more('Why it stopped here', true, rules(view))}
      ${brief.diff.length === 0 ? '' : more(view.kind === 'confirmation' ? 'What changed' : 'What would change', cut.changes, diffOf(brief.diff))}
      ${brief.unknowns.length + brief.flags.length === 0 ? '' : more('What is not known', cut.unknown, unknowns(view))}
      ${more('Options', false, options(view))}
      ${more('Identity and authority', false, authority(view, reader))}
    </div>
  </section>`;
}

/** What stands above the fold as well is open here only where it was cut there, or where only here it is in sentences. */
function more(heading: string, open: boolean, content: Html): Html {
  return html`<details${open ? html` open` : ''}><summary><h2>${heading}</h2></summary>${content}</details>`;
}

function part(heading: string, content: Html): Html {
  return html`<section class="part">
    <h2>${heading}</h2>
    ${content}
  </section>`;
}

const ARGUMENTS: Readonly<Record<EscalationView['kind'], string>> = {
  approval: 'Arguments that will run',
  stop: 'Arguments of the call that was stopped',
  confirmation: 'Arguments that ran',
  resolution: 'Arguments of the call',
  'hand-over': 'Arguments',
};

function argumentsOf(view: EscalationView, full: boolean): Html {
  const { brief, state, kind, escalation } = view;
  const folded = brief.arguments.filter((argument) => argument.folded).length;
  const heading = isOpen({ state }) ? ARGUMENTS[kind] : 'Arguments that were asked about';
  const rows = brief.arguments.map(
    ({ name, value, bytes, folded: isFolded, sha256 }) =>
      html`<tr>
        <th scope="row">${name}</th>
        <td>
          <code>${quoted(value)}</code>${
            isFolded || sha256 !== undefined
              ? html`<span class="note"
                  >${bytes}
                  bytes${isFolded ? ', folded' : ''}${sha256 === undefined ? '' : `, sha256 ${sha256}`}</span
                >`
              : ''
          }
        </td>
      </tr>`,
  );
  const table = html`<table class="arguments">
    <thead>
      <tr>
        <th scope="col">Name</th>
        <th scope="col">Value</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
  const whole = html`<pre class="json" tabindex="0" aria-label="All arguments as JSON">
${lines(jsonText(brief.fullArguments))}</pre>`;
  return html`<section class="part" id="arguments">
    <h2>${heading} <span class="count">${brief.arguments.length}</span></h2>
    ${brief.arguments.length === 0 ? html`<p>none</p>` : table}
    ${
      full
        ? whole
        : html`<details class="whole">
            <summary>All arguments in full${folded === 0 ? '' : `, ${folded} folded`}</summary>
            ${whole}
            <p>
              <a href="/review/${escalation}?full=1#arguments">Open this page with everything unfolded</a>
            </p>
          </details>`
    }
  </section>`;
}

function rules({ brief }: EscalationView): Html {
  if (brief.fired.length === 0) return html`<p>Nothing but the owner’s wish.</p>`;
  return html`<ul class="rules">
    ${brief.fired.map(
      ({ rule, trigger, level, values, tag, error }) =>
        html`<li>
          ${inBackticks(ruleWords({ rule, trigger }))}
          <span class="note"
            ><code>${rule}</code>: ${trigger}, asks for ${level}${tag === undefined ? '' : `, ${tag}`}</span
          >
          ${valuesOf(values)}${error === undefined ? '' : html`<p class="warn">Could not be evaluated: ${error}</p>`}
        </li>`,
    )}
  </ul>`;
}

function evidence({ brief }: EscalationView, reader: Reader): Html {
  return html`<table>
    <thead>
      <tr>
        <th scope="col">What</th>
        <th scope="col">Source</th>
        <th scope="col">When</th>
      </tr>
    </thead>
    <tbody>
      ${brief.evidence.map(
        ({ what, source, at }) =>
          html`<tr>
            <td>${quoted(what)}</td>
            <td>${quoted(source)}</td>
            <td>${time(at, reader)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function unknowns({ brief }: EscalationView): Html {
  return html`<ul class="unknowns">
    ${brief.flags.map((flag) => html`<li class="flag">${flagWords(flag)}</li>`)}${brief.unknowns.map((text) => html`<li>${text}</li>`)}
  </ul>`;
}

function workDone({ brief, kind }: EscalationView, reader: Reader): Html {
  const steps = [
    ...brief.workDone.map(
      ({ what, outcome, at }) => html`<li><b>${what}</b>: ${outcome}, ${time(at, reader)}</li>`,
    ),
    ...(kind === 'confirmation'
      ? [html`<li><b>${brief.tool.name}</b>: this call ran before it was asked about</li>`]
      : []),
    ...brief.earlierEffects.map((effect) => html`<li class="warn">Earlier effect: ${effect}</li>`),
  ];
  return steps.length === 0
    ? html`<p>Nothing yet.</p>`
    : html`<ul>
        ${steps}
      </ul>`;
}

function options({ brief }: EscalationView): Html {
  const others = brief.alternatives.map((text) => fact('Or else', quoted(text)));
  return html`<dl class="facts options">
    ${brief.options.map(({ label, consequence }) => fact(label, consequence))}${others}
  </dl>`;
}

function authority(view: EscalationView, reader: Reader): Html {
  const { brief, role, answerBy, askedAt } = view;
  const { requester, agent, credentials, mayDecide } = brief.authority;
  return html`<dl class="facts">
    ${fact('For whom', requester)}
    ${fact('Agent', `${agent}, tenant ${brief.tenant}, with the credentials ${credentials}`)}
    ${fact('May decide', `${mayDecide.join(', then ')}; now asked: ${role}`)}
    ${fact('Money', moneyWords(brief))} ${fact('Undo', brief.reversibility)}
    ${fact('Session', whole(brief.session))}
    ${fact('Question', html`${whole(view.escalation)}, version ${view.version}, <code class="whole">${view.digest}</code>`)}
    ${fact('Asked', time(askedAt, reader))}
    ${fact('Deadline', answerBy === null ? 'none: it waits until somebody decides' : time(answerBy, reader))}
  </dl>`;
}
