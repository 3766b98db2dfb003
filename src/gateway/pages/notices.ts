import type { EscalationView } from '../../contract/http.js';
import type { ErrorCode } from '../../domain/errors.js';
import { signInPath } from '../session.js';
import { html, type Html } from './html.js';
import { notice } from './layout.js';
import { problemHeading } from './problem-page.js';
import { became, firstAnswer } from './outcome.js';
import { time, type Reader } from './reader.js';

/** What became of the decision that this reader just sent; absent when there is none of that id. */
export function receiptNotice(
  view: EscalationView,
  reader: Reader,
  id: string | undefined,
): Html | undefined {
  const made = view.decisions.find(({ decision, by }) => decision === id && by === reader.subject);
  if (made === undefined) return undefined;
  return notice(
    made.outcome === 'refused' || made.outcome === 'void' ? 'bad' : 'good',
    `Recorded: ${made.verb}`,
    html`<p>
      Signed and stored ${time(made.at, reader)}. ${became(view, made)}
      <a href="/inbox">Next in the inbox</a> ·
      <a href="/tasks/${view.brief.task}">How the task goes on</a>
    </p>`,
  );
}

interface Problem {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly extra: Readonly<Record<string, unknown>>;
}

/** Why a form was not taken, and what to do now. */
export function refusalNotice(view: EscalationView, reader: Reader, problem: Problem): Html {
  const { code, detail, extra } = problem;
  if (code === 'already-decided') return lostNotice(view, reader, extra);
  const stored = isOver(problem);
  return notice(
    'bad',
    problemHeading(code),
    html`<p>${stored ? 'Your decision was stored; it did not take effect and changed nothing.' : detail}</p>
      ${places(extra)}
      <p>${stored ? NOT_AGAIN : todo(view, code)}</p>`,
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

/** Somebody else settled it: the same words, however this was found out. */
function lostNotice(view: EscalationView, reader: Reader, extra: Readonly<Record<string, unknown>>): Html {
  const won = winnerIn(extra) ?? firstAnswer(view, reader.subject);
  const own = won?.by === reader.subject;
  const first = own ? 'You have decided this yourself' : `${won?.by} was first`;
  const who =
    won === undefined
      ? 'Another decision came first.'
      : html`${first}: ${won.verb}. That was ${time(won.at, reader)}.`;
  return notice(
    'bad',
    own ? 'You were first yourself' : problemHeading('already-decided'),
    html`<p>${who} Your answer changed nothing.</p>
      <p>${NOT_AGAIN}</p>`,
  );
}

const NOT_AGAIN = 'There is nothing to send again. What you typed stands below, for copying.';

function winnerIn(
  extra: Readonly<Record<string, unknown>>,
): { readonly by: string; readonly verb: string; readonly at: number } | undefined {
  const won = extra['winner'];
  if (typeof won !== 'object' || won === null || !('at' in won && 'by' in won && 'verb' in won))
    return undefined;
  const { at, by, verb } = won;
  return typeof at === 'number' ? { at, by: String(by), verb: String(verb) } : undefined;
}

/** Whether a decision came to nothing for good, so that its form is not shown to be sent again. */
export function isOver({ code, extra }: Pick<Problem, 'code' | 'extra'>): boolean {
  return code === 'already-decided' || typeof extra['decision'] === 'string';
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
  if (code === 'idempotency-conflict')
    return html`What was sent first is recorded and stands; this was not taken.
      <a href="/review/${view.escalation}">Look where the question stands</a>`;
  if (code === 'step-up-required') return freshSignIn(view);
  if (code === 'stale')
    return `This is version ${view.version} now: ${view.brief.reason} Read what would change, then send it again; what you typed is kept.`;
  if (view.mayDo.length > 0)
    return 'Nothing was decided. What you typed is kept: correct it and send it again.';
  return 'Your decision was not taken. Nothing is left to do here.';
}
