import type { EscalationView } from '../../contract/http.js';
import type { ErrorCode } from '../../domain/errors.js';
import { signInPath } from '../session.js';
import { html, type Html } from './html.js';
import { notice } from './layout.js';
import { problemHeading } from './problem-page.js';
import { time, type Reader } from './reader.js';

/** What became of the decision that this reader just sent; absent when there is none of that id. */
export function receiptNotice(
  view: EscalationView,
  reader: Reader,
  id: string | undefined,
): Html | undefined {
  const made = view.decisions.find(({ decision, by }) => decision === id && by === reader.subject);
  if (made === undefined) return undefined;
  const became = OUTCOMES[made.outcome ?? 'open'] ?? made.outcome;
  return notice(
    made.outcome === 'refused' || made.outcome === 'void' ? 'bad' : 'good',
    `Recorded: ${made.verb}`,
    html`<p>
      Signed and stored ${time(made.at, reader)}. ${became} <a href="/inbox">Next in the inbox</a> ·
      <a href="/tasks/${view.brief.task}">How the task goes on</a>
    </p>`,
  );
}

const OUTCOMES: Readonly<Record<string, string>> = {
  open: 'Its task goes on with it.',
  applied: 'It has taken effect.',
  refused: 'It did not take effect.',
  void: 'It is void: the question is asked anew.',
  withdrawn: 'It was taken back.',
};

/** Why a form was not taken, and what to do now. */
export function refusalNotice(
  view: EscalationView,
  reader: Reader,
  problem: {
    readonly code: ErrorCode;
    readonly detail: string;
    readonly extra: Readonly<Record<string, unknown>>;
  },
): Html {
  const { code, detail, extra } = problem;
  return notice(
    'bad',
    problemHeading(code),
    html`<p>${detail}</p>
      ${places(extra)}${winner(extra, reader)}
      <p>${todo(view, code)}</p>`,
  );
}

/** On top of a form of an earlier session: it may be another person's browser by now. */
export function signedInSince(): Html {
  return notice(
    'plain',
    'You have signed in since',
    html`<p>Nothing was sent yet. What you typed is kept: look at it once more, then send it.</p>`,
  );
}

/** The places of a form that do not fit, as a list; nothing where none is named. */
export function places(extra: Readonly<Record<string, unknown>>): Html {
  const problems: readonly unknown[] = Array.isArray(extra['problems']) ? extra['problems'] : [];
  const named = problems.flatMap((one) =>
    typeof one === 'object' && one !== null && 'path' in one && 'message' in one
      ? [html`<li><code>${String(one.path)}</code>: ${String(one.message)}</li>`]
      : [],
  );
  return named.length === 0
    ? html``
    : html`<ul>
        ${named}
      </ul>`;
}

function winner(extra: Readonly<Record<string, unknown>>, reader: Reader): Html {
  const won = extra['winner'];
  if (typeof won !== 'object' || won === null || !('at' in won) || typeof won.at !== 'number') return html``;
  return html`<p>That was ${time(won.at, reader)}.</p>`;
}

/** Whatever was typed stays on this page meanwhile. */
function freshSignIn(view: EscalationView): Html {
  const path = signInPath(`/review/${view.escalation}`, { stepUp: true });
  return html`<a class="button" href="${path}" target="_blank" rel="noopener noreferrer"
      >Sign in again in another tab</a
    >
    Then come back to this page and send it again; what you typed is kept.`;
}

function todo(view: EscalationView, code: ErrorCode): string | Html {
  if (code === 'step-up-required') return freshSignIn(view);
  if (code === 'stale')
    return `This is version ${view.version} now: ${view.brief.reason} Read what would change, then send it again; what you typed is kept.`;
  if (view.mayDo.length > 0)
    return 'Nothing was decided. What you typed is kept: correct it and send it again.';
  return 'Your decision was not taken. Nothing is left to do here.';
}
